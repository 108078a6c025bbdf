"""A thousand forgeries by somebody who owns the database: each is found, and the first wrong entry is named.

The forger has switched off triggers and constraints, knows how the chain is computed and computes it anew where that
helps. Of the 30 entries, the first 24 are sealed; the others rest on the chain alone, so that a consistent rewrite of
just these is not among the forgeries (it could not be told).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import asyncpg
import pytest

from chassis.audit.entry import CONTENTS, contents
from chassis.audit.hashing import chained, genesis, leaf_hash, merkle_root
from chassis.audit.reading import verify
from chassis.audit.verification import Finding, Head, Seal, Verifier, What
from tests.audit.conftest import ROOT
from tests.audit.test_append_only import append_all, entry

FORGERIES = 1_000
IN_DATABASE = 24
"""Forgeries that are left in the table itself and looked for there."""
ENTRIES, SEALED = 30, 24
SERVICE = "targets"
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """The table and the head as the forger leaves them, and what should be found."""

    rows: Rows
    head: tuple[int, bytes]
    seq: int
    whats: set[What]
    entry_id: str | None = None


def head_of(rows: Rows) -> tuple[int, bytes]:
    return rows[-1]["seq"], rows[-1]["hash"]


def computed_anew(rows: Rows) -> Rows:
    """The rows in this order, numbered and chained as if it had always been so."""
    chain, found = genesis(SERVICE), []
    for seq, row in enumerate(rows, start=1):
        chain = chained(chain, seq=seq, leaf=leaf_hash(contents(row)))
        found.append(row | {"seq": seq, "hash": chain})
    return found


def another(value: Any, dice: random.Random) -> Any:
    match value:
        case None:
            return "something"
        case bytes():
            return dice.randbytes(32)
        case datetime():
            return value + timedelta(microseconds=dice.choice([-1, 1, 10**9]))
        case _:
            return dice.choice([value + "x", value[:-1], "", "x" + value])


def edit(rows: Rows, dice: random.Random) -> Forged:
    k, column = dice.randrange(ENTRIES), dice.choice([*CONTENTS, "hash"])
    forged = [dict(row) for row in rows]
    value = (
        None if column in NULLABLE and forged[k][column] and dice.random() < 0.3 else another(forged[k][column], dice)
    )
    forged[k][column] = value
    if column != "hash" and k < SEALED and dice.random() < 0.5:
        forged = computed_anew(forged)
    return Forged(rows=forged, head=head_of(forged), seq=k + 1, whats={What.ALTERED}, entry_id=forged[k]["id"])


def renumber(rows: Rows, dice: random.Random) -> Forged:
    k, number = dice.randrange(ENTRIES), dice.choice([-3, 0, ENTRIES + 1, ENTRIES + 100])
    forged = [dict(row) for row in rows]
    forged[k]["seq"] = number
    # Only the sealed ones are known to have been there.
    whats = {What.REORDERED} if k < SEALED else {What.INSERTED, What.MISSING}
    return Forged(rows=forged, head=head_of(rows), seq=min(k + 1, number), whats=whats)


def delete(rows: Rows, dice: random.Random) -> Forged:
    if dice.random() < 0.5:
        k = dice.randrange(ENTRIES)
        return Forged(rows=rows[:k] + rows[k + 1 :], head=head_of(rows), seq=k + 1, whats={What.MISSING})
    k = dice.randrange(SEALED - 1)
    closed_up = computed_anew(rows[:k] + rows[k + 1 :])
    return Forged(rows=closed_up, head=head_of(closed_up), seq=k + 1, whats={What.MISSING})


def insert(rows: Rows, dice: random.Random) -> Forged:
    k = dice.randrange(SEALED)
    made = rows[k] | {"id": f"forged-{dice.random()}", "reason": "it always was so"}
    match dice.choice(["shifted", "beside", "copied", "behind"]):
        case "shifted":
            forged = computed_anew([*rows[:k], made, *rows[k:]])
            return Forged(rows=forged, head=head_of(forged), seq=k + 1, whats={What.INSERTED}, entry_id=made["id"])
        case "beside":
            return Forged(rows=[*rows, made], head=head_of(rows), seq=k + 1, whats={What.INSERTED}, entry_id=made["id"])
        case "copied":
            return Forged(
                rows=[*rows, dict(rows[k])], head=head_of(rows), seq=k + 1, whats={What.INSERTED},
                entry_id=rows[k]["id"],
            )  # fmt: skip
        case _:
            forged = computed_anew([*rows, made])
            return Forged(rows=forged, head=head_of(rows), seq=ENTRIES + 1, whats={What.INSERTED}, entry_id=made["id"])


def reorder(rows: Rows, dice: random.Random) -> Forged:
    if dice.random() < 0.3:
        i, j = sorted(dice.sample(range(SEALED, ENTRIES), 2))
        whats = {What.ALTERED}  # the chain says that it does not belong there, not where it does
    else:
        i, j = sorted(dice.sample(range(SEALED), 2))
        whats = {What.REORDERED}
    forged = [dict(row) for row in rows]
    forged[i], forged[j] = rows[j] | {"seq": i + 1}, rows[i] | {"seq": j + 1}
    if j < SEALED and dice.random() < 0.5:
        forged = computed_anew(forged)
    return Forged(rows=forged, head=head_of(forged), seq=i + 1, whats=whats, entry_id=rows[j]["id"])


def truncate(rows: Rows, dice: random.Random) -> Forged:
    keep = dice.randrange(ENTRIES)
    kept = rows[:keep]
    rewound = keep < SEALED and dice.random() < 0.5
    head = (keep, kept[-1]["hash"] if kept else genesis(SERVICE)) if rewound else head_of(rows)
    return Forged(rows=kept, head=head, seq=keep + 1, whats={What.MISSING})


def rewrite(rows: Rows, dice: random.Random) -> Forged:
    """The whole table anew, with a chain and a head that fit."""
    changed = sorted({dice.randrange(SEALED), *dice.sample(range(ENTRIES), dice.randint(0, ENTRIES - 1))})
    forged = [dict(row) for row in rows]
    for k in changed:
        forged[k]["input"] = f'{{"number":{k},"forged":{dice.random()}}}'
    forged = computed_anew(forged)
    return Forged(
        rows=forged, head=head_of(forged), seq=changed[0] + 1, whats={What.ALTERED}, entry_id=rows[changed[0]]["id"]
    )


KINDS = (edit, edit, renumber, delete, insert, reorder, truncate, rewrite)
NULLABLE = {"event_id", "capability", "record_kind", "record_id", "reason", "refusal_code", "trace_id"}


@pytest.fixture
async def record(audited):
    """A record, the seal of its beginning, and a connection of the owner who has taken the locks off."""
    where = await audited(SERVICE)
    await append_all(where.database, [entry(n, reason="why" if n % 2 else None) for n in range(1, ENTRIES + 1)])
    rows = await where.entries()
    leaves = [leaf_hash(contents(row)) for row in rows[:SEALED]]
    seal = Seal(
        first_seq=1, last_seq=SEALED, leaves=b"".join(leaves), root=merkle_root(leaves),
        chain_head=rows[SEALED - 1]["hash"],
    )  # fmt: skip
    owner = await asyncpg.connect(where.urls.owner)
    await owner.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
    await owner.execute("ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY")
    constraints = "SELECT conname FROM pg_constraint WHERE conrelid = 'audit_entry'::regclass AND contype <> 'n'"
    for row in await owner.fetch(constraints):
        await owner.execute(f'ALTER TABLE audit_entry DROP CONSTRAINT "{row["conname"]}"')
    for column in [*CONTENTS, "seq", "hash"]:
        await owner.execute(f"ALTER TABLE audit_entry ALTER {column} DROP NOT NULL")
    yield where, rows, seal, owner
    await owner.close()


async def leave(owner, forged: Forged) -> None:
    """Put the forgery in the place of the record."""
    columns = [*CONTENTS, "seq", "hash"]
    async with owner.transaction():
        await owner.execute("TRUNCATE audit_entry")
        await owner.copy_records_to_table(
            "audit_entry", columns=columns, records=[[row[column] for column in columns] for row in forged.rows]
        )
        await owner.execute("UPDATE audit_head SET seq = $1, hash = $2", *forged.head)


async def verdict_of(where, *seals: Seal):
    async with where.database.transaction([ROOT]) as tx:
        return await verify(tx, service=SERVICE, seals=seals)


async def test_a_record_that_nobody_touched_is_well(record):
    where, rows, seal, _ = record

    verdict = await verdict_of(where, seal)

    assert (verdict.finding, verdict.entries, verdict.sealed, verdict.on_the_chain_alone) == (
        None, ENTRIES, SEALED, ENTRIES - SEALED,
    )  # fmt: skip
    assert (await verdict_of(where)).finding is None
    assert rows[-1]["seq"] == ENTRIES


def forgeries(rows: Rows, *, seed: int) -> Iterator[Forged]:
    """One after another, each kind in its turn."""
    dice = random.Random(seed)
    for kind in cycle(KINDS):
        yield kind(rows, dice)


def is_named(finding: Finding | None, forged: Forged) -> bool:
    return (
        finding is not None
        and (finding.seq, finding.what in forged.whats) == (forged.seq, True)
        and forged.entry_id in (None, finding.entry_id)
    )


async def test_a_thousand_forgeries_are_found_and_the_first_wrong_entry_named(record):
    _, rows, seal, _ = record
    wrong = []
    for number, forged in zip(range(FORGERIES), forgeries(rows, seed=20260101), strict=False):
        verifier = Verifier(
            start=Head(seq=0, hash=genesis(SERVICE)), head=Head(seq=forged.head[0], hash=forged.head[1]), seals=[seal]
        )
        for row in sorted(forged.rows, key=lambda row: (row["seq"], row["id"])):
            verifier.take(row)
        finding = verifier.verdict().finding
        if not is_named(finding, forged):
            wrong.append((number, KINDS[number % len(KINDS)].__name__, forged.seq, forged.whats, finding))

    assert wrong == []


async def test_forgeries_in_the_database_itself_are_found(record):
    where, rows, seal, owner = record
    for _, forged in zip(range(IN_DATABASE), forgeries(rows, seed=7), strict=False):
        await leave(owner, forged)
        finding = (await verdict_of(where, seal)).finding
        assert is_named(finding, forged), (forged.seq, forged.whats, finding)


async def test_an_edit_of_any_column_is_found(record):
    where, rows, seal, owner = record
    for column in [*CONTENTS, "hash"]:
        for k in (SEALED - 1, ENTRIES - 1):
            forged = [dict(row) for row in rows]
            forged[k][column] = another(forged[k][column], random.Random(k))
            await leave(owner, Forged(rows=forged, head=head_of(rows), seq=k + 1, whats={What.ALTERED}))

            finding = (await verdict_of(where, seal)).finding

            assert (column, finding.seq, finding.what) == (column, k + 1, What.ALTERED)


async def test_a_head_that_was_changed_is_found(record):
    where, rows, seal, owner = record
    seq, chain = head_of(rows)
    for forged, what in (((seq, b"x" * 32), What.HEAD), ((seq + 1, chain), What.MISSING)):
        await owner.execute("UPDATE audit_head SET seq = $1, hash = $2", *forged)
        assert (await verdict_of(where, seal)).finding.what is what
    await owner.execute("UPDATE audit_head SET seq = $1, hash = $2", seq - 1, rows[-2]["hash"])
    assert (await verdict_of(where, seal)).finding.seq == seq


async def test_what_the_database_would_not_hold_is_found_as_well(record):
    """Nothing in every column that must have something, and no head at all."""
    where, rows, seal, owner = record
    for column in [*CONTENTS, "hash", "seq"]:
        await leave(owner, Forged(rows=[*rows[:-1], rows[-1] | {column: None}], head=head_of(rows), seq=0, whats=set()))
        finding = (await verdict_of(where, seal)).finding
        # Some columns have nothing in this entry as it is.
        assert (finding is None) is (column != "hash" and rows[-1].get(column) is None), column
    await leave(owner, Forged(rows=rows, head=head_of(rows), seq=0, whats=set()))
    await owner.execute("DELETE FROM audit_head")
    assert (await verdict_of(where, seal)).finding is not None


async def test_a_witness_that_was_changed_is_found(record):
    where, _, seal, _ = record
    other = bytes(32)
    changed = [
        replace(seal, root=other),
        replace(seal, chain_head=other),
        replace(seal, leaves=other + seal.leaves[32:]),
        replace(seal, leaves=seal.leaves[32:]),
        replace(seal, leaves=b"", last_seq=0),
        replace(seal, first_seq=2),
        replace(seal, last_seq=SEALED - 1),
    ]
    for item in changed:
        assert (await verdict_of(where, item)).finding.what is What.WITNESS
    assert (await verdict_of(where, seal, seal)).finding.what is What.WITNESS


async def test_a_consistent_rewrite_of_what_is_not_sealed_is_not_told_and_counted_as_such(record):
    where, rows, seal, owner = record
    forged = [dict(row) for row in rows]
    forged[-1]["reason"] = "another"
    forged = computed_anew(forged)
    await leave(owner, Forged(rows=forged, head=head_of(forged), seq=ENTRIES, whats=set()))

    verdict = await verdict_of(where, seal)

    assert (verdict.finding, verdict.on_the_chain_alone) == (None, ENTRIES - SEALED)
