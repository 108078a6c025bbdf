"""Nobody changes the record through the front door: not the service, and not the database's owner by plain SQL."""

from dataclasses import asdict
from datetime import UTC, datetime

import asyncpg
import pytest

from chassis.audit.entry import Entry, Outcome
from chassis.audit.writing import append
from contracts.catalogue import SERVICES
from tests.audit.conftest import ROOT

CHANGES = (
    "UPDATE audit_entry SET reason = 'another'",
    "UPDATE audit_entry SET seq = 5 WHERE seq = 1",
    "DELETE FROM audit_entry",
    "DELETE FROM audit_entry WHERE false",
    "TRUNCATE audit_entry",
    "UPDATE audit_witness SET root = '\\x00'",
    "DELETE FROM audit_witness",
    "TRUNCATE audit_witness",
)
OF_THE_HEAD = ("DELETE FROM audit_head", "TRUNCATE audit_head", "INSERT INTO audit_head VALUES (9, '', 0, '')")


def entry(number: int, **given) -> Entry:
    return Entry(
        **{
            "id": f"entry-{number:04}", "at": datetime(2026, 1, 1, 0, 0, number % 60, number, tzinfo=UTC),
            "subject": f"subject-{number % 5}", "name": f"person {number % 5}", "action": "setTarget",
            "capability": "target.manage", "record_kind": "target", "record_id": f"target-{number % 7}",
            "location_id": ("unon", "escwa", ROOT)[number % 3], "outcome": Outcome.DONE, "trace_id": f"{number:032x}",
            "input": f'{{"number":{number}}}',
        } | given
    )  # fmt: skip


async def append_all(database, entries) -> None:
    for item in entries:
        async with database.transaction([ROOT]) as tx:
            await append(tx, item)


@pytest.mark.parametrize("role", ["serving", "owner"])
@pytest.mark.parametrize("service", SERVICES)
async def test_neither_the_service_nor_the_owner_changes_an_entry(audited, service, role):
    where = await audited(service)
    await append_all(where.database, [entry(1)])
    before = await where.entries()
    connection = await asyncpg.connect(getattr(where.urls, role))
    try:
        await connection.execute(f"SET app.roots = '{ROOT}'")
        for change in (*CHANGES, *(OF_THE_HEAD if role == "serving" else ())):
            with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
                await connection.execute(change)
    finally:
        await connection.close()

    assert await where.entries() == before
    assert len(before) == 1


async def test_postgresql_computes_the_same_chain_as_we_do(audited):
    from chassis.audit.hashing import chained, genesis, leaf_hash

    where = await audited("targets")
    entries = [entry(number, reason="ö \"'\\ \n\t \x01 🌍" if number == 2 else None) for number in range(1, 6)]
    await append_all(where.database, entries)

    chain = genesis("targets")
    for seq, (written, found) in enumerate(zip(entries, await where.entries(), strict=True), start=1):
        chain = chained(chain, seq=seq, leaf=leaf_hash(written.contents()))
        assert found == asdict(written) | {"seq": seq, "hash": chain}


async def test_an_entry_whose_change_is_rolled_back_leaves_no_gap(audited):
    where = await audited("targets")
    async with where.database.engine.connect() as connection, connection.begin() as transaction:
        await append(connection, entry(1))
        await transaction.rollback()
    await append_all(where.database, [entry(2)])

    assert [(item["seq"], item["id"]) for item in await where.entries()] == [(1, "entry-0002")]
