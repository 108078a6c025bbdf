"""The whole application as a client meets it: HTTP, and tokens of an issuer that publishes keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from chassis.service import create_application
from embedded.issuer import TestIssuer
from inventory.config import InventorySettings
from inventory.main import SERVICE

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

GROUPS = {
    "technical": ["/locations/secretariat/unon/technical-team"],
    "chair": ["/locations/secretariat/unon/local-chair"],
    "gigiri": ["/locations/secretariat/unon/unon-gigiri/technical-team"],
    "auditor": ["/locations/secretariat/auditor"],
    "steering": ["/locations/secretariat/steering-member"],
    "other": ["/locations/secretariat/escwa/technical-team"],
    "nobody": [],
}


class Wire:
    """A client of the application."""

    def __init__(self, client: httpx.AsyncClient, issuer: TestIssuer) -> None:
        self.client = client
        self.issuer = issuer

    def headers(self, who: str | None) -> dict[str, str]:
        if who is None:
            return {}
        token = self.issuer.token(sub=f"subject-of-{who}", preferred_username=who, groups=GROUPS[who])
        return {"Authorization": f"Bearer {token}"}

    async def get(self, who: str | None, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params, headers=self.headers(who))

    async def post(self, who: str | None, path: str, content: bytes, **params: Any) -> httpx.Response:
        return await self.client.post(path, params=params, headers=self.headers(who), content=content)

    async def ask(self, who: str | None, query: str, **variables: Any) -> Any:
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers(who)
        )
        document = answer.json()
        assert "errors" not in document, document["errors"]
        return document["data"]


@asynccontextmanager
async def wire_of(inventories: "Inventories", issuer: TestIssuer, **given: Any) -> AsyncIterator[Wire]:
    """A client of the application on that database."""
    issuer.secret = "secret"
    changed = {"issuer": issuer.url, "introspection_secret": SecretStr("secret"), "database_pool_size": 3, **given}
    settings = InventorySettings(**inventories.settings.model_dump() | changed)
    application = create_application(SERVICE, settings)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://inventory") as client,
    ):
        yield Wire(client, issuer)
