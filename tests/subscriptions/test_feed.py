"""The feed's memory is bounded, and who falls behind it misses nothing."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal

from chassis.feed import Feed
from chassis.ids import new_id
from chassis.jetstream import Message, connect, ensure_stream, publish_batch
from contracts.fact import Amount
from contracts.message import EventMessage
from contracts.targets import TargetSet

KEPT = 5


def message(place: str) -> Message:
    amount = Amount(value=Decimal(1), unit="kWh")
    fact = TargetSet(
        location_id=place, target_id=new_id(), indicator="electricity", base_year=2014, base_value=amount,
        target_year=2034, target_value=amount,
    )  # fmt: skip
    event_id = new_id()
    told = EventMessage.of(
        fact, event_id=event_id, location_path=f"secretariat.{place}", occurred_at=datetime.now(UTC),
        aggregate_version=1,
    )  # fmt: skip
    return Message(event_id=event_id, subject=told.subject, headers=dict(told.headers), payload=told.payload)


async def test_a_listener_that_falls_behind_the_memory_reads_the_stream(targets):
    client = await connect(targets.settings, name="test")
    await ensure_stream(client, targets.settings, producer="targets")
    feed = Feed("targets", kept=KEPT)
    running = asyncio.create_task(feed.run(client))
    sent = [message("unon" if number % 3 else "escwa") for number in range(240)]
    ours = [item.event_id for item in sent if ".unon." in item.subject]
    try:
        async with asyncio.timeout(30), aclosing(feed.events(await feed.now(), path="secretariat.unon")) as events:
            await publish_batch(client, sent[:120])
            heard = [(await anext(events)).envelope.event_id]
            await publish_batch(client, sent[120:])
            while await feed.now() < len(sent):
                await asyncio.sleep(0.02)
            kept = len(feed._events)
            heard += [(await anext(events)).envelope.event_id for _ in ours[1:]]
    finally:
        running.cancel()
        await client.close()

    assert heard == ours
    assert kept <= 2 * KEPT
