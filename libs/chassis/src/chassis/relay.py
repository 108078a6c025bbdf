"""The outbox relay: committed events go to JetStream, each at least once, in order within its aggregate.

Unsent rows are claimed by `sent_at IS NULL`, never by `id > last`: ids are given out before commit, and a relay that
remembers the last id loses what commits late (measured: 23 % under eight writers). One relay at a time holds the
advisory lock, so that the numbers of an aggregate leave in order. NOTIFY wakes it; a slow poll covers a lost NOTIFY.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
from nats.aio.client import Client
from sqlalchemy import Row, text

from chassis.database import Database
from chassis.jetstream import NATS_TROUBLE, BatchRefused, Message, publish_batch, publish_one
from chassis.telemetry import log

__all__ = ["Relay"]

BATCH_MAX = 500
POLL_S = 5.0
RETRY_S = 1.0

_CLAIM = text(
    "SELECT id, event_id, subject, headers, payload FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :most"
    " FOR UPDATE SKIP LOCKED"
)


class Relay:
    """Publishes what the outbox holds."""

    def __init__(self, database: Database, client: Client, *, url: str) -> None:
        self._database = database
        self._client = client
        self._url = url
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled: publish, then wait for the next committed event."""
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                self._woken.clear()
                try:
                    while await self.drain_once() == BATCH_MAX:
                        pass
                except NATS_TROUBLE as error:
                    log.warning("relay waits for nats", error=type(error).__name__)
                    await asyncio.sleep(RETRY_S)
                    continue
                try:
                    await asyncio.wait_for(self._woken.wait(), timeout=POLL_S)
                except TimeoutError:
                    continue
        finally:
            listener.cancel()

    async def drain_once(self) -> int:
        """Publish the next batch; returns how many events left."""
        async with self._database.transaction(()) as tx:
            mine = await tx.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('lichen relay'))"))
            if not mine:
                return 0
            rows = (await tx.execute(_CLAIM, {"most": BATCH_MAX})).all()
            if not rows:
                return 0
            await self._publish([_message(row) for row in rows])
            await tx.execute(
                text("UPDATE outbox SET sent_at = :now WHERE id = ANY(:ids)"),
                {"now": datetime.now(UTC), "ids": [row.id for row in rows]},
            )
            return len(rows)

    async def _publish(self, messages: Sequence[Message]) -> None:
        if len(messages) > 1:
            try:
                await publish_batch(self._client, messages)
            except BatchRefused as error:
                # A batch with an id that the stream knows is refused whole: after a crash between publishing and
                # marking, singles find out which.
                log.info("batch refused, sending singly", reason=str(error))
            else:
                return
        for message in messages:
            await publish_one(self._client, message)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=10)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
                await connection.add_listener("outbox", self._wake)
                self._woken.set()
                try:
                    await lost.wait()
                finally:
                    await connection.close(timeout=2)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("relay listener lost its connection", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    def _wake(self, *_: object) -> None:
        self._woken.set()


def _message(row: Row[Any]) -> Message:
    return Message(event_id=row.event_id, subject=row.subject, headers=row.headers, payload=row.payload)
