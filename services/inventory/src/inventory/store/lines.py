"""SQL of lines in bulk: one INSERT … SELECT of each slice from arrays of its columns, under row security.

COPY is not to be had under row security. Arrays go over the wire as quickly, need no table to wait in, and tell
PostgreSQL how many lines there are.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import asyncpg
import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import SourceRow
from inventory.domain.checked_file import Checked, Kind, Line
from inventory.domain.inventory import Inventory
from inventory.domain.overlap import METERED, Meter, Reading, StoredReading
from inventory.store.records import add_coefficients

__all__ = ["SLICE", "add_checked", "import_comes_after", "import_is_there", "stored_overlaps"]

SLICE = 50_000
"""Lines of one INSERT: so often is it told how far it is."""

# Kinds come once each, and their details are read once; lines are joined to them by a hash.
_ADD = (
    "WITH kind AS MATERIALIZED ("
    " SELECT id - 1 AS id, location_id, category, item, unit, details::jsonb AS details, quality, scope, optional,"
    " uncertainty_percent FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],"
    " $9::integer[], $10::boolean[], $11::numeric[]) WITH ORDINALITY"
    " AS k (location_id, category, item, unit, details, quality, scope, optional, uncertainty_percent, id))"
    " INSERT INTO activity_record (inventory_id, import_id, location_id, sheet, row_number, category, item,"
    " period_start, period_end, amount, unit, details, quality, note, scope, optional, coefficient_id, co2e_kg,"
    " biogenic_co2_kg, uncertainty_percent)"
    " SELECT $1, $2, k.location_id, l.sheet, l.row_number, k.category, k.item, l.period_start, l.period_end, l.amount,"
    " k.unit, k.details, k.quality, l.note, k.scope, coalesce(c.optional, k.optional), l.coefficient_id,"
    " l.amount * c.co2e_kg_per_unit, l.amount * c.biogenic_co2_kg_per_unit, k.uncertainty_percent"
    " FROM unnest($12::integer[], $13::date[], $14::date[], $15::text[]::numeric[], $16::text[], $17::bigint[],"
    " $18::text[], $19::integer[]) WITH ORDINALITY"
    " AS l (kind, period_start, period_end, amount, note, coefficient_id, sheet, row_number, place)"
    " JOIN kind k ON k.id = l.kind LEFT JOIN coefficient c ON c.id = l.coefficient_id ORDER BY l.place"
)


async def _nobody(_: int) -> None:
    pass


async def import_comes_after(tx: AsyncConnection) -> None:
    """Lines may go in before the import that they are of, for how many they are is not known yet."""
    await tx.execute(text("SET CONSTRAINTS activity_record_import_id_fkey DEFERRED"))


async def import_is_there(tx: AsyncConnection) -> None:
    """From here on, every line has its import."""
    await tx.execute(text("SET CONSTRAINTS activity_record_import_id_fkey IMMEDIATE"))


async def add_checked(
    tx: AsyncConnection,
    checked: Checked,
    *,
    of: Inventory,
    import_id: str,
    said: Callable[[int], Awaitable[None]] = _nobody,
    ready: Callable[[int], Awaitable[int]] | None = None,
) -> None:
    """Sound lines of a file, in its order: each is its amount times its coefficient, unrounded.

    `said` is told the number of lines that are in, now and then. Where lines are still being added to `checked`,
    `ready` waits until there are some beyond that many, or none will come any more, and gives how many there are then.
    """
    # Enough to sort a slice without a file.
    await tx.execute(text("SET LOCAL work_mem = '64MB'"))
    driver: asyncpg.Connection[asyncpg.Record] = (await tx.get_raw_connection()).driver_connection
    # A problem takes lines out by another list; this one only grows.
    every, after, coefficients = checked.lines, 0, 0
    while (upto := len(every) if ready is None else await ready(after)) > after:
        upto = min(upto, after + SLICE)
        lines = every[after:upto]
        # Of these lines, and maybe of some beyond them. More may come while they are written.
        there = tuple(checked.coefficients)
        if len(there) > coefficients:
            await add_coefficients(tx, there)
            coefficients = len(there)
        # Prepared anew, and so planned for as many lines as there are: a plan that is kept is made for a handful.
        insert = await driver.prepare(_ADD)
        await insert.fetch(of.id, import_id, *_kinds(checked.kinds), *_columns(lines, checked=checked))
        await said(upto)
        after = upto


def _kinds(kinds: Sequence[Kind]) -> tuple[list[object], ...]:
    return (
        [item.location_id for item in kinds],
        [item.category.value for item in kinds],
        [item.item for item in kinds],
        [item.unit.value for item in kinds],
        [orjson.dumps(dict(item.details)).decode() for item in kinds],
        [item.quality for item in kinds],
        [item.category.scope for item in kinds],
        [item.category.is_optional for item in kinds],
        [item.uncertainty_percent for item in kinds],
    )


def _columns(lines: Sequence[Line], *, checked: Checked) -> tuple[Sequence[object], ...]:
    ids = [item.id for item in checked.coefficients]
    kind, start, end, amount, note, coefficient, sheet, row = zip(*lines, strict=True)
    # As text, PostgreSQL reads numbers more quickly than our driver writes them.
    amounts = list(map(str, amount))
    return kind, start, end, amounts, note, [None if of is None else ids[of] for of in coefficient], sheet, row


_STORED_OVERLAPS = text(
    "SELECT DISTINCT ON (f.place) f.place, r.period_start, r.period_end, r.sheet, r.row_number, i.file_name"
    " FROM unnest(CAST(:place AS integer[]), CAST(:location_id AS text[]), CAST(:category AS text[]),"
    " CAST(:item AS text[]), CAST(:number AS text[]), CAST(:first AS date[]), CAST(:after AS date[]))"
    " AS f (place, location_id, category, item, number, first, after)"
    " JOIN activity_record r ON r.location_id = f.location_id AND r.category = f.category AND r.item = f.item"
    " AND lower(regexp_replace(trim(coalesce(r.details ->> 'meter', '')), '\\s+', ' ', 'g')) = f.number"
    " AND r.period_start < f.after AND r.period_end > f.first"
    " JOIN activity_import i ON i.id = r.import_id"
    " WHERE r.inventory_id = :inventory_id AND r.import_id <> :but AND r.category = ANY (:metered)"
    " AND coalesce(r.details ->> 'form', 'amount') = 'amount'"
    # A proxy gives way to what is read.
    " AND NOT EXISTS (SELECT FROM proxy_estimate p WHERE p.record_id = r.id AND p.inventory_id = r.inventory_id)"
    " ORDER BY f.place, r.id"
)


async def stored_overlaps(
    tx: AsyncConnection, readings: Mapping[Meter, Sequence[Reading]], *, inventory_id: str, but: str = ""
) -> Sequence[tuple[Meter, Reading, StoredReading]]:
    """Readings that share a day with a line of the same meter that the inventory has, and the first such line."""
    by_place = {found.place: (meter, found) for meter, of_meter in readings.items() for found in of_meter}
    if not by_place:
        return []
    rows = await tx.execute(
        _STORED_OVERLAPS,
        {
            "inventory_id": inventory_id,
            "but": but,
            "metered": [category.value for category in METERED],
            "place": list(by_place),
            "location_id": [meter.location_id for meter, _ in by_place.values()],
            "category": [meter.category for meter, _ in by_place.values()],
            "item": [meter.item for meter, _ in by_place.values()],
            "number": [meter.number for meter, _ in by_place.values()],
            "first": [found.start for _, found in by_place.values()],
            "after": [found.end for _, found in by_place.values()],
        },
    )
    return [
        (
            *by_place[row.place],
            StoredReading(
                row.period_start, row.period_end, SourceRow(sheet=row.sheet, row=row.row_number), row.file_name
            ),
        )
        for row in rows
    ]
