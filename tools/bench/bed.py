"""What the measures run on: durable PostgreSQL and NATS as in a local run, one service's database, a register."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from pydantic import SecretStr
from sqlalchemy import text

from chassis import locations
from chassis.database import Database
from chassis.migrations import migrate
from chassis.settings import ServiceSettings
from embedded.nats import EmbeddedNats
from embedded.postgres import DatabaseUrls, EmbeddedPostgres

__all__ = ["Bed", "bed", "prepare"]

PLACES = (("secretariat", None), ("unon", "secretariat"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """One service's database, and the settings to reach NATS."""

    urls: DatabaseUrls
    database: Database
    settings: ServiceSettings


def prepare(postgres: EmbeddedPostgres, service: str) -> None:
    """Make and migrate the service's database; outside of any event loop."""
    migrate(service, asyncio.run(postgres.create_service_database(service)).owner)


@asynccontextmanager
async def bed(postgres: EmbeddedPostgres, nats: EmbeddedNats, *, service: str) -> AsyncIterator[Bed]:
    urls = postgres.urls(service)
    database = Database.connect(urls.serving, pool_size=8)
    async with database.transaction(["secretariat"]) as tx:
        for code, parent in PLACES:
            await locations.register(
                tx,
                location_id=code,
                name=code,
                kind="place",
                parent_id=parent,
                country="KEN",
                valid_from=date(1945, 10, 24),
                valid_to=None,
            )
        if service == "inventory":
            await tx.execute(text("INSERT INTO location_detail (location_id, source) SELECT id, 'bench' FROM location"))
    settings = ServiceSettings(
        env="local",
        database_url=SecretStr(urls.serving),
        nats_url=nats.url,
        nats_monitor_url=nats.monitor_url,
        issuer="http://127.0.0.1:9/realms/lichen-local",
        audience="lichen-api-local",
    )
    yield Bed(urls=urls, database=database, settings=settings)
    await database.close()
