"""Services without their processes, each on a database of its own with a small register, and their audit records."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text

from chassis.audit.sealing import Sealer
from chassis.database import Database
from chassis.inbox import Inbox
from chassis.testing import ROOT, Bed, register, settings_for
from contracts.message import EventMessage
from embedded.postgres import DatabaseUrls
from tests.access.conftest import RESOURCES


@dataclass(slots=True, kw_only=True)
class Audited(Bed):
    """One service and its record."""

    name: str
    urls: DatabaseUrls

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
        settings = settings_for(urls.serving)
        database = Database.connect(urls.serving, pool_size=8)
        subscriptions = import_module(f"{name}.incoming").SUBSCRIPTIONS
        service = Audited(
            name=name, database=database, urls=urls, settings=settings,
            schema=import_module(f"{name}.graphql.schema").schema(settings),
            inbox=Inbox(database, subscriptions, root=ROOT), resources=RESOURCES.get(name),
        )  # fmt: skip
        made.append(service)
        await register(database)
        return service

    yield make
    for service in made:
        await service.database.close()
