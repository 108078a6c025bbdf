"""Events a second: from a committed change through the outbox into JetStream, against nats-py publishing by itself.

Both sides end when every message is in a stream with `sync_interval: always`, file storage and message ids. Ours also
writes each event, with its place in its aggregate, into a durable PostgreSQL: that is the price of never losing one.
"""

import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal

from nats.aio.client import Client

from chassis import outbox
from chassis.relay import Relay
from contracts.fact import Amount
from contracts.targets import TargetSet
from tools.bench.bed import Bed
from tools.bench.measure import Comparison

__all__ = ["publishing"]

EVENTS = 500
CHANGES_TOGETHER = 10
"""Events of one transaction: a decision seldom says more."""


def fact(number: int) -> TargetSet:
    amount = Amount(value=Decimal("1.5"), unit="kWh")
    return TargetSet(
        location_id="unon",
        target_id=f"target-{number}",
        indicator="electricity",
        base_year=2016,
        base_value=amount,
        target_year=2030,
        target_value=amount,
    )


def publishing(bed: Bed, client: Client) -> Comparison:
    relay = Relay(bed.database, client, url=bed.urls.serving)
    payload = fact(1).model_dump_json().encode()
    jetstream = client.jetstream(timeout=10)
    subject = f"{TargetSet.subject_prefix()}.secretariat.unon._"

    async def ours() -> float:
        began = time.perf_counter()
        for first in range(0, EVENTS, CHANGES_TOGETHER):
            async with bed.database.transaction(["unon"]) as tx:
                for number in range(first, first + CHANGES_TOGETHER):
                    await outbox.add(tx, fact(number), now=datetime.now(UTC))
        sent = 0
        while sent < EVENTS:
            sent += await relay.drain_once()
        return EVENTS / (time.perf_counter() - began)

    async def directly() -> float:
        began = time.perf_counter()
        for _ in range(EVENTS):
            event_id = str(uuid.uuid4())
            await jetstream.publish(subject, payload, headers={"Nats-Msg-Id": event_id, "ce-id": event_id})
        return EVENTS / (time.perf_counter() - began)

    return Comparison(
        name="publish_outbox",
        unit="events/s",
        higher_is_better=True,
        ours=ours,
        reference=directly,
        reference_name="nats-py publish, one by one, same stream",
    )
