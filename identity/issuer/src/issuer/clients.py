"""The clients of the realm and what each may do."""

import secrets
from dataclasses import dataclass, field

from issuer.settings import Settings

__all__ = ["CLIENT_CREDENTIALS", "CODE", "DEVICE", "GRANTS", "PASSWORD", "REFRESH", "Client", "clients_of"]

CODE = "authorization_code"
REFRESH = "refresh_token"
PASSWORD = "password"  # noqa: S105 - the grant's name
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT_CREDENTIALS = "client_credentials"
GRANTS = (CODE, REFRESH, PASSWORD, DEVICE, CLIENT_CREDENTIALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    id: str
    name: str
    grants: frozenset[str] = frozenset()
    secret: str | None = field(default=None, repr=False)
    """None for a public client."""
    redirect_uris: frozenset[str] = frozenset()
    introspects: bool = False
    groups: tuple[str, ...] = ()
    """Groups of the client's own service account."""

    def has_secret(self, offered: str) -> bool:
        return self.secret is not None and secrets.compare_digest(self.secret.encode(), offered.encode())


def clients_of(settings: Settings) -> dict[str, Client]:
    clients = (
        Client(
            id="lichen-console",
            name="Lichen console",
            grants=frozenset({CODE, REFRESH}),
            redirect_uris=settings.redirect_uris,
        ),
        # The password grant exists here for tests and scripts; the production realm does not have it.
        Client(id="lichen-cli", name="Lichen command line", grants=frozenset({DEVICE, PASSWORD, REFRESH})),
        Client(id="lichen-api", name="Lichen services", secret=settings.api_secret, introspects=True),
        Client(
            id="ext-unep",
            name="External UN entity: UNEP",
            grants=frozenset({CLIENT_CREDENTIALS}),
            secret=settings.unep_secret,
        ),
    )
    return {client.id: client for client in clients}
