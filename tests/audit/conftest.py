"""Services without their processes, each on a database of its own with a small register, and their audit records."""

from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text

from chassis import locations
from chassis.access import Grant, Principal
from chassis.audit.sealing import Sealer
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema, response_of
from chassis.identity import Identity
from chassis.inbox import Inbox
from chassis.settings import ServiceSettings
from contracts.access import Role
from contracts.message import EventMessage
from embedded.postgres import DatabaseUrls
from tests.access.conftest import RESOURCES

ROOT = "secretariat"
TREE = (("secretariat", None), ("unon", "secretariat"), ("unon-gigiri", "unon"), ("escwa", "secretariat"))


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


def person(name: str, *grants: tuple[Role, str]) -> Principal:
    return Principal(
        subject=f"subject-of-{name}",
        name=name,
        grants=tuple(Grant(role=role, location_id=location_id) for role, location_id in grants),
        token="a token",
    )


@dataclass(slots=True, kw_only=True)
class Audited:
    """One service and its record."""

    name: str
    database: Database
    urls: DatabaseUrls
    settings: ServiceSettings
    schema: GraphQLSchema
    inbox: Inbox

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as a caller gets it."""
        context = RequestContext(
            database=self.database,
            identity=IssuerThatVouches(self.settings),
            principal=principal,
            root=ROOT,
            resources=RESOURCES.get(self.name),
        )
        return response_of(
            await self.schema.execute(document, variable_values=deepcopy(variables), context_value=context)
        )

    async def entries(self) -> list[dict[str, Any]]:
        """The whole record, in order."""
        async with self.database.transaction([ROOT]) as tx:
            return [dict(row) for row in (await tx.execute(text("SELECT * FROM audit_entry ORDER BY seq"))).mappings()]

    async def seal(self) -> int:
        return await Sealer(self.database, service=self.name, root=ROOT, interval_s=1).seal_once()

    async def said(self) -> list[EventMessage]:
        """Seals in the outbox, in order."""
        async with self.database.transaction(()) as tx:
            rows = await tx.execute(
                text("SELECT subject, headers, payload FROM outbox WHERE subject LIKE '%.audit_sealed.%' ORDER BY id")
            )
            return [EventMessage(subject=row.subject, headers=row.headers, payload=row.payload) for row in rows]


@pytest.fixture
async def audited(database_for: Callable[[str], DatabaseUrls]) -> AsyncIterator[Callable[[str], Any]]:
    """Makes a service of that name."""
    made: list[Audited] = []

    async def make(name: str) -> Audited:
        urls = database_for(name)
        settings = ServiceSettings(
            env="local", database_url=urls.serving, nats_url="nats://127.0.0.1:9",
            issuer="http://127.0.0.1:9/realms/lichen-local", audience="lichen-api-local",
        )  # fmt: skip
        database = Database.connect(urls.serving, pool_size=8)
        subscriptions = import_module(f"{name}.incoming").SUBSCRIPTIONS
        service = Audited(
            name=name, database=database, urls=urls, settings=settings,
            schema=import_module(f"{name}.graphql.schema").schema(settings),
            inbox=Inbox(database, subscriptions, root=ROOT),
        )  # fmt: skip
        made.append(service)
        async with database.transaction([ROOT]) as tx:
            for code, parent in TREE:
                await locations.register(
                    tx, location_id=code, name=code, kind="place", parent_id=parent, country=None,
                    valid_from=date(1945, 10, 24), valid_to=None,
                )  # fmt: skip
        return service

    yield make
    for service in made:
        await service.database.close()
