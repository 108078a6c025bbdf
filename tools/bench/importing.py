"""Rows a second: a CSV file checked, quantified by gas and committed with lineage, against a bare COPY of its rows.

The COPY goes into tables of the same columns, keys and indexes, as the owner, from values that are ready: COPY is not
to be had under row security, and knows neither rights, nor checks, nor factors, nor totals. It is the floor.
"""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg

from chassis.access import Grant, Principal
from contracts.access import Role
from inventory import usecases
from tools.bench.bed import Bed
from tools.bench.measure import Comparison

__all__ = ["importing"]

ROWS = 5_000
HEADER = "site,category,item,start,end,amount,unit,origin,destination,class,passengers,return,treatment,quality,note\n"
TEAM = Principal(subject="team", name="team", grants=(Grant(role=Role.TECHNICAL_TEAM, location_id="unon"),))
RECORD_COLUMNS = (
    "inventory_id", "import_id", "location_id", "sheet", "row_number", "category", "item", "period_start", "period_end",
    "amount", "unit", "details", "quality", "note",
)  # fmt: skip
EMISSION_COLUMNS = (
    "inventory_id", "location_id", "scope", "category", "optional", "factor_id", "factor_release", "explanation",
    "gwp_set", "gas_kg", "co2e_kg", "biogenic_co2_kg",
)  # fmt: skip


def file_of(tag: str) -> bytes:
    """A year's meter readings and generator fuel; the note tells one file from another."""
    lines = []
    for number in range(ROWS):
        month = f"2024-{number % 12 + 1:02}"
        what, unit = ("grid_electricity,", "kWh") if number % 2 else ("generator_fuel,diesel", "litre")
        lines.append(f"unon,{what},{month}-01,{month}-28,{1000 + number}.5,{unit},,,,,,,measured,{tag} {number}\n")
    return (HEADER + "".join(lines)).encode()


async def importing(bed: Bed) -> Comparison:
    owner = await asyncpg.connect(bed.urls.owner)
    await _twins(owner)

    async def ours() -> float:
        content = file_of(uuid.uuid4().hex)
        began = time.perf_counter()
        async with bed.database.transaction(["unon"]) as tx:
            await usecases.import_activity_data(
                tx,
                principal=TEAM,
                now=datetime.now(UTC),
                location_id="unon",
                year=2024,
                file_name="bench.csv",
                content=content,
            )
        return ROWS / (time.perf_counter() - began)

    await ours()
    records, emissions = await _rows(owner)

    async def copied() -> float:
        await owner.execute("TRUNCATE bench_emission, bench_record")
        ids = range(1, ROWS + 1)
        began = time.perf_counter()
        async with owner.transaction():
            await owner.copy_records_to_table(
                "bench_record",
                columns=("id", *RECORD_COLUMNS),
                records=[(number, *row) for number, row in zip(ids, records, strict=True)],
            )
            await owner.copy_records_to_table(
                "bench_emission",
                columns=("activity_record_id", *EMISSION_COLUMNS),
                records=[(number, *row) for number, row in zip(ids, emissions, strict=True)],
            )
        return ROWS / (time.perf_counter() - began)

    return Comparison(
        name="import_rows",
        unit="rows/s",
        higher_is_better=True,
        ours=ours,
        reference=copied,
        reference_name="bare COPY of the same rows, same keys and indexes",
        runs=5,
        warm_up=1,
    )


async def _twins(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    for name, twin in (("activity_record", "bench_record"), ("emission", "bench_emission")):
        await owner.execute(f"CREATE TABLE {twin} (LIKE {name} INCLUDING ALL)")
    foreign = (
        ("bench_record", "inventory_id", "inventory (id)"),
        ("bench_record", "import_id", "activity_import (id)"),
        ("bench_record", "location_id", "location (id)"),
        ("bench_emission", "activity_record_id", "bench_record (id)"),
        ("bench_emission", "inventory_id", "inventory (id)"),
        ("bench_emission", "location_id", "location (id)"),
    )
    for table, column, target in foreign:
        await owner.execute(f"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {target}")


async def _rows(owner: "asyncpg.Connection[asyncpg.Record]") -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What the last import stored, as COPY wants it."""
    async with owner.transaction():
        await owner.execute("SELECT set_config('app.roots', 'secretariat', true)")
        records = await owner.fetch(
            f"SELECT {', '.join(RECORD_COLUMNS)} FROM activity_record ORDER BY id DESC LIMIT {ROWS}"
        )
        emissions = await owner.fetch(
            f"SELECT {', '.join(EMISSION_COLUMNS)} FROM emission ORDER BY activity_record_id DESC LIMIT {ROWS}"
        )
    return [tuple(row) for row in records], [tuple(row) for row in emissions]
