"""Rows a second: a CSV file checked, quantified by gas and committed with lineage, against a bare COPY of its rows.

The COPY puts the same rows, encoded beforehand, into tables of the same columns, keys, foreign keys and indexes, which
grow as ours do. It goes as the owner and without row security, under which PostgreSQL has no COPY, and it knows neither
checks, nor factors, nor totals, nor triggers. It is the floor.
"""

import csv
import io
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count, cycle, islice

import asyncpg

from chassis.access import Grant, Principal
from contracts.access import Role
from inventory.spreadsheet import JOB_LIMITS
from inventory.usecases import imports
from lichen import sample
from tools.bench.bed import LOCATION, Bed, Parts, bed
from tools.bench.measure import Measure, Reference

__all__ = ["import_rows"]

ROWS = 300_000
TEAM = Principal(subject="team", name="team", grants=(Grant(role=Role.TECHNICAL_TEAM, location_id=LOCATION),))
TWINS = {"activity_record": "bench_record"}
IDS_APART = 10_000_000
"""Between one copy of a row and the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    bed: Bed
    owner: "asyncpg.Connection[asyncpg.Record]"
    copies: "count[int]" = field(default_factory=lambda: count(1))


@asynccontextmanager
async def prepare(parts: Parts) -> AsyncIterator[Setting]:
    async with bed(parts, service="inventory") as inventory:
        owner = await asyncpg.connect(inventory.urls.owner)
        try:
            await _make_twins(owner)
            yield Setting(bed=inventory, owner=owner)
            await _require_same_counts(owner)
        finally:
            await owner.close()


def file_of(tag: str) -> bytes:
    """The sample's year over and over, to its mix of flights, waste, meters and fuel.

    Days and amounts differ from row to row; the notes tell the rows apart.
    """
    header, *lines = csv.reader(io.StringIO(sample.activity_file(LOCATION).read_text(encoding="utf-8")))
    first, last, amount = (header.index(name) for name in ("start", "end", "amount"))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for number, line in enumerate(islice(cycle(lines), ROWS)):
        row = [*line[:-1], f"{tag} {number}"]
        begin = date(sample.YEAR, 1, 1) + timedelta(days=number % 330)
        row[first], row[last] = str(begin), str(begin + timedelta(days=number % 31))
        if row[amount]:
            row[amount] = f"{number % 9_973}.{number % 97:02}"
        writer.writerow(row)
    return text.getvalue().encode()


async def imported(setting: Setting) -> float:
    content = file_of(uuid.uuid4().hex)
    began = time.perf_counter()
    async with setting.bed.database.transaction([LOCATION]) as tx:
        now = datetime.now(UTC)
        inventory = await imports.open_inventory(tx, principal=TEAM, now=now, location_id=LOCATION, year=sample.YEAR)
        await imports.take_in(
            tx,
            principal=TEAM,
            now=now,
            inventory=inventory,
            file_name="bench.csv",
            content=content,
            content_hash=sha256(content).hexdigest(),
            limits=JOB_LIMITS,
        )
    return ROWS / (time.perf_counter() - began)


async def copied(setting: Setting) -> float:
    owner = setting.owner
    rows = await _last_import(setting)
    began = time.perf_counter()
    async with owner.transaction():
        for table, (columns, encoded) in rows.items():
            await owner.copy_to_table(TWINS[table], source=io.BytesIO(encoded), columns=columns, format="binary")
    return ROWS / (time.perf_counter() - began)


async def _last_import(setting: Setting) -> dict[str, tuple[list[str], bytes]]:
    """Columns and binary rows of what our side stored last, by table, under ids that the twins do not have yet."""
    owner, apart = setting.owner, next(setting.copies) * IDS_APART
    found = {}
    async with owner.transaction():
        await owner.execute("SELECT set_config('app.roots', 'secretariat', true)")
        for table in TWINS:
            columns: list[str] = await owner.fetchval(
                "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute"
                " WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped",
                table,
            )
            # The id is the first column, and an import has every id that it drew.
            key, *others = columns
            encoded = io.BytesIO()
            await owner.copy_from_query(
                f"SELECT {key} + {apart}, {', '.join(others)} FROM {table}"
                f" WHERE {key} > (SELECT max(id) FROM activity_record) - {ROWS} ORDER BY {key}",
                output=encoded,
                format="binary",
            )
            found[table] = columns, encoded.getvalue()
    return found


async def _make_twins(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    for table, twin in TWINS.items():
        await owner.execute(f"CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
        keys = await owner.fetch(
            "SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid = $1::text::regclass",
            table,
        )
        for key in keys:
            await owner.execute(f"ALTER TABLE {twin} ADD {key['definition']}")


async def _require_same_counts(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Refuses: RuntimeError when the two sides have not stored the same number of rows."""
    async with owner.transaction():
        await owner.execute("SELECT set_config('app.roots', 'secretariat', true)")
        for table, twin in TWINS.items():
            ours, theirs = [await owner.fetchval(f"SELECT count(*) FROM {name}") for name in (table, twin)]
            if ours != theirs or ours == 0:
                message = f"{table} has {ours} rows, and {twin} {theirs}"
                raise RuntimeError(message)


import_rows = Measure(
    name="import_rows",
    unit="rows/s",
    higher_is_better=True,
    prepare=prepare,
    ours=imported,
    references=(Reference(against="bare COPY as owner, same rows, keys, indexes", run=copied),),
    runs=3,
    warm_up_runs=1,
)
