"""What a subscriber hears: everything of its place from its position on, once, in order, and nothing else."""

import asyncio
from datetime import UTC, datetime

from chassis.ids import new_id

ALL = "/locations/secretariat/central-coordinator"


async def test_an_event_names_what_happened_and_leads_to_it(targets):
    async with targets.serving() as url, targets.listening(url) as listener:
        await listener.listen()
        (happened,) = await targets.happens()

        event = await listener.event()

    occurred = datetime.fromisoformat(event.pop("occurredAt"))
    assert (datetime.now(UTC) - occurred).total_seconds() < 60
    assert event.pop("aggregateId").startswith("target:")
    # The event is told of a target that is not in the database: there is none that you may see.
    assert event == {
        "id": happened, "type": "TARGET_SET", "locationId": "unon", "aggregateVersion": 1, "target": None,
    }  # fmt: skip


async def test_a_place_hears_of_itself_and_of_what_lies_below_it_and_of_nothing_beside_or_above(targets):
    async with targets.serving() as url, targets.listening(url, ALL) as unon, targets.listening(url, ALL) as top:
        await unon.listen("unon")
        await top.listen("secretariat")
        happened = {place: await targets.happens(place) for place in ("secretariat", "escwa", "unon", "unon-gigiri")}

        assert await unon.heard(2) == happened["unon"] + happened["unon-gigiri"]
        assert await top.heard(4) == [event for ids in happened.values() for event in ids]


async def test_without_a_position_it_begins_with_what_happens_next(targets):
    async with targets.serving() as url, targets.listening(url) as first, targets.listening(url) as second:
        await first.listen()
        earlier = await targets.happens()
        assert await first.heard(1) == earlier
        await second.listen(since=None)
        heard = asyncio.create_task(second.heard(1))
        later: list[str] = []
        while not heard.done():
            later += await targets.happens()
            await asyncio.sleep(0.1)
        # Nobody says when it began; from there on it hears everything.
        missed = later.index(heard.result()[0])
        rest = later[missed + 1 :] + await targets.happens()
        assert await second.heard(len(rest)) == rest


async def test_it_resumes_after_an_event_without_a_gap_and_without_a_repetition(targets):
    async with targets.serving() as url:
        async with targets.listening(url) as listener:
            await listener.listen()
            happened = await targets.happens(count=3)
            assert await listener.heard(3) == happened
        missed = await targets.happens(count=120) + await targets.happens("unon-gigiri")
        await targets.happens("escwa")
        async with targets.listening(url) as listener:
            await listener.listen(after=happened[1])
            live = await targets.happens()

            assert await listener.heard(123) == [happened[2], *missed, *live]


async def test_it_resumes_after_a_restart_of_the_service(targets):
    async with targets.serving() as url, targets.listening(url) as listener:
        await listener.listen()
        first = await targets.happens()
        assert await listener.heard(1) == first
    missed = await targets.happens()
    async with targets.serving() as url, targets.listening(url) as listener:
        await listener.listen(after=first[0])

        assert await listener.heard(1) == missed


async def test_since_leaves_out_what_happened_before(targets):
    async with targets.serving() as url, targets.listening(url) as listener:
        await listener.listen()
        early = await targets.happens()
        assert await listener.heard(1) == early
        now = datetime.now(UTC)
        late = await targets.happens()
        await listener.listen(number="2", since=now.replace(tzinfo=None).isoformat())
        heard = [await listener.receive() for _ in range(2)]

    ids = {message["id"]: message["payload"]["data"]["targetEvents"]["id"] for message in heard}
    assert ids == {"1": late[0], "2": late[0]}


async def test_after_an_event_that_is_not_there_or_not_of_the_place_answers_alike(targets):
    async with targets.serving() as url, targets.listening(url, ALL) as listener:
        await listener.listen("escwa")
        elsewhere = await targets.happens("escwa")
        assert await listener.heard(1) == elsewhere
        for number, unknown in enumerate((elsewhere[0], new_id(), "no id", "0" * 36), start=2):
            await listener.listen("unon", str(number), after=unknown)
            message = await listener.receive()
            assert message["id"] == str(number)
            assert message["payload"][0]["message"] == f"There is no event {unknown} that you may see."
            assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_it_hears_of_the_types_that_it_asks_for(targets):
    async with targets.serving() as url, targets.listening(url) as listener:
        await listener.listen(types=["PROGRESS_ASSESSED"])
        await listener.listen(number="2", types=["TARGET_SET"])
        happened = await targets.happens(count=2)
        messages = [await listener.receive() for _ in range(2)]

    assert [(message["id"], message["payload"]["data"]["targetEvents"]["id"]) for message in messages] == [
        ("2", event) for event in happened
    ]


async def test_nothing_is_lost_or_repeated_when_nats_goes_away_and_comes_back(targets):
    async with targets.serving() as url, targets.listening(url) as listener:
        await listener.listen()
        happened = await targets.happens(count=2)
        assert await listener.heard(2) == happened
        for stop in (targets.nats.stop, targets.nats.kill):
            stop()
            while_away = await targets.happens(count=3)
            targets.nats.start()
            after = await targets.happens(count=2)

            assert await listener.heard(5) == while_away + after


async def test_many_listen_over_one_reader_of_the_stream(targets):
    async with targets.serving() as url:
        sockets = [targets.listening(url) for _ in range(25)]
        listeners = [await socket.__aenter__() for socket in sockets]
        for listener in listeners:
            for number in ("1", "2"):
                await listener.listen(number=number)
        happened = await targets.happens(count=10)
        for listener in listeners:
            assert sorted(await listener.heard(20)) == sorted(happened * 2)
        consumers = await targets.consumers()
        for socket in sockets:
            await socket.__aexit__(None, None, None)

    assert len([name for name in consumers if name.startswith("feed-")]) == 1
