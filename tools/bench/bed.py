"""What the measures run on: durable PostgreSQL and NATS as in a local run, one service's database, a register."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from pydantic import SecretStr
from sqlalchemy import insert

from chassis import locations
from chassis.database import Database
from chassis.migrations import migrate
from chassis.settings import ServiceSettings
from embedded.nats import EmbeddedNats
from embedded.postgres import DatabaseUrls, EmbeddedPostgres
from inventory.tables import location_detail
from lichen import sample

__all__ = ["LOCATION", "Bed", "Parts", "bed"]

LOCATION = "unon"
"""Registered with its sites and what is above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Running servers."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """One service's database, and the settings to reach NATS."""

    urls: DatabaseUrls
    database: Database
    settings: ServiceSettings


_NUMBERS = count(1)


@asynccontextmanager
async def bed(parts: Parts, *, service: str) -> AsyncIterator[Bed]:
    """A database of the measure's own, which goes with it: what one has filled, another would be slowed by."""
    name = f"bench_{next(_NUMBERS)}"
    urls = await parts.postgres.create_service_database(service, database=name)
    await asyncio.to_thread(migrate, service, urls.owner)
    database = Database.connect(urls.serving, pool_size=8)
    try:
        await _register(database, details=service == "inventory")
        yield Bed(
            urls=urls,
            database=database,
            settings=ServiceSettings(
                env="local",
                database_url=SecretStr(urls.serving),
                nats_url=parts.nats.url,
                nats_monitor_url=parts.nats.monitor_url,
                issuer="http://127.0.0.1:9/realms/lichen-local",
                audience="lichen-api-local",
            ),
        )
    finally:
        await database.close()
        await parts.postgres.drop_database(name)


async def _register(database: Database, *, details: bool) -> None:
    async with database.transaction(["secretariat"]) as tx:
        for row in sample.locations():
            if not (row.parent is None or LOCATION in (row.id, row.parent)):
                continue
            await locations.register(
                tx,
                location_id=row.id,
                name=row.name,
                kind=row.kind,
                parent_id=row.parent,
                country=row.country,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
            if details:
                await tx.execute(insert(location_detail).values(location_id=row.id, grid=row.grid, source=row.source))
