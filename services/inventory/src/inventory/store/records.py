"""SQL of imports, activity records and their emissions.

COPY is not to be had under row security, so rows go in by one INSERT from arrays each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.inventory import Inventory, Line
from inventory.tables import activity_import, activity_record, emission
from quantities.person import Person

__all__ = [
    "ActivityImport",
    "EmissionRow",
    "RecordRow",
    "add_import",
    "add_lines",
    "import_by_hash",
    "importers",
    "page",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityImport:
    """One file that was taken in, whole."""

    id: str
    inventory_id: str
    location_id: str
    file_name: str
    content_hash: str
    """SHA-256 of the file, hexadecimal."""
    row_count: int
    imported_by: Person
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionRow:
    """Emissions of a stored record, with all that they are traced by."""

    scope: int
    optional: bool
    factor_id: str
    factor_release: str
    explanation: str
    gwp_set: str
    gas_kg: Mapping[str, str]
    """Kilograms by gas, as digits."""
    co2e_kg: Decimal
    biogenic_co2_kg: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A stored record with its emission, as lists and lineage show it."""

    id: int
    location_id: str
    sheet: str
    row_number: int
    category: str
    item: str
    period_start: date
    period_end: date
    amount: Decimal
    unit: str
    details: Mapping[str, str]
    quality: str
    note: str | None
    emission: EmissionRow | None
    """None where the use is recorded and no emission counted."""


async def import_by_hash(tx: AsyncConnection, *, inventory_id: str, content_hash: str) -> ActivityImport | None:
    row = (
        await tx.execute(
            select(activity_import).where(
                activity_import.c.inventory_id == inventory_id, activity_import.c.content_hash == content_hash
            )
        )
    ).one_or_none()
    if row is None:
        return None
    return ActivityImport(
        id=row.id,
        inventory_id=row.inventory_id,
        location_id=row.location_id,
        file_name=row.file_name,
        content_hash=row.content_hash,
        row_count=row.row_count,
        imported_by=Person(subject=row.imported_by_subject, name=row.imported_by),
        imported_at=row.imported_at,
    )


async def importers(tx: AsyncConnection, inventory_id: str) -> Sequence[Person]:
    """All who entered data of an inventory."""
    rows = await tx.execute(
        select(activity_import.c.imported_by, activity_import.c.imported_by_subject)
        .where(activity_import.c.inventory_id == inventory_id)
        .distinct()
    )
    return [Person(subject=row.imported_by_subject, name=row.imported_by) for row in rows]


async def add_import(tx: AsyncConnection, new: ActivityImport) -> None:
    await tx.execute(
        insert(activity_import).values(
            id=new.id,
            inventory_id=new.inventory_id,
            location_id=new.location_id,
            file_name=new.file_name,
            content_hash=new.content_hash,
            row_count=new.row_count,
            imported_by=new.imported_by.name,
            imported_by_subject=new.imported_by.subject,
            imported_at=new.imported_at,
        )
    )


_ADD_RECORDS = text(
    "INSERT INTO activity_record (id, inventory_id, import_id, location_id, sheet, row_number, category, item,"
    " period_start, period_end, amount, unit, details, quality, note)"
    " SELECT id, :inventory_id, :import_id, location_id, sheet, row_number, category, item, period_start, period_end,"
    " amount, unit, details::jsonb, quality, note"
    " FROM unnest(CAST(:id AS bigint[]), CAST(:location_id AS text[]), CAST(:sheet AS text[]),"
    " CAST(:row_number AS integer[]), CAST(:category AS text[]), CAST(:item AS text[]), CAST(:period_start AS date[]),"
    " CAST(:period_end AS date[]), CAST(:amount AS numeric[]), CAST(:unit AS text[]), CAST(:details AS text[]),"
    " CAST(:quality AS text[]), CAST(:note AS text[]))"
    " AS r (id, location_id, sheet, row_number, category, item, period_start, period_end, amount, unit, details,"
    " quality, note)"
)

