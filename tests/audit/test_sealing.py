"""What is added to a record is sealed and kept by another service, which takes no seal that does not fit."""

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text

from chassis.audit.hashing import leaf_hash, leaves_of, merkle_root
from chassis.audit.reading import seals_of, verify
from chassis.audit.sealing import BATCH_MAX, RecordBroken, Sealer
from chassis.database import Database
from chassis.inbox import EventUnreadable, Outcome
from chassis.testing import registered
from contracts.audit import SEALS, WITNESSES
from contracts.message import EventMessage
from tests.audit.conftest import ROOT
from tests.audit.test_append_only import append_all, entry

NATS_MESSAGE_MAX = 256 * 1024


async def verdict_of(where, witness):
    async with witness.database.transaction([ROOT]) as tx:
        seals = await seals_of(tx, where.name)
    async with where.database.transaction([ROOT]) as tx:
        return await verify(tx, service=where.name, seals=seals)


@pytest.mark.parametrize("source", list(WITNESSES))
async def test_every_services_record_is_sealed_and_kept_by_its_witness(audited, source):
    where, witness = await audited(source), await audited(WITNESSES[source])
    await append_all(where.database, [entry(number) for number in range(1, 8)])
    assert await where.seal() == 7
    await append_all(where.database, [entry(number) for number in range(8, 11)])
    assert (await where.seal(), await where.seal()) == (3, 0)
    await append_all(where.database, [entry(11)])

    outcomes = [await witness.inbox.take(message) for message in await where.said()]

    assert outcomes == [Outcome.APPLIED, Outcome.APPLIED]
    verdict = await verdict_of(where, witness)
    assert (verdict.finding, verdict.entries, verdict.sealed, verdict.on_the_chain_alone) == (None, 11, 10, 1)
    # The witness has no entry of it: two that witness each other would never come to rest.
    assert await witness.entries() == []


async def test_a_seal_holds_the_leaves_of_what_it_is_of_and_fits_a_message(audited):
    where = await audited("targets")
    await append_all(where.database, [entry(number) for number in range(1, BATCH_MAX + 2)])

    assert (await where.seal(), await where.seal(), await where.seal()) == (BATCH_MAX, 1, 0)

    first, second = await where.said()
    seal = SEALS["targets"].model_validate_json(first.payload)
    leaves = [leaf_hash(entry(number).contents()) for number in range(1, BATCH_MAX + 1)]
    assert leaves_of(b64decode(seal.leaves)) == leaves
    assert (seal.first_seq, seal.last_seq, seal.root) == (1, BATCH_MAX, merkle_root(leaves).hex())
    assert len(first.payload) + sum(map(len, first.headers.values())) < NATS_MESSAGE_MAX / 4
    assert second.headers["ce-aggregateversion"] == "2"


def changed(message: EventMessage, **fields) -> EventMessage:
    seal = SEALS["targets"].model_validate_json(message.payload).model_copy(update=fields)
    return EventMessage(
        subject=message.subject,
        headers=dict(message.headers) | {"ce-id": "another"},
        payload=seal.model_dump_json().encode(),
    )


async def test_a_witness_takes_no_seal_that_does_not_fit(audited):
    where, witness = await audited("targets"), await audited("reporting")
    await append_all(where.database, [entry(1), entry(2), entry(3)])
    await where.seal()
    (message,) = await where.said()
    two = b64encode(b64decode(SEALS["targets"].model_validate_json(message.payload).leaves)[:64]).decode()

    for fields in (
        {"root": "00" * 32}, {"chain_head": "00" * 32}, {"root": "no hash"}, {"leaves": "=no base64="}, {"leaves": two},
        {"leaves": "", "last_seq": 0}, {"first_seq": 2}, {"last_seq": 2}, {"first_seq": 2, "last_seq": 4},
    ):  # fmt: skip
        with pytest.raises(EventUnreadable, match="seal of the audit record of targets"):
            await witness.inbox.take(changed(message, **fields))

    async with witness.database.transaction([ROOT]) as tx:
        assert await seals_of(tx, "targets") == []
    assert await witness.inbox.take(message) is Outcome.APPLIED
    with pytest.raises(EventUnreadable, match="begins at 1"):
        await witness.inbox.take(
            EventMessage(
                subject=message.subject,
                headers=dict(message.headers) | {"ce-id": "again", "ce-aggregateversion": "2"},
                payload=message.payload,
            )
        )


