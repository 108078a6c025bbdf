"""*targets* as a process that listens, with real PostgreSQL and NATS, and facts of any location at will."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import nats
import pytest

from chassis import outbox
from chassis.database import Database
from chassis.ids import new_id
from chassis.settings import ServiceSettings
from chassis.testing import register, settings_for
from contracts.fact import Amount
from contracts.targets import TargetSet
from embedded.issuer import TestIssuer
from embedded.nats import EmbeddedNats
from embedded.postgres import DatabaseUrls
from embedded.serving import served
from embedded.sockets import Socket, connected
from targets.main import SERVICE

CHAIR = "/locations/secretariat/unon/local-chair"
SUBSCRIBE = """subscription($location: ID!, $types: [TargetEventType!], $since: DateTime, $after: ID) {
    targetEvents(locationId: $location, types: $types, since: $since, after: $after) {
        id type occurredAt locationId aggregateId aggregateVersion target { indicator } } }"""


class Listener(Socket):
    """One who subscribes to events of targets."""

    async def listen(self, location_id: str = "unon", number: str = "1", **arguments: Any) -> None:
        """From before anything happened, unless `after` says from when."""
        given = {} if "after" in arguments else {"since": BEFORE}
        await self.subscribe(SUBSCRIBE, number, **given | arguments, location=location_id)

    async def heard(self, count: int) -> list[str]:
        """Ids of the next events."""
        return [(await self.event())["id"] for _ in range(count)]


BEFORE = "2026-01-01T00:00:00Z"


@dataclass(slots=True, kw_only=True)
class Targets:
    """The service's database, and how to start the service on it."""

    database: Database
    settings: ServiceSettings
    nats: EmbeddedNats
    issuer: TestIssuer

    def serving(self, *, send_buffer_bytes: int | None = None, **settings: Any) -> Any:
        """A process of it; `settings` differ from the good ones."""
        return served(SERVICE, self.settings.model_copy(update=settings), send_buffer_bytes=send_buffer_bytes)

    @asynccontextmanager
    async def signed_in(self, url: str, token: str, **options: Any) -> AsyncIterator[Listener]:
        async with connected(url, **options) as socket:
            listener = Listener(socket.connection)
            await listener.start(authorization=f"Bearer {token}")
            yield listener

    def listening(self, url: str, *groups: str, **claims: Any) -> Any:
        """A socket of someone who may, or of whom the claims say."""
        return self.signed_in(url, self.token(*groups, **claims))

    def token(self, *groups: str, **claims: Any) -> str:
        return self.issuer.token(groups=list(groups or (CHAIR,)), **claims)

    async def consumers(self) -> list[str]:
        """Who reads the stream."""
        client = await nats.connect(self.nats.url)
        found = await client.jetstream().consumers_info("evt-targets")
        await client.close()
        return [consumer.name for consumer in found]

    async def happens(self, location_id: str = "unon", *, count: int = 1) -> list[str]:
        """That many targets are set there; ids of the events."""
        amount = Amount(value=Decimal(1), unit="kWh")
        ids = []
        async with self.database.transaction(["secretariat"]) as tx:
            for _ in range(count):
                fact = TargetSet(
                    location_id=location_id,
                    target_id=new_id(),
                    indicator="electricity",
                    base_year=2014,
                    base_value=amount,
                    target_year=2034,
                    target_value=amount,
                )
                ids.append(await outbox.add(tx, fact, now=datetime.now(UTC)))
        return ids


@pytest.fixture
async def targets(
    database_for: Callable[[str], DatabaseUrls], empty_nats: EmbeddedNats, issuer: TestIssuer
) -> AsyncIterator[Targets]:
    urls = database_for("targets")
    database = Database.connect(urls.serving, pool_size=4)
    await register(database)
    settings = settings_for(
        urls.serving,
        nats_url=empty_nats.url,
        nats_monitor_url=empty_nats.monitor_url,
        issuer=issuer.url,
        introspection_secret="a secret",
    )
    yield Targets(database=database, settings=settings, nats=empty_nats, issuer=issuer)
    await database.close()
