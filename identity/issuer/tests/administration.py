"""What a provider's administrator does in these tests, in one way for both providers."""

from dataclasses import dataclass
from typing import Any, Protocol

from keycloak import KeycloakAdmin

from issuer.keys import RETIRED_S
from issuer.state import Issuer


class Administration(Protocol):
    def stage_key(self) -> str:
        """Publish another key that signs nothing yet; its id."""

    def sign_with(self, kid: str) -> None:
        """Let the staged key sign from now on."""

    def disable(self, kid: str) -> None:
        """Let a key that no longer signs verify nothing from now on."""

    def set_groups(self, username: str, *groups: str) -> None:
        """Make a person a member of these groups alone."""


class Ahead(Protocol):
    ahead_s: float


@dataclass
class IssuerAdministration:
    """The development issuer stages a key by itself, and drops an old one when its last token has expired."""

    issuer: Issuer
    clock: Ahead

    def stage_key(self) -> str:
        return str(self.issuer.keys.staged.kid)

    def sign_with(self, kid: str) -> None:
        assert kid == self.issuer.keys.staged.kid
        self.issuer.keys.rotate()

    def disable(self, kid: str) -> None:
        assert kid != self.issuer.keys.signing.kid
        self.clock.ahead_s += RETIRED_S
        assert kid not in {key["kid"] for key in self.issuer.keys.published()["keys"]}
        self.clock.ahead_s -= RETIRED_S

    def set_groups(self, username: str, *groups: str) -> None:
        self.issuer.directory.set_groups(username, groups=groups)


@dataclass
class KeycloakAdministration:
    """By the administration's own API, through python-keycloak."""

    admin: KeycloakAdmin

    def stage_key(self) -> str:
        before = self._keys()
        realm_id = self.admin.get_realm(self.admin.connection.realm_name)["id"]
        self.admin.create_component(
            {
                "name": f"rsa-{len(before)}",
                "providerId": "rsa-generated",
                "providerType": "org.keycloak.keys.KeyProvider",
                "parentId": realm_id,
                # `active` false: it is published, and the one before still signs.
                "config": {
                    "priority": [str(100 + len(before))],
                    "enabled": ["true"],
                    "active": ["false"],
                    "algorithm": ["RS256"],
                    "keySize": ["2048"],
                },
            }
        )
        (new,) = set(self._keys()) - set(before)
        return new

    def sign_with(self, kid: str) -> None:
        self._configure(kid, active="true")

    def disable(self, kid: str) -> None:
        self._configure(kid, active="false", enabled="false")

    def set_groups(self, username: str, *groups: str) -> None:
        user = self.admin.get_user_id(username)
        for group in self.admin.get_user_groups(user):
            self.admin.group_user_remove(user, group["id"])
        for path in groups:
            self.admin.group_user_add(user, self.admin.get_group_by_path(path)["id"])

    def _keys(self) -> dict[str, str]:
        """The component of each signing key, by the key's id."""
        keys = self.admin.get_keys()["keys"]
        return {key["kid"]: key["providerId"] for key in keys if key.get("use") == "SIG" and key["type"] == "RSA"}

    def _configure(self, kid: str, **changes: str) -> None:
        component: dict[str, Any] = self.admin.get_component(self._keys()[kid])
        component["config"] |= {name: [value] for name, value in changes.items()}
        self.admin.update_component(component["id"], component)
