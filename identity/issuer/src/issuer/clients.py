"""The clients of the realm and what each may do."""

import secrets
from dataclasses import dataclass, field

from joserfc.jwk import KeySet

from issuer.errors import OAuthError
from issuer.settings import AUDIENCE, Settings

__all__ = [
    "ADMINISTRATION",
    "CLIENT_CREDENTIALS",
    "CODE",
    "DEVICE",
    "GRANTS",
    "PASSWORD",
    "REFRESH",
    "SCOPES",
    "Client",
    "clients_of",
]

CODE = "authorization_code"
REFRESH = "refresh_token"
PASSWORD = "password"  # noqa: S105 - the grant's name
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT_CREDENTIALS = "client_credentials"
SCOPES = ("openid", "profile", "lichen.read", "lichen.enter")
ADMINISTRATION = "lichen-access"
"""The one client that administers people, groups and clients."""
GRANTS = (CODE, REFRESH, PASSWORD, DEVICE, CLIENT_CREDENTIALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    id: str
    name: str
    grants: frozenset[str] = frozenset()
    secret: str | None = field(default=None, repr=False)
    """None for a public client, and for one with keys."""
    keys: KeySet | None = field(default=None, repr=False)
    """Public keys of a client that signs assertions instead of telling a secret."""
    scopes: tuple[str, ...] = ("profile",)
    """What it is given without asking."""
    scopes_on_request: tuple[str, ...] = ("openid",)
    redirect_uris: frozenset[str] = frozenset()
    introspects: bool = False
    enabled: bool = True
    groups: tuple[str, ...] = ()
    """Groups of the client's own service account."""

    def granted_scope(self, requested: str | None) -> str:
        """What it has by default and what it asks for. Refuses what is not offered to it."""
        asked = (requested or "").split()
        if not set(asked) <= {*self.scopes, *self.scopes_on_request}:
            raise OAuthError("invalid_scope", f"Invalid scopes: {requested}")
        return " ".join(scope for scope in SCOPES if scope in {*asked, *self.scopes})

    def has_secret(self, offered: str) -> bool:
        return self.secret is not None and secrets.compare_digest(self.secret.encode(), offered.encode())


def clients_of(settings: Settings) -> dict[str, Client]:
    clients = [
        Client(
            id="lichen-console",
            name="Lichen console",
            grants=frozenset({CODE, REFRESH}),
            redirect_uris=settings.redirect_uris,
        ),
        # The password grant exists here for tests and scripts; the production realm does not have it.
        Client(id="lichen-cli", name="Lichen command line", grants=frozenset({DEVICE, PASSWORD, REFRESH})),
        # Named as the audience: Keycloak tells a token only to whom it is for.
        Client(id=AUDIENCE, name="Lichen services", secret=settings.api_secret, introspects=True),
        Client(
            id=ADMINISTRATION,
            name="Lichen service access",
            grants=frozenset({CLIENT_CREDENTIALS}),
            secret=settings.access_secret,
        ),
        Client(
            id="ext-unep",
            name="External UN entity: UNEP",
            grants=frozenset({CLIENT_CREDENTIALS}),
            secret=settings.unep_secret,
            scopes=("profile", "lichen.read"),
            scopes_on_request=("openid", "lichen.enter"),
            groups=("/locations/secretariat/unon/external-system",),
        ),
    ]
    if settings.undp_keys is not None:
        # Reads, and may not ask for more.
        undp = Client(
            id="ext-undp",
            name="External UN entity: UNDP",
            grants=frozenset({CLIENT_CREDENTIALS}),
            keys=settings.undp_keys,
            scopes=("profile", "lichen.read"),
            groups=("/locations/secretariat/escwa/external-system",),
        )
        clients.append(undp)
    return {client.id: client for client in clients}
