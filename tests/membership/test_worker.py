"""The directory comes to say what the record says, whatever happens on the way."""

import asyncio
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from access import usecases
from access.directory.by_keycloak import open_directory
from access.directory.interface import DirectoryAway
from access.people import People
from chassis.access import Grant, Principal
from contracts.access import Role

TEAM = "/locations/secretariat/unon/technical-team"
CHAIR = Principal(
    subject="subject-of-the-chair",
    name="unon-chair",
    grants=(Grant(role=Role.LOCAL_CHAIR, location_id="unon"),),
    token="a token",
)
DEADLINE_S = 20


@pytest.fixture
def give(record):
    async def call(user_name="newcomer", *, for_s=None, role=Role.TECHNICAL_TEAM, at="unon"):
        now = datetime.now(UTC)
        async with record.database.transaction(["unon"]) as tx:
            return await usecases.add_member(
                tx,
                principal=CHAIR,
                now=now,
                people=People(directory=record.directory, lookups_per_minute=600),
                location_id=at,
                user_name=user_name,
                role=role,
                valid_from=None,
                valid_until=None if for_s is None else now + timedelta(seconds=for_s),
                justification="needed",
                substitutes_id=None,
            )

    return call


@pytest.fixture
def take(record):
    async def call(membership):
        async with record.database.transaction(["unon"]) as tx:
            await usecases.end_membership(
                tx, principal=CHAIR, now=datetime.now(UTC), membership_id=membership.id, reason="left"
            )

    return call


async def until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def groups_of(record, user_name="newcomer"):
    return await record.directory.groups_of((await record.directory.person(user_name=user_name)).subject)


async def drift(record):
    rows = await record.query("SELECT user_name, role, kind FROM drift WHERE gone_at IS NULL AND location_id = 'unon'")
    return sorted(tuple(row) for row in rows)


async def test_what_was_decided_is_in_the_directory_and_what_was_taken_is_not(record, give, take, groups_in_token):
    membership = await give()
    assert await record.worker().apply() == 1
    assert groups_in_token("newcomer") == [TEAM]
    assert await record.worker().apply() == 0

    await take(membership)
    assert await record.worker().apply() == 1
    assert groups_in_token("newcomer") == []
    effects = await record.query("SELECT effect FROM membership_effect ORDER BY number")
    assert [row["effect"] for row in effects] == ["joined", "left"]


async def test_an_end_date_takes_effect_without_anybody_acting_and_is_told_once(record, give):
    await give(for_s=2)
    running = [asyncio.create_task(worker.run()) for worker in (record.worker(), record.worker())]

    async def has_left():
        return bool(await record.query("SELECT FROM membership_effect WHERE effect = 'left'"))

    await until(has_left)
    for task in running:
        task.cancel()
    assert await groups_of(record) == frozenset()
    rows = await record.query("SELECT subject, convert_from(payload, 'UTF8') AS payload FROM outbox ORDER BY id")
    assert [row["subject"].split(".")[2] for row in rows] == ["membership_granted", "membership_ended"]
    assert '"how":"expired"' in rows[1]["payload"].replace('": "', '":"')


async def test_what_began_and_expired_while_the_directory_was_away_is_said_to_have_ended(record, give):
    await give(for_s=0.01)
    worker = record.worker()

    async def was_told():
        return await worker.apply() == 1

    await until(was_told)
    assert await worker.apply() == 0
    rows = await record.query("SELECT subject FROM outbox ORDER BY id")
    assert [row["subject"].split(".")[2] for row in rows] == ["membership_granted", "membership_ended"]
    assert await groups_of(record) == frozenset()


async def test_a_group_that_is_not_there_yet_is_made(record, give):
    await record.location_is_registered("nairobi-annex", "secretariat.unon.nairobi-annex", "site")
    await give(at="nairobi-annex")

    assert await record.worker().apply() == 1
    assert await groups_of(record) == {"/locations/secretariat/unon/nairobi-annex/technical-team"}


async def test_the_groups_of_newly_registered_locations_are_made_unasked(record):
    await record.location_is_registered("nairobi-annex", "secretariat.unon.nairobi-annex", "site")
    running = asyncio.create_task(record.worker().run())

    async def is_there():
        return "/locations/secretariat/unon/nairobi-annex/technical-team" in await record.directory.groups()

    await until(is_there)
    running.cancel()


async def test_while_the_directory_is_away_nothing_is_lost(record, give, settings):
    await give()
    gone = settings.model_copy(update={"directory_url": "http://127.0.0.1:1"})
    async with open_directory(gone) as away:
        worker = record.worker()
        worker.directory = away
        with pytest.raises(DirectoryAway):
            await worker.apply()
        assert await record.query("SELECT FROM membership_effect") == []

    assert await record.worker().apply() == 1
    assert await groups_of(record) == {TEAM}


async def test_somebody_whom_the_directory_has_no_more_does_not_hold_up_the_others(record, give):
    lost = await give("steering")
    await record.query("UPDATE membership SET subject = $2 WHERE id = $1", lost.id, str(uuid.uuid4()))
    await give()
    worker = record.worker()

    assert await worker.apply() == 1
    asked = []

    async def counted(request):
        asked.append(request.url.path)

    # And is not asked for again at once.
    await worker.apply()
    record.directory._connection.async_s.event_hooks["request"].append(counted)  # counted, not changed
    assert await worker.apply() == 0
    assert asked == []
    assert await groups_of(record) == {TEAM}


async def test_one_of_two_memberships_in_the_same_role_ends_and_the_person_stays(record, give, take):
    first = await give(for_s=3600)
    await record.worker().apply()
    await record.query(
        "INSERT INTO membership SELECT 'another', location_id, role, subject, user_name, kind, substitutes_id,"
        " valid_from, NULL, justification, proposed_by_subject, proposed_by, proposed_at, needs_confirmation"
        " FROM membership"
    )
    await record.worker().apply()
    await take(first)

    assert await record.worker().apply() == 1
    assert await groups_of(record) == {TEAM}


@pytest.mark.parametrize(
    ("setting", "chair_stays", "newcomer_back"),
    [("report", True, False), ("restore", True, True), ("undo", False, True), ("adopt", True, True)],
)
async def test_a_change_by_hand_is_listed_and_settled_as_configured(record, give, setting, chair_stays, newcomer_back):
    await give()
    await record.worker().apply()
    newcomer = await record.directory.person(user_name="newcomer")
    await record.directory.leave(newcomer.subject, TEAM)

    await record.worker(drift=setting).sweep()

    assert await drift(record) == [
        ("newcomer", "technical-team", "missing"),
        ("unon-chair", "local-chair", "unrecorded"),
        ("unon-technical", "technical-team", "unrecorded"),
    ]
    assert bool(await groups_of(record, "unon-chair")) is chair_stays
    assert bool(await groups_of(record)) is newcomer_back
    await record.worker().sweep()
    left = {kind for _, _, kind in await drift(record)}
    assert left == {"report": {"missing", "unrecorded"}, "restore": {"unrecorded"}}.get(setting, set())


async def test_the_sweep_moves_the_group_of_a_location_that_moved(record, groups_in_token):
    before = (await record.directory.groups()).by_path["/locations/secretariat/unon"]
    await record.location_moves("unon", "secretariat.field-missions.unon")

    await record.worker().sweep()

    after = (await record.directory.groups()).by_path["/locations/secretariat/field-missions/unon"]
    assert after.id == before.id
    assert groups_in_token("unon-chair") == ["/locations/secretariat/field-missions/unon/local-chair"]
