"""Tokens for the personas of the local issuer, by python-keycloak."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from json import loads
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keycloak import KeycloakOpenID

__all__ = ["Tokens", "personas"]


def personas() -> list[tuple[str, str, list[str]]]:
    """User name, name and groups of each."""
    document = loads((files("issuer") / "personas.json").read_text(encoding="utf-8"))
    return [(item["username"], item["name"], item["groups"]) for item in document["personas"]]


@dataclass(slots=True, kw_only=True)
class Tokens:
    """Access tokens, kept until shortly before they expire."""

    issuer: str
    _kept: dict[str, tuple[float, str]] = field(default_factory=dict)

    def of(self, persona: str) -> str:
        """The persona's access token; locally the password is the user name."""
        return self._token(persona, lambda: self._client("lichen-cli").token(persona, persona))

    def of_machine(self, client_id: str, *, secret: str) -> str:
        """The access token of a machine client, by its own credentials."""
        return self._token(
            client_id, lambda: self._client(client_id, secret=secret).token(grant_type="client_credentials")
        )

    def _client(self, client_id: str, *, secret: str | None = None) -> "KeycloakOpenID":
        from keycloak import KeycloakOpenID  # noqa: PLC0415 - takes most of a second

        server, _, realm = self.issuer.partition("/realms/")
        return KeycloakOpenID(server_url=server, realm_name=realm, client_id=client_id, client_secret_key=secret)

    def _token(self, name: str, ask: Callable[[], dict[str, Any]]) -> str:
        expires_at, token = self._kept.get(name, (0.0, ""))
        if time.time() > expires_at - 30:
            answer = ask()
            token = answer["access_token"]
            self._kept[name] = (time.time() + answer["expires_in"], token)
        return token
