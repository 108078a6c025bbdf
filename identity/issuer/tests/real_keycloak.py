"""Starts the real Keycloak with the realm of these tests, and the production baseline beside it."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from administration import KeycloakAdministration
from keycloak import KeycloakAdmin

from embedded.keycloak import ADMIN_CLIENT, EmbeddedKeycloak
from issuer.realm import keycloak_realm
from issuer.settings import REALM, Settings

BASELINE = Path(__file__).parents[2] / "realm" / "lichen.json"
PLACEHOLDERS = {
    "LICHEN_CONSOLE_URL": "https://console.example.org",
    "LICHEN_INTROSPECTION_SECRET": secrets.token_urlsafe(24),
    "LICHEN_EXT_UNEP_SECRET": secrets.token_urlsafe(24),
    "LICHEN_EXT_UNDP_JWKS_URL": "https://undp.example.org/keys",
}


@contextmanager
def real_keycloak(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, KeycloakAdministration]]:
    baseline = json.loads(BASELINE.read_text())
    # The port of the settings is the development issuer's own.
    local = keycloak_realm(baseline, Settings.from_environment(environment, port=1))
    secret = secrets.token_urlsafe(24)
    server = EmbeddedKeycloak(
        folder, realms=[local, baseline], admin_secret=secret, environment=PLACEHOLDERS, say=print
    )
    server.start()
    try:
        yield server.issuer(REALM), KeycloakAdministration(administrator(server.url, secret, realm=REALM))
    finally:
        server.stop()


def administrator(url: str, secret: str, *, realm: str) -> KeycloakAdmin:
    return KeycloakAdmin(
        server_url=url, realm_name=realm, user_realm_name="master", client_id=ADMIN_CLIENT, client_secret_key=secret
    )