_ADD_EMISSIONS = text(
    "INSERT INTO emission (activity_record_id, inventory_id, location_id, scope, category, optional, factor_id,"
    " factor_release, explanation, gwp_set, gas_kg, co2e_kg, biogenic_co2_kg)"
    " SELECT id, :inventory_id, location_id, scope, category, optional, factor_id, factor_release, explanation,"
    " gwp_set, gas_kg::jsonb, co2e_kg, biogenic_co2_kg"
    " FROM unnest(CAST(:id AS bigint[]), CAST(:location_id AS text[]), CAST(:scope AS integer[]),"
    " CAST(:category AS text[]), CAST(:optional AS boolean[]), CAST(:factor_id AS text[]),"
    " CAST(:factor_release AS text[]), CAST(:explanation AS text[]), CAST(:gwp_set AS text[]),"
    " CAST(:gas_kg AS text[]), CAST(:co2e_kg AS numeric[]), CAST(:biogenic_co2_kg AS numeric[]))"
    " AS r (id, location_id, scope, category, optional, factor_id, factor_release, explanation, gwp_set, gas_kg,"
    " co2e_kg, biogenic_co2_kg)"
)


async def add_lines(tx: AsyncConnection, lines: Sequence[Line], *, of: Inventory, import_id: str) -> None:
    """Records and emissions of one import, in the order of the file."""
    ids = list(
        await tx.scalars(
            text("SELECT nextval('activity_record_id_seq') FROM generate_series(1, :count)"), {"count": len(lines)}
        )
    )
    activities = [line.activity for line in lines]
    await tx.execute(
        _ADD_RECORDS,
        {
            "inventory_id": of.id,
            "import_id": import_id,
            "id": ids,
            "location_id": [item.location_id for item in activities],
            "sheet": [item.source.sheet for item in activities],
            "row_number": [item.source.row for item in activities],
            "category": [item.category.value for item in activities],
            "item": [item.item for item in activities],
            "period_start": [item.period.start for item in activities],
            "period_end": [item.period.end for item in activities],
            "amount": [item.amount.value for item in activities],
            "unit": [item.amount.unit.value for item in activities],
            "details": [_json(item.details) for item in activities],
            "quality": [item.quality.value for item in activities],
            "note": [item.note for item in activities],
        },
    )
    counted = [
        (record_id, line.activity, line.quantification)
        for record_id, line in zip(ids, lines, strict=True)
        if line.quantification is not None
    ]
    await tx.execute(
        _ADD_EMISSIONS,
        {
            "inventory_id": of.id,
            "id": [record_id for record_id, _, _ in counted],
            "location_id": [activity.location_id for _, activity, _ in counted],
            "scope": [activity.category.scope for _, activity, _ in counted],
            "category": [activity.category.value for _, activity, _ in counted],
            "optional": [activity.category.is_optional for _, activity, _ in counted],
            "factor_id": [found.coefficient.factor_id for _, _, found in counted],
            "factor_release": [found.coefficient.factor_release for _, _, found in counted],
            "explanation": [found.coefficient.explanation for _, _, found in counted],
            "gwp_set": [found.coefficient.gwp_set for _, _, found in counted],
            "gas_kg": [_json({gas: format(kg, "f") for gas, kg in found.kg_by_gas.items()}) for _, _, found in counted],
            "co2e_kg": [found.co2e_kg for _, _, found in counted],
            "biogenic_co2_kg": [found.biogenic_co2_kg for _, _, found in counted],
        },
    )


def _json(value: Mapping[str, str]) -> str:
    return orjson.dumps(dict(value)).decode()


_EMISSION_COLUMNS = tuple(emission.c[name] for name in EmissionRow.__dataclass_fields__)
_RECORD_COLUMNS = tuple(activity_record.c[name] for name in RecordRow.__dataclass_fields__ if name != "emission")
_WITH_EMISSION = select(*_RECORD_COLUMNS, *_EMISSION_COLUMNS).outerjoin(
    emission, emission.c.activity_record_id == activity_record.c.id
)


def _record(row: Any) -> RecordRow:
    values = dict(row._mapping)  # noqa: SLF001 - a row's documented mapping
    found = {name: values.pop(name) for name in EmissionRow.__dataclass_fields__}
    return RecordRow(**values, emission=None if found["co2e_kg"] is None else EmissionRow(**found))


async def page(
    tx: AsyncConnection, *, inventory_id: str, limit: int, after: int | None, category: str | None
) -> Sequence[RecordRow]:
    """Records of an inventory with their emissions, in the order in which they came."""
    statement = (
        _WITH_EMISSION.where(activity_record.c.inventory_id == inventory_id).order_by(activity_record.c.id).limit(limit)
    )
    if after is not None:
        statement = statement.where(activity_record.c.id > after)
    if category is not None:
        statement = statement.where(activity_record.c.category == category)
    return [_record(row) for row in await tx.execute(statement)]
