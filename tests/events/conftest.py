"""Two services' databases, a stream, and the plumbing between them: real PostgreSQL, real NATS."""

from collections.abc import AsyncIterator, Callable

import pytest
from nats.aio.client import Client

from chassis.consumer import ensure_consumer
from chassis.database import Database
from chassis.jetstream import connect, ensure_stream
from chassis.settings import ServiceSettings
from chassis.testing import register, settings_for
from embedded.nats import EmbeddedNats
from embedded.postgres import DatabaseUrls


async def with_register(urls: DatabaseUrls) -> Database:
    database = Database.connect(urls.serving, pool_size=10)
    await register(database)
    return database


@pytest.fixture
async def producer(database_for: Callable[[str], DatabaseUrls]) -> AsyncIterator[tuple[Database, DatabaseUrls]]:
    urls = database_for("targets")
    database = await with_register(urls)
    yield database, urls
    await database.close()


@pytest.fixture
async def consumer(database_for: Callable[[str], DatabaseUrls]) -> AsyncIterator[Database]:
    database = await with_register(database_for("targets"))
    yield database
    await database.close()


@pytest.fixture
async def nats(
    nats_server: EmbeddedNats, producer: tuple[Database, DatabaseUrls]
) -> AsyncIterator[tuple[Client, ServiceSettings]]:
    """A connection, and an empty stream of *targets*."""
    settings = settings_for(producer[1].serving, nats_url=nats_server.url, nats_monitor_url=nats_server.monitor_url)
    client = await connect(settings, name="test")
    jetstream = client.jetstream()
    for name in await jetstream.streams_info():
        await jetstream.delete_stream(name.config.name)
    await ensure_stream(client, settings, producer="targets")
    await ensure_consumer(client, producer="targets", hearer="listener")
    yield client, settings
    await client.close()