async def test_what_was_changed_before_its_seal_is_not_sealed(audited):
    where = await audited("targets")
    await append_all(where.database, [entry(1), entry(2)])
    owner = await asyncpg.connect(where.urls.owner)
    await owner.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
    await owner.execute("ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY")
    for change, undo in (
        ("UPDATE audit_entry SET reason = 'x' WHERE seq = 1", "UPDATE audit_entry SET reason = NULL"),
        ("UPDATE audit_entry SET seq = 9 WHERE seq = 1", "UPDATE audit_entry SET seq = 1 WHERE seq = 9"),
        (
            "UPDATE audit_head SET hash = '\\x00'",
            "UPDATE audit_head SET hash = e.hash FROM audit_entry e WHERE e.seq = 2",
        ),
    ):
        await owner.execute(change)
        with pytest.raises(RecordBroken):
            await where.seal()
        await owner.execute(undo)
    await owner.close()

    assert await where.said() == []
    assert await where.seal() == 2


async def test_nothing_is_sealed_before_the_root_is_registered(audited, database_for):
    urls = database_for("targets")
    database = Database.connect(urls.serving, pool_size=2)
    where = await audited("targets")
    where.database, where.urls = database, urls
    await append_all(database, [entry(1)])

    assert await where.seal() == 0


async def test_one_process_seals_at_a_time(audited):
    where = await audited("targets")
    await append_all(where.database, [entry(1)])
    async with where.database.transaction([ROOT]) as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('lichen audit sealer'))"))
        assert await where.seal() == 0

    assert await where.seal() == 1


async def test_sealing_goes_on_after_trouble(audited, monkeypatch):
    where = await audited("targets")
    await append_all(where.database, [entry(1)])
    troubles = iter([asyncpg.CannotConnectNowError("starting up"), RuntimeError("a bug"), RecordBroken(None)])
    seal_once = Sealer.seal_once

    async def with_trouble(sealer: Sealer) -> int:
        for trouble in troubles:
            raise trouble
        return await seal_once(sealer)

    monkeypatch.setattr(Sealer, "seal_once", with_trouble)
    running = asyncio.create_task(Sealer(where.database, service="targets", root=ROOT, interval_s=0.01).run())
    async with asyncio.timeout(20):
        while not await where.said():
            await asyncio.sleep(0.01)
    running.cancel()

    assert len(await where.said()) == 1


async def test_an_effect_of_an_event_is_recorded_with_its_source(audited):
    where = await audited("targets")
    fact = registered("unov", f"{ROOT}.unov")
    traceparent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    message = EventMessage.of(
        fact, event_id="e1", location_path=f"{ROOT}.unov", occurred_at=datetime.now(UTC), aggregate_version=1,
        traceparent=traceparent,
    )  # fmt: skip

    outcomes = [await where.inbox.take(message) for _ in range(2)]

    assert outcomes == [Outcome.APPLIED, Outcome.DUPLICATE]
    (found,) = await where.entries()
    assert {name: found[name] for name in found if name not in {"seq", "hash", "id", "at", "input"}} == {
        "subject": "/lichen/inventory", "name": "inventory", "event_id": "e1",
        "action": "lichen.inventory.location_registered.v1", "capability": None, "record_kind": "location",
        "record_id": "unov", "location_id": "unov", "reason": None, "outcome": "done", "refusal_code": None,
        "trace_id": "ab" * 16,
    }  # fmt: skip
