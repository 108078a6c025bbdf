"""Events a second: from a change through the outbox into JetStream, against nats-py publishing by itself.

All sides end when every message is in the same stream: file storage, `sync_interval: always`, message ids, the same
headers and payloads. Ours also commits each event, with its number in its aggregate, to a durable PostgreSQL: that is
the price of never losing one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from nats.aio.client import Client
from nats.js.client import JetStreamContext
from sqlalchemy import text

from chassis import outbox
from chassis.ids import new_id
from chassis.jetstream import connect, ensure_stream, stream_name
from chassis.relay import Relay
from contracts.fact import Amount
from contracts.message import EventMessage
from contracts.targets import TargetSet
from tools.bench.bed import LOCATION, Bed, Parts, bed
from tools.bench.measure import Measure, Reference

__all__ = ["publish_backlog", "publish_outbox"]

EVENTS = 300
LOOK_EVERY_S = 0.005
DEADLINE_S = 60.0
PATH = f"secretariat.{LOCATION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    bed: Bed
    client: Client
    jetstream: JetStreamContext
    relay: Relay


@asynccontextmanager
async def prepare(parts: Parts) -> AsyncIterator[Setting]:
    async with bed(parts, service="targets") as targets:
        client = await connect(targets.settings, name="bench")
        try:
            await ensure_stream(client, targets.settings, producer="targets")
            yield Setting(
                bed=targets,
                client=client,
                jetstream=client.jetstream(timeout=10),
                relay=Relay(targets.database, client, url=targets.urls.serving),
            )
        finally:
            await client.close()


@asynccontextmanager
async def prepare_with_relay(parts: Parts) -> AsyncIterator[Setting]:
    """The relay runs beside the changes, as in a service."""
    async with prepare(parts) as setting:
        running = asyncio.create_task(setting.relay.run())
        try:
            yield setting
            await _require_all_marked(setting)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def fact(number: int) -> TargetSet:
    amount = Amount(value=Decimal("1.5"), unit="kWh")
    return TargetSet(
        location_id=LOCATION,
        target_id=f"target-{number}",
        indicator="electricity",
        base_year=2016,
        base_value=amount,
        target_year=2030,
        target_value=amount,
    )


async def _require_all_marked(setting: Setting) -> None:
    """The stream has an event before the relay has marked it; left so, it would go out again in the next measure."""
    deadline = time.perf_counter() + DEADLINE_S
    while True:
        async with setting.bed.database.transaction(()) as tx:
            unsent = await tx.scalar(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))
        if not unsent:
            return
        if time.perf_counter() > deadline:
            message = f"the relay has not marked {unsent} events as sent"
            raise RuntimeError(message)
        await asyncio.sleep(LOOK_EVERY_S)


async def stored(setting: Setting) -> int:
    return (await setting.jetstream.stream_info(stream_name("targets"))).state.messages


async def _timed(setting: Setting, publish: Callable[[], Awaitable[None]]) -> float:
    """Events a second until the stream holds all of them. Refuses: RuntimeError when it holds more or fewer."""
    expected = await stored(setting) + EVENTS
    began = time.perf_counter()
    await publish()
    found = await stored(setting)
    while found < expected and time.perf_counter() - began < DEADLINE_S:
        await asyncio.sleep(LOOK_EVERY_S)
        found = await stored(setting)
    seconds = time.perf_counter() - began
    if found != expected:
        message = f"the stream holds {found} messages, not {expected}"
        raise RuntimeError(message)
    return EVENTS / seconds


async def _change(setting: Setting, *, numbers: range) -> None:
    """One transaction that says so many things."""
    async with setting.bed.database.transaction([LOCATION]) as tx:
        for number in numbers:
            await outbox.add(tx, fact(number), now=datetime.now(UTC))


async def through_outbox(setting: Setting) -> float:
    async def publish() -> None:
        # A use case says one thing, and is answered before the same client asks for the next.
        for number in range(EVENTS):
            await _change(setting, numbers=range(number, number + 1))

    return await _timed(setting, publish)


async def from_backlog(setting: Setting) -> float:
    await _change(setting, numbers=range(EVENTS))

    async def publish() -> None:
        while await setting.relay.drain_once():
            pass

    return await _timed(setting, publish)


def message(number: int) -> tuple[str, bytes, dict[str, str]]:
    """Subject, payload and headers, as the outbox and the relay make them."""
    said = fact(number)
    event_id = new_id()
    made = EventMessage.of(
        said, event_id=event_id, location_path=PATH, occurred_at=datetime.now(UTC), aggregate_version=1
    )
    return made.subject, made.payload, {**made.headers, "Nats-Msg-Id": event_id}


async def directly(setting: Setting, *, window: int) -> float:
    """With at most `window` messages on the way."""
    jetstream = setting.client.jetstream(timeout=10, publish_async_max_pending=window)

    async def publish() -> None:
        if window == 1:
            for number in range(EVENTS):
                subject, payload, headers = message(number)
                await jetstream.publish(subject, payload, headers=headers)
            return
        acknowledgements = []
        for number in range(EVENTS):
            subject, payload, headers = message(number)
            acknowledgements.append(await jetstream.publish_async(subject, payload, headers=headers))
        await asyncio.gather(*acknowledgements)

    return await _timed(setting, publish)


ONE_BY_ONE = Reference(against="nats-py publish, each awaited", run=partial(directly, window=1))
WINDOWED = Reference(against="nats-py publish_async, 256 on the way", run=partial(directly, window=256), suffix="async")

publish_outbox = Measure(
    name="publish_outbox",
    unit="events/s",
    higher_is_better=True,
    prepare=prepare_with_relay,
    ours=through_outbox,
    references=(ONE_BY_ONE, WINDOWED),
    runs=5,
    warm_up_runs=1,
)
publish_backlog = Measure(
    name="publish_backlog",
    unit="events/s",
    higher_is_better=True,
    prepare=prepare,
    ours=from_backlog,
    references=(replace(WINDOWED, suffix=""),),
    runs=5,
    warm_up_runs=1,
)
"""What the relay alone does, when events have gathered while NATS was away."""
