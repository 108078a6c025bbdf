"""Rows a second: a CSV file checked, quantified by gas and committed with lineage, against a bare COPY of its rows.

Ours is the worker as the service begins it: a process of its own, timed from its start to its end, Python's own start
included, from compiled code as in its image. The COPY puts the same rows, encoded beforehand, into tables of the same
columns, keys, foreign keys and indexes, which grow as ours do. It goes as the owner and without row security, under
which PostgreSQL has no COPY, and it knows neither checks, nor factors, nor totals, nor triggers. It is the floor.
"""

import asyncio
import csv
import io
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path

import asyncpg
import psutil

from chassis.access import Grant, Principal
from contracts.access import Role
from inventory import usecases
from inventory.domain.import_job import ImportOrder, JobState
from inventory.domain.overlap import METERED
from inventory.store import import_jobs
from lichen import sample
from tools.bench.bed import LOCATION, Bed, Parts, bed
from tools.bench.measure import Measure, Reference

__all__ = ["file_of", "import_memory", "import_rows"]

ROWS = 300_000
MEMORY_MB = 600.0
"""What an import of so many rows may take."""
TEAM = Principal(subject="team", name="team", grants=(Grant(role=Role.TECHNICAL_TEAM, location_id=LOCATION),))
TWINS = {"activity_record": "bench_record"}
IDS_APART = 10_000_000
"""Between one copy of a row and the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    bed: Bed
    owner: "asyncpg.Connection[asyncpg.Record]"
    vault: Path
    """Where the worker keeps the files that it takes in."""
    copies: "count[int]" = field(default_factory=lambda: count(1))


@asynccontextmanager
async def prepare(parts: Parts, *, compared: bool = True) -> AsyncIterator[Setting]:
    async with bed(parts, service="inventory") as inventory:
        owner = await asyncpg.connect(inventory.urls.owner)
        try:
            if compared:
                await _make_twins(owner)
            yield Setting(bed=inventory, owner=owner, vault=parts.postgres.directory.parent / "evidence")
            if compared:
                await _require_same_counts(owner)
        finally:
            await owner.close()


def file_of(tag: str, *, rows: int = ROWS, year: int = sample.YEAR) -> bytes:
    """The sample's year over and over, to its mix of flights, waste, meters and fuel.

    Days and amounts differ from row to row. Each meter is read twelve times, month by month; the notes tell all other
    rows apart.
    """
    header, *lines = csv.reader(io.StringIO(sample.activity_file(LOCATION).read_text(encoding="utf-8")))
    first, last, amount, category = (header.index(name) for name in ("start", "end", "amount", "category"))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*header, "meter"])
    months = [date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)]
    readings: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(islice(cycle(lines), rows)):
        row = [*line[:-1], f"{tag} {number}", ""]
        if line[category] in METERED:
            metered = tuple(line[:3])
            reading = readings[metered] = readings.get(metered, -1) + 1
            row[-1] = f"{tag} {reading // 12}"
            begin, end = months[reading % 12], months[reading % 12 + 1] - timedelta(days=1)
        else:
            begin = months[0] + timedelta(days=number % 330)
            end = begin + timedelta(days=number % 31)
        row[first], row[last] = str(begin), str(end)
        if row[amount]:
            row[amount] = f"{number % 9_973}.{number % 97:02}"
        writer.writerow(row)
    return text.getvalue().encode()


async def imported(setting: Setting) -> float:
    seconds, _ = await _worked_off(setting)
    return ROWS / seconds


async def peak_of_worker(setting: Setting) -> float:
    """MB that the worker's process had at most at once."""
    _, peak = await _worked_off(setting)
    return peak / 1e6


async def the_bound(_: Setting) -> float:
    return MEMORY_MB


async def _worked_off(setting: Setting) -> tuple[float, int]:
    """Seconds of a worker from its start to its end, and the bytes that it had at most. Refuses: RuntimeError."""
    order = ImportOrder(location_id=LOCATION, year=sample.YEAR, file_name="bench.csv")
    database = setting.bed.database
    async with database.transaction([LOCATION]) as tx:
        job = await usecases.request_import(
            tx, principal=TEAM, now=datetime.now(UTC), order=order, content=file_of(uuid.uuid4().hex[:8])
        )
    began = time.perf_counter()
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inventory", "work-off-imports",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if worker.stdin is None:
        message = "the worker has no input"
        raise RuntimeError(message)
    told = {
        "database_url": setting.bed.urls.serving,
        "root": "secretariat",
        "evidence": {"url": setting.vault.as_uri()},
    }
    worker.stdin.write(json.dumps(told).encode() + b"\n")
    await worker.stdin.drain()
    peak, process = 0, psutil.Process(worker.pid)
    while worker.returncode is None:
        with suppress(psutil.Error):
            peak = max(peak, process.memory_info().rss)
        with suppress(TimeoutError):
            await asyncio.wait_for(worker.wait(), 0.02)
    seconds = time.perf_counter() - began
    async with database.transaction([LOCATION]) as tx:
        ended = await import_jobs.known(tx, job.id)
    if (ended.state, ended.rows_written) != (JobState.DONE, ROWS):
        message = f"the import is {ended}"
        raise RuntimeError(message)
    return seconds, peak


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
import_memory = Measure(
    name="import_memory",
    unit="MB",
    higher_is_better=False,
    prepare=partial(prepare, compared=False),
    ours=peak_of_worker,
    references=(Reference(against=f"the bound of {MEMORY_MB:.0f} MB", run=the_bound),),
    runs=1,
    warm_up_runs=0,
)
