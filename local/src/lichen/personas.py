"""Tokens for the personas of the local issuer, by python-keycloak."""

import time
from dataclasses import dataclass, field
from importlib.resources import files
from json import loads

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
        from keycloak import KeycloakOpenID  # noqa: PLC0415 - takes most of a second

        expires_at, token = self._kept.get(persona, (0.0, ""))
        if time.time() > expires_at - 30:
            server, _, realm = self.issuer.partition("/realms/")
            client = KeycloakOpenID(server_url=server, realm_name=realm, client_id="lichen-cli")
            answer = client.token(persona, persona)
            token = answer["access_token"]
            self._kept[persona] = (time.time() + answer["expires_in"], token)
        return token
