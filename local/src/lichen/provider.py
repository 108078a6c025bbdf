"""The identity provider of a local run: the development issuer, or the real Keycloak with the same realm."""

import json
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from embedded.keycloak import EmbeddedKeycloak
from embedded.keycloak_distribution import VERSION
from embedded.processes import Child
from issuer.realm import keycloak_realm
from issuer.settings import Settings
from lichen.home import REPOSITORY, Home, Identity

__all__ = ["Provider"]

BASELINE = REPOSITORY / "identity" / "realm" / "lichen.json"
PASSED_ON = ("LICHEN_ISSUER_PERSONAS", "LICHEN_ISSUER_REDIRECT_URIS", "LICHEN_ISSUER_UNDP_JWKS")


@dataclass(slots=True, kw_only=True)
class Provider:
    """Started like the other parts, and told of by `lichen status`."""

    identity: Identity
    home: Home
    port: int
    say: Callable[[str], None]
    child: Child | None = None
    _keycloak: EmbeddedKeycloak | None = None
    _began: float = 0.0
    _seconds: dict[str, float] = field(default_factory=dict)

    def launch(self, environment: dict[str, str], callers: Mapping[str, str]) -> Child:
        """Let it begin. `callers` are the variables of who started us. Refuses as EmbeddedKeycloak does."""
        told = {
            "LICHEN_ENV": "local",
            "LICHEN_INTROSPECTION_SECRET": self.home.secret("introspection"),
            "LICHEN_ACCESS_SECRET": self.home.secret("access"),
            "LICHEN_ISSUER_UNEP_SECRET": self.home.secret("ext-unep"),
        } | {name: callers[name] for name in PASSED_ON if name in callers}
        if self.identity is Identity.KEYCLOAK:
            self._keycloak = EmbeddedKeycloak(
                self.home.path / "keycloak",
                realms=[
                    keycloak_realm(json.loads(BASELINE.read_text()), Settings.from_environment(told, port=self.port))
                ],
                admin_secret=self.home.secret("keycloak-admin"),
                port=self.port,
                say=self.say,
            )
            self.child = self._keycloak.launch()
        else:
            self.child = Child.start(
                "issuer",
                [sys.executable, "-m", "issuer"],
                log=self.home.logs / "issuer.log",
                environment=environment | told | {"LICHEN_ISSUER_PORT": str(self.port)},
            )
        self._began = time.monotonic()
        return self.child

    def answered(self) -> None:
        """The realm answered."""
        self._seconds["boot"] = round(time.monotonic() - self._began, 1)
        if self._keycloak is not None:
            self._keycloak.mark_imported()

    def stop(self) -> None:
        if self._keycloak is not None:
            self._keycloak.stop()
        elif self.child is not None:
            self.child.stop(by=signal.SIGTERM, deadline_s=5)
        self.child = self._keycloak = None

    @property
    def facts(self) -> dict[str, Any]:
        """What `lichen status` tells of it."""
        if self._keycloak is None or self._keycloak.distribution is None:
            return {"provider": "development issuer", "version": version("lichen-issuer"), "seconds": self._seconds}
        seconds = self._keycloak.distribution.seconds | self._seconds
        return {"provider": "Keycloak", "version": VERSION, "seconds": seconds}
