"""SQL of lines in bulk: COPY into a staging table, then one INSERT … SELECT of each slice, under row security.

COPY is not to be had under row security, and a staged line knows no location: it says of which kind it is, and what its
kind is stands beside it. Rows leave staging in the transaction in which they came.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache

import asyncpg
import orjson
from sqlalchemy import bindparam, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import SourceRow
from inventory.domain.checked_file import Checked, Kind, Line
from inventory.domain.inventory import Inventory
from inventory.domain.overlap import METERED, Meter, Reading, StoredReading
from inventory.store.records import add_coefficients
from inventory.tables import activity_staging, activity_staging_kind

__all__ = ["SLICE", "add_checked", "stored_overlaps"]

SLICE = 50_000
"""Lines of one INSERT: so often is it told how far it is."""
_CHUNK = 5_000
"""Lines that go over the wire at once."""
_COLUMNS = (
    "import_id", "place", "kind", "sheet", "row_number", "period_start", "period_end", "amount", "note",
    "coefficient_id",
)  # fmt: skip
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

# PostgreSQL has no figures of what has just been staged. So kinds have a table with a key: a list would be read whole
# for each line. And OFFSET 0 keeps it from going the other way round, and reading all lines for each kind.
_ADD_KINDS = text(
    "INSERT INTO activity_staging_kind (import_id, id, location_id, category, item, unit, details, quality, scope,"
    " optional, uncertainty_percent) SELECT :import_id, id, location_id, category, item, unit, details::jsonb, quality,"
    " scope, optional, uncertainty_percent"
    " FROM unnest(CAST(:location_id AS text[]), CAST(:category AS text[]), CAST(:item AS text[]),"
    " CAST(:unit AS text[]), CAST(:details AS text[]), CAST(:quality AS text[]), CAST(:scope AS integer[]),"
    " CAST(:optional AS boolean[]), CAST(:uncertainty_percent AS numeric[])) WITH ORDINALITY"
    " AS k (location_id, category, item, unit, details, quality, scope, optional, uncertainty_percent, id)"
)
_ADD_STAGED = text(
    "INSERT INTO activity_record (inventory_id, import_id, location_id, sheet, row_number, category, item,"
    " period_start, period_end, amount, unit, details, quality, note, scope, optional, coefficient_id, co2e_kg,"
    " biogenic_co2_kg, uncertainty_percent)"
    " SELECT :inventory_id, s.import_id, k.location_id, s.sheet, s.row_number, k.category, k.item, s.period_start,"
    " s.period_end, s.amount, k.unit, k.details, k.quality, s.note, k.scope, coalesce(c.optional, k.optional),"
    " s.coefficient_id, s.amount * c.co2e_kg_per_unit, s.amount * c.biogenic_co2_kg_per_unit,"
    " k.uncertainty_percent"
    " FROM activity_staging s CROSS JOIN LATERAL"
    " (SELECT * FROM activity_staging_kind WHERE import_id = s.import_id AND id = s.kind OFFSET 0) k"
    " LEFT JOIN coefficient c ON c.id = s.coefficient_id"
    " WHERE s.import_id = :import_id AND s.place > :after AND s.place <= :upto ORDER BY s.place"
)
_CLEAR = tuple(
    delete(table).where(table.c.import_id == bindparam("import_id"))
    for table in (activity_staging, activity_staging_kind)
)


async def _nobody(_: int) -> None:
    pass


async def add_checked(
    tx: AsyncConnection,
    checked: Checked,
    *,
    of: Inventory,
    import_id: str,
    said: Callable[[int], Awaitable[None]] = _nobody,
) -> None:
    """Sound lines of a file, in its order: each is its amount times its coefficient, unrounded.

    `said` is told the number of lines that are in, now and then.
    """
    await add_coefficients(tx, checked.coefficients)
    coefficient_ids = [item.id for item in checked.coefficients]
    driver: asyncpg.Connection[asyncpg.Record] = (await tx.get_raw_connection()).driver_connection
    await driver.copy_to_table(
        "activity_staging", source=_encoded(checked.lines, coefficient_ids, import_id), columns=_COLUMNS
    )
    # Enough to sort a slice without a file.
    await tx.execute(text("SET LOCAL work_mem = '64MB'"))
    await tx.execute(_ADD_KINDS, {"import_id": import_id} | _arrays(checked.kinds))
    for after in range(0, len(checked.lines), SLICE):
        upto = min(after + SLICE, len(checked.lines))
        given = {"inventory_id": of.id, "import_id": import_id, "after": after, "upto": upto}
        await tx.execute(_ADD_STAGED, given)
        await said(upto)
    for clear in _CLEAR:
        await tx.execute(clear, {"import_id": import_id})


async def _encoded(lines: Sequence[Line], coefficient_ids: Sequence[int], import_id: str) -> AsyncIterator[bytes]:
    """Lines as COPY reads text; kinds are counted from 1, as ORDINALITY does."""
    escaped: dict[str, str] = {}
    iso = lru_cache(maxsize=1_000)(date.isoformat)
    for begin in range(0, len(lines), _CHUNK):
        rows = []
        for place, line in enumerate(lines[begin : begin + _CHUNK], start=begin + 1):
            sheet = escaped.get(line.sheet) or escaped.setdefault(line.sheet, line.sheet.translate(_ESCAPES))
            note = r"\N" if line.note is None else line.note.translate(_ESCAPES)
            coefficient = r"\N" if line.coefficient is None else coefficient_ids[line.coefficient]
            rows.append(
                f"{import_id}\t{place}\t{line.kind + 1}\t{sheet}\t{line.row}\t{iso(line.start)}\t{iso(line.end)}"
                f"\t{line.amount}\t{note}\t{coefficient}\n"
            )
        yield "".join(rows).encode()


def _arrays(kinds: Sequence[Kind]) -> dict[str, list[object]]:
    return {
        "location_id": [item.location_id for item in kinds],
        "category": [item.category.value for item in kinds],
        "item": [item.item for item in kinds],
        "unit": [item.unit.value for item in kinds],
        "details": [orjson.dumps(dict(item.details)).decode() for item in kinds],
        "quality": [item.quality for item in kinds],
        "scope": [item.category.scope for item in kinds],
        "optional": [item.category.is_optional for item in kinds],
        "uncertainty_percent": [item.uncertainty_percent for item in kinds],
    }


_STORED_OVERLAPS = text(
    "SELECT DISTINCT ON (f.place) f.place, r.period_start, r.period_end, r.sheet, r.row_number, i.file_name"
    " FROM unnest(CAST(:place AS integer[]), CAST(:location_id AS text[]), CAST(:category AS text[]),"
    " CAST(:item AS text[]), CAST(:number AS text[]), CAST(:first AS date[]), CAST(:after AS date[]))"
    " AS f (place, location_id, category, item, number, first, after)"
    " JOIN activity_record r ON r.location_id = f.location_id AND r.category = f.category AND r.item = f.item"
    " AND lower(regexp_replace(trim(coalesce(r.details ->> 'meter', '')), '\\s+', ' ', 'g')) = f.number"
    " AND r.period_start < f.after AND r.period_end > f.first"
    " JOIN activity_import i ON i.id = r.import_id"
    " WHERE r.inventory_id = :inventory_id AND r.category = ANY (:metered)"
    " AND coalesce(r.details ->> 'form', 'amount') = 'amount'"
    # A proxy gives way to what is read.
    " AND NOT EXISTS (SELECT FROM proxy_estimate p WHERE p.record_id = r.id AND p.inventory_id = r.inventory_id)"
    " ORDER BY f.place, r.id"
)


async def stored_overlaps(
    tx: AsyncConnection, readings: Mapping[Meter, Sequence[Reading]], *, inventory_id: str
) -> Sequence[tuple[Meter, Reading, StoredReading]]:
    """Readings that share a day with a line of the same meter that the inventory has, and the first such line."""
    by_place = {found.place: (meter, found) for meter, of_meter in readings.items() for found in of_meter}
    if not by_place:
        return []
    rows = await tx.execute(
        _STORED_OVERLAPS,
        {
            "inventory_id": inventory_id,
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
