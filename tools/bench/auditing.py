"""What the audit record costs: a mutation with its entry against the same without, and a record verified as a whole.

`audit_mutation` is `requestPurchase`, a light one (idempotency, purchase, event), through GraphQL on a durable
PostgreSQL; the reference leaves out the one statement that appends the entry. HTTP and tokens, which would make the
ratio smaller, are not in it.

`audit_verify_1000000` reads a sealed record of that many entries and its witness's seals, and holds one against the
other. The reference reads the same rows and looks at none of them.
"""

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Grant, Principal
from chassis.audit.entry import CONTENTS, Entry, Outcome
from chassis.audit.hashing import HASH_BYTES, chained, genesis, leaf_hash, leaves_of, merkle_root
from chassis.audit.reading import ROWS_AT_ONCE, seals_of, verify
from chassis.audit.sealing import BATCH_MAX
from chassis.graphql import edge
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema
from chassis.identity import Identity
from chassis.ids import new_id
from chassis.tables import audit_entry
from contracts.access import Role
from offsets.access import READ
from offsets.graphql.schema import schema
from tools.bench.bed import LOCATION, Bed, Parts, bed
from tools.bench.measure import Measure, Reference

__all__ = ["audit_mutation", "audit_verify"]

MUTATIONS = 100
ENTRIES = 1_000_000
ROOT = "secretariat"
CHAIR = Principal(subject="chair", name="chair", grants=(Grant(role=Role.LOCAL_CHAIR, location_id=LOCATION),))
REQUEST = """mutation($input: RequestPurchaseInput!) { requestPurchase(input: $input) {
    ... on Purchase { id state } ... on Refusal { code } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    bed: Bed
    schema: GraphQLSchema
    identity: Identity


@asynccontextmanager
async def prepare_mutations(parts: Parts) -> AsyncIterator[Setting]:
    async with bed(parts, service="offsets") as offsets:
        yield Setting(bed=offsets, schema=schema(offsets.settings), identity=Identity(offsets.settings))


async def with_entry(setting: Setting) -> float:
    """Mean milliseconds for one mutation. Refuses: RuntimeError when one is not done."""
    began = time.perf_counter()
    for _ in range(MUTATIONS):
        given = {
            "locationId": LOCATION,
            "year": 2024,
            "tonnes": 5,
            "justification": "travel that no train replaces",
            "idempotencyKey": str(uuid.uuid4()),
        }
        context = RequestContext(
            database=setting.bed.database, identity=setting.identity, principal=CHAIR, root=ROOT, reads=READ
        )
        answer = await setting.schema.execute(REQUEST, variable_values={"input": given}, context_value=context)
        if answer.errors or answer.data is None or "id" not in answer.data["requestPurchase"]:
            message = f"the mutation was not carried out: {answer}"
            raise RuntimeError(message)
    return (time.perf_counter() - began) / MUTATIONS * 1000


async def without_entry(setting: Setting) -> float:
    async def leave_out(_tx: AsyncConnection, _entry: Entry) -> None:
        pass

    with patch.object(edge, "append", leave_out):
        return await with_entry(setting)


@asynccontextmanager
async def prepare_record(parts: Parts) -> AsyncIterator[Bed]:
    async with bed(parts, service="targets") as targets:
        database = targets.urls.owner.rpartition("/")[2]
        above_rules = await asyncpg.connect(f"{parts.postgres.admin_url.rpartition('/')[0]}/{database}")
        try:
            await _fill(above_rules)
        finally:
            await above_rules.close()
        yield targets


async def _fill(above_rules: "asyncpg.Connection[asyncpg.Record]") -> None:
    """A record as if this many decisions had been taken, and the seals of it as its witness would keep them."""
    leaves = bytearray()
    chain = genesis("targets")
    heads = {0: chain}

    def rows() -> Iterator[tuple[object, ...]]:
        nonlocal chain
        for seq in range(1, ENTRIES + 1):
            entry = _entry(seq)
            leaf = leaf_hash(entry.contents())
            chain = chained(chain, seq=seq, leaf=leaf)
            leaves.extend(leaf)
            heads[seq] = chain
            values = asdict(entry)
            yield seq, chain, *(values[name] for name in CONTENTS)

    await above_rules.copy_records_to_table("audit_entry", records=rows(), columns=["seq", "hash", *CONTENTS])
    await above_rules.execute("UPDATE audit_head SET seq = $1, hash = $2", ENTRIES, chain)
    now = datetime.now(UTC)
    await above_rules.copy_records_to_table(
        "audit_witness",
        records=[
            (
                "targets", first, first + BATCH_MAX - 1, batch, merkle_root(leaves_of(batch)),
                heads[first + BATCH_MAX - 1], now, now,
            )
            for first in range(1, ENTRIES + 1, BATCH_MAX)
            for batch in [bytes(leaves[(first - 1) * HASH_BYTES : (first - 1 + BATCH_MAX) * HASH_BYTES])]
        ],
    )  # fmt: skip
    await above_rules.execute("VACUUM ANALYZE audit_entry")


def _entry(number: int) -> Entry:
    return Entry(
        id=new_id(),
        at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        subject=f"6f1c0b5e-0000-4000-8000-{number % 500:012}",
        name=f"person-{number % 500}",
        action="setTarget",
        capability="target.manage",
        record_kind="target",
        record_id=new_id(),
        location_id=LOCATION,
        outcome=Outcome.DONE,
        trace_id=f"{number:032x}",
        input=f'{{"baseValue":"1000","baseYear":2014,"indicator":"electricity","locationId":"{LOCATION}",'
        f'"targetValue":"{number}","targetYear":2034,"unit":"kWh"}}',
    )


async def verified(record: Bed) -> float:
    """Seconds. Refuses: RuntimeError when the record is not found whole, entries and seals."""
    began = time.perf_counter()
    async with record.database.transaction([ROOT]) as tx:
        verdict = await verify(tx, service="targets", seals=await seals_of(tx, "targets"))
    seconds = time.perf_counter() - began
    if verdict.finding is not None or (verdict.entries, verdict.sealed) != (ENTRIES, ENTRIES):
        message = f"the record was made whole and is not found so: {verdict}"
        raise RuntimeError(message)
    return seconds


async def read(record: Bed) -> float:
    began = time.perf_counter()
    async with record.database.transaction([ROOT]) as tx, tx.stream(select(audit_entry)) as rows:
        async for _ in rows.partitions(ROWS_AT_ONCE):
            pass
    return time.perf_counter() - began


audit_mutation = Measure(
    name="audit_mutation",
    unit="ms",
    higher_is_better=False,
    prepare=prepare_mutations,
    ours=with_entry,
    references=(Reference(against="the same mutation without its entry (at most 1.15)", run=without_entry),),
    runs=9,
)
audit_verify = Measure(
    name=f"audit_verify_{ENTRIES}",
    unit="s",
    higher_is_better=False,
    prepare=prepare_record,
    ours=verified,
    references=(Reference(against="the same rows read and not looked at (ours: below 60 s)", run=read),),
    runs=3,
    warm_up_runs=0,
)
