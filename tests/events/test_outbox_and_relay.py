"""Each committed change's event goes out, at least once, in order within its aggregate; a rolled-back one's never."""

import asyncio
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from chassis import outbox
from chassis.jetstream import BatchRefused, Message, NotDurable, check_durable, publish_batch
from chassis.locations import LocationUnknown
from chassis.relay import Relay
from contracts.fact import Amount
from contracts.targets import TargetSet

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def target_set(target_id: str, location_id: str = "unon") -> TargetSet:
    amount = Amount(value=Decimal(1), unit="kWh")
    return TargetSet(
        location_id=location_id,
        target_id=target_id,
        indicator="electricity",
        base_year=2016,
        base_value=amount,
        target_year=2030,
        target_value=amount,
    )


async def messages_of(client, stream="evt-targets"):
    jetstream = client.jetstream()
    state = (await jetstream.stream_info(stream)).state
    return [
        await jetstream.get_msg(stream, seq) for seq in range(state.first_seq, state.last_seq + 1) if state.messages
    ]


async def test_an_event_names_its_place_and_numbers_its_aggregate(producer, nats):
    database, urls = producer
    client, _ = nats
    async with database.transaction(["unon"]) as tx:
        await outbox.add(tx, target_set("t1", "unon-gigiri"), now=NOW)
        await outbox.add(tx, target_set("t1", "unon-gigiri"), now=NOW)

    await Relay(database, client, url=urls.serving).drain_once()

    first, second = await messages_of(client)
    assert first.subject == "evt.targets.target_set.v1.secretariat.unon.unon-gigiri._"
    assert first.headers["ce-type"] == "lichen.targets.target_set.v1"
    assert first.headers["ce-subject"] == "secretariat.unon.unon-gigiri"
    assert [item.headers["ce-aggregateversion"] for item in (first, second)] == ["1", "2"]
    assert first.headers["Nats-Msg-Id"] == first.headers["ce-id"] != second.headers["ce-id"]


async def test_an_event_of_an_unknown_place_is_refused(producer):
    database, _ = producer
    with pytest.raises(LocationUnknown):
        async with database.transaction(["unon"]) as tx:
            await outbox.add(tx, target_set("t1", "atlantis"), now=NOW)


async def test_every_committed_event_goes_out_and_no_other_under_writers_that_commit_late(producer, nats):
    database, urls = producer
    client, _ = nats
    dice = random.Random(7)
    committed: set[str] = set()

    async def write(writer: int) -> None:
        for number in range(15):
            rolled_back = dice.random() < 0.2
            pause_s = dice.random() * 0.02
            try:
                async with database.transaction(["unon"]) as tx:
                    event_id = await outbox.add(tx, target_set(f"{writer}-{number % 3}"), now=NOW)
                    await asyncio.sleep(pause_s)  # ids are given out in another order than commits happen
                    if rolled_back:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            committed.add(event_id)

    relay = asyncio.create_task(Relay(database, client, url=urls.serving).run())
    await asyncio.gather(*(write(writer) for writer in range(8)))
    async with asyncio.timeout(20):
        while (await client.jetstream().stream_info("evt-targets")).state.messages < len(committed):
            await asyncio.sleep(0.01)
    relay.cancel()

    messages = await messages_of(client)
    assert {message.headers["ce-id"] for message in messages} == committed
    assert len(messages) == len(committed)
    by_aggregate: dict[str, list[int]] = {}
    for message in messages:
        by_aggregate.setdefault(message.headers["ce-aggregateid"], []).append(
            int(message.headers["ce-aggregateversion"])
        )
    assert all(versions == list(range(1, len(versions) + 1)) for versions in by_aggregate.values())


async def test_a_crash_between_publishing_and_marking_sends_nothing_twice(producer, nats):
    database, urls = producer
    client, _ = nats
    async with database.transaction(["unon"]) as tx:
        for number in range(5):
            await outbox.add(tx, target_set(f"t{number}"), now=NOW)
    relay = Relay(database, client, url=urls.serving)
    await relay.drain_once()
    async with database.transaction([]) as tx:
        await tx.execute(text("UPDATE outbox SET sent_at = NULL"))
    async with database.transaction(["unon"]) as tx:
        await outbox.add(tx, target_set("t9"), now=NOW)

    assert await relay.drain_once() == 6

    assert len(await messages_of(client)) == 6


async def test_a_batch_is_taken_whole_or_not_at_all(nats):
    client, _ = nats

    def message(event_id: str, subject: str = "evt.targets.target_set.v1.secretariat._") -> Message:
        return Message(event_id=event_id, subject=subject, headers={}, payload=b"{}")

    await publish_batch(client, [message("a"), message("b"), message("c")])
    with pytest.raises(BatchRefused):
        await publish_batch(client, [message("d"), message("b")])

    assert [item.headers["Nats-Msg-Id"] for item in await messages_of(client)] == ["a", "b", "c"]


async def test_a_server_that_acknowledges_before_it_syncs_is_not_used(tmp_path_factory, nats):
    from embedded.nats import EmbeddedNats

    _, settings = nats
    careless = EmbeddedNats(tmp_path_factory.mktemp("careless"), sync_always=False)
    careless.start()
    try:
        await check_durable(settings)
        with pytest.raises(NotDurable):
            await check_durable(settings.model_copy(update={"nats_monitor_url": careless.monitor_url}))
        with pytest.raises(NotDurable):
            await check_durable(settings.model_copy(update={"nats_monitor_url": None, "env": "production"}))
    finally:
        careless.stop()


async def test_events_written_while_nats_is_down_go_out_when_it_is_back(producer, tmp_path_factory, nats):
    from chassis.jetstream import connect, ensure_stream
    from embedded.nats import EmbeddedNats

    database, urls = producer
    _, settings = nats
    server = EmbeddedNats(tmp_path_factory.mktemp("nats"))
    server.start()
    own = settings.model_copy(update={"nats_url": server.url, "nats_monitor_url": server.monitor_url})
    client = await connect(own, name="test")
    await ensure_stream(client, own, producer="targets")
    relay = asyncio.create_task(Relay(database, client, url=urls.serving).run())
    server.stop()
    async with database.transaction(["unon"]) as tx:
        for number in range(3):
            await outbox.add(tx, target_set(f"t{number}"), now=NOW)

    server.start()

    async with asyncio.timeout(20):
        while True:
            try:
                if (await client.jetstream(timeout=1).stream_info("evt-targets")).state.messages == 3:
                    break
            except Exception:  # noqa: BLE001 - it is on its way back
                await asyncio.sleep(0.05)
    relay.cancel()
    await client.close()
    server.stop()


async def test_events_can_be_published_again_from_the_outbox(producer, nats):
    database, urls = producer
    client, _ = nats
    async with database.transaction(["unon"]) as tx:
        await outbox.add(tx, target_set("t1"), now=NOW)
    relay = Relay(database, client, url=urls.serving)
    await relay.drain_once()
    await client.jetstream().delete_stream("evt-targets")
    from chassis.jetstream import ensure_stream

    await ensure_stream(client, nats[1], producer="targets")

    async with database.transaction([]) as tx:
        assert await outbox.publish_again(tx, since=NOW) == 1
    await relay.drain_once()

    assert len(await messages_of(client)) == 1
