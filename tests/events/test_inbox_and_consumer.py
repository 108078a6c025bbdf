"""Each event's effect is applied once, in order within its aggregate; a bad event is kept, and blocks no other."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from chassis.consumer import consume
from chassis.inbox import EventUnreadable, GapInEvents, Inbox, Outcome
from chassis.jetstream import Message, publish_one
from chassis.tables import dead_letter
from contracts.fact import Amount
from contracts.message import EventMessage
from contracts.targets import TargetSet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "secretariat.unon"
SUBJECT = f"evt.targets.target_set.v1.{PATH}._"


def arrival(event_id: str, *, version: int, target_id: str = "t1", path: str = PATH, payload: bytes | None = None):
    amount = Amount(value=Decimal(1), unit="kWh")
    fact = TargetSet(
        location_id="unon", target_id=target_id, indicator="electricity", base_year=2016, base_value=amount,
        target_year=2030, target_value=amount,
    )  # fmt: skip
    message = EventMessage.of(fact, event_id=event_id, location_path=PATH, occurred_at=NOW, aggregate_version=version)
    headers = message.headers | {"ce-subject": path}
    return replace(message, headers=headers, payload=payload or message.payload)


class Effects:
    """A handler that writes a row a time it is called."""

    def __init__(self) -> None:
        self.fail_on: set[str] = set()

    async def __call__(self, tx, fact, now) -> None:
        if fact.target_id in self.fail_on:
            raise RuntimeError(fact.target_id)
        await tx.execute(
            text("INSERT INTO publication VALUES ('unon', (SELECT count(*) FROM publication), :id, 'r')"),
            {"id": fact.target_id},
        )


@pytest.fixture
def effects() -> Effects:
    return Effects()


@pytest.fixture
def inbox(consumer, effects) -> Inbox:
    return Inbox(consumer, {TargetSet: effects}, root="secretariat")


async def applied(database) -> list[str]:
    async with database.transaction([]) as tx:
        return list(await tx.scalars(text("SELECT inventory_id FROM publication ORDER BY year")))


async def test_the_same_event_again_has_no_effect(inbox, consumer):
    outcomes = [await inbox.take(arrival("e1", version=1)) for _ in range(3)]

    assert outcomes == [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert await applied(consumer) == ["t1"]


async def test_the_same_event_many_times_at_once_has_one_effect(inbox, consumer):
    outcomes = await asyncio.gather(*(inbox.take(arrival("e1", version=1)) for _ in range(8)))

    assert outcomes.count(Outcome.APPLIED) == 1
    assert await applied(consumer) == ["t1"]


async def test_an_event_whose_predecessor_has_not_come_waits(inbox, consumer):
    with pytest.raises(GapInEvents):
        await inbox.take(arrival("e2", version=2))
    await inbox.take(arrival("e1", version=1))

    assert await inbox.take(arrival("e2", version=2)) is Outcome.APPLIED
    assert len(await applied(consumer)) == 2


async def test_a_failed_handler_leaves_nothing_behind(inbox, consumer, effects):
    effects.fail_on = {"t1"}
    with pytest.raises(RuntimeError):
        await inbox.take(arrival("e1", version=1))
    effects.fail_on = set()

    assert await inbox.take(arrival("e1", version=1)) is Outcome.APPLIED
    assert await applied(consumer) == ["t1"]


async def test_an_event_that_is_not_handled_still_counts_as_taken_in(consumer):
    nobody = Inbox(consumer, {}, root="secretariat")

    assert await nobody.take(arrival("e1", version=1)) is Outcome.NOT_OURS
    assert await nobody.take(arrival("e2", version=2)) is Outcome.NOT_OURS


def without(header: str) -> EventMessage:
    good = arrival("e1", version=1)
    headers = {name: value for name, value in good.headers.items() if name != header}
    return EventMessage(subject=good.subject, headers=headers, payload=good.payload)


@pytest.mark.parametrize(
    "bad",
    [
        without("ce-id"),
        without("ce-aggregateversion"),
        EventMessage(subject=SUBJECT, headers={}, payload=b"{}"),
        arrival("e1", version=1, payload=b"not json"),
        arrival("e1", version=1, payload=b"{}"),
        arrival("e1", version=1, path="secretariat.escwa"),
        EventMessage(
            subject="evt.offsets.target_set.v1.secretariat.unon._",
            headers=arrival("e1", version=1).headers,
            payload=arrival("e1", version=1).payload,
        ),
        EventMessage(
            subject="evt.targets.target_set.v1.secretariat.escwa._",
            headers=arrival("e1", version=1, path="secretariat.escwa").headers,
            payload=arrival("e1", version=1).payload,
        ),
    ],
)
async def test_what_is_no_event_of_ours_is_unreadable_and_has_no_effect(inbox, consumer, bad):
    with pytest.raises(EventUnreadable):
        await inbox.take(bad)

    assert await applied(consumer) == []


async def dead(database) -> list[tuple[str, int]]:
    async with database.transaction([]) as tx:
        rows = await tx.execute(select(dead_letter.c.reason, dead_letter.c.attempts).order_by(dead_letter.c.id))
        return [(row.reason, row.attempts) for row in rows]


async def eventually(condition, within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def publish(client, *arrivals: EventMessage) -> None:
    for item in arrivals:
        await publish_one(
            client,
            Message(
                event_id=item.headers.get("ce-id", "none"),
                subject=item.subject,
                headers=dict(item.headers),
                payload=item.payload,
            ),
        )


async def test_a_bad_event_is_kept_with_its_reason_and_blocks_no_other(nats, inbox, consumer, effects, monkeypatch):
    monkeypatch.setattr("chassis.consumer.BACKOFF_S", (0.01,))
    monkeypatch.setattr("chassis.consumer.ATTEMPTS_MAX", 3)
    effects.fail_on = {"poison"}
    client, _ = nats
    await publish(
        client,
        arrival("e1", version=1, target_id="poison"),
        arrival("e2", version=1, target_id="t2", payload=b"garbage"),
        arrival("e3", version=1, target_id="t3"),
    )

    task = asyncio.create_task(consume(client, inbox, service="listener", producer="targets"))

    async def both_dead() -> bool:
        return len(await dead(consumer)) == 2

    await eventually(both_dead)
    assert await applied(consumer) == ["t3"]
    reasons = dict(await dead(consumer))
    assert reasons["RuntimeError: poison"] == 3
    assert any(reason.startswith("payload is not a TargetSet") for reason in reasons)

    effects.fail_on = set()
    assert await inbox.replay() == 1  # the unreadable one fails again, and holds up nothing
    assert await inbox.replay() == 0
    assert sorted(await applied(consumer)) == ["poison", "t3"]
    task.cancel()


async def test_a_consumer_that_was_stopped_goes_on_where_it_was(nats, inbox, consumer):
    client, _ = nats

    async def run_until(count: int) -> None:
        task = asyncio.create_task(consume(client, inbox, service="listener", producer="targets"))

        async def enough() -> bool:
            return len(await applied(consumer)) == count

        await eventually(enough)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await publish(client, *(arrival(f"e{n}", version=n) for n in range(1, 4)))
    await run_until(3)
    await publish(client, *(arrival(f"e{n}", version=n) for n in range(4, 7)))
    await run_until(6)


async def test_events_that_come_out_of_order_are_applied_in_order(nats, inbox, consumer, monkeypatch):
    monkeypatch.setattr("chassis.consumer.BACKOFF_S", (0.01,))
    client, _ = nats
    await publish(client, *(arrival(f"e{n}", version=n) for n in (3, 1, 2)))

    task = asyncio.create_task(consume(client, inbox, service="listener", producer="targets"))

    async def all_three() -> bool:
        return len(await applied(consumer)) == 3

    await eventually(all_three)
    task.cancel()
    assert await dead(consumer) == []
