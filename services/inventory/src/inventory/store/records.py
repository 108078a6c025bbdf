"""SQL of imports, of coefficients, and of lines as they are read; lines go in by `store/lines.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import MAX_PREC, Decimal, localcontext
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location_closure
from inventory.domain.quantification import Coefficient
from inventory.domain.record_filter import EVERY_RECORD, RecordFilter
from inventory.store.corrections import corrected
from inventory.tables import activity_import, activity_record, coefficient
from quantities.person import Person

__all__ = [
    "WITH_EMISSION",
    "ActivityImport",
    "EmissionRow",
    "RecordRow",
    "add_coefficients",
    "add_import",
    "by_ids",
    "conditions",
    "import_by_hash",
    "import_by_id",
    "imports_by_ids",
    "known_import",
    "page",
    "record_of",
    "undo_import",
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
    undone_at: datetime | None = None
    """When its lines were taken out again."""
    undone_by: Person | None = None
    undone_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionRow:
    """Emissions of a stored record, with all that they are traced by."""

    scope: int
    optional: bool
    factor_id: str
    factor_release: str
    explanation: str
    gwp_set: str
    kg_by_gas: Mapping[str, Decimal]
    co2e_kg: Decimal
    biogenic_co2_kg: Decimal
    factor_uncertainty_percent: Decimal | None
    """As published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A stored record with its emission, as lists and lineage show it."""

    id: int
    inventory_id: str
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
    uncertainty_percent: Decimal | None
    """Of the amount, as the line itself states it."""
    emission: EmissionRow | None
    """None where the use is recorded and no emission counted."""


async def import_by_hash(tx: AsyncConnection, *, inventory_id: str, content_hash: str) -> ActivityImport | None:
    row = (
        await tx.execute(
            select(activity_import)
            .where(
                # Of the versions that it was copied from, too: what was in them is in it.
                activity_import.c.inventory_id.in_(corrected(inventory_id)),
                activity_import.c.content_hash == content_hash,
                activity_import.c.undone_at.is_(None),
            )
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else _import(row)


async def imports_by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[ActivityImport | None]:
    """Those imports, None for one that the caller may not see."""
    rows = await tx.execute(select(activity_import).where(activity_import.c.id.in_(ids)))
    found = {row.id: _import(row) for row in rows}
    return [found.get(import_id) for import_id in ids]


def _import(row: Any) -> ActivityImport:
    return ActivityImport(
        id=row.id,
        inventory_id=row.inventory_id,
        location_id=row.location_id,
        file_name=row.file_name,
        content_hash=row.content_hash,
        row_count=row.row_count,
        imported_by=Person(subject=row.imported_by_subject, name=row.imported_by),
        imported_at=row.imported_at,
        undone_at=row.undone_at,
        undone_by=None if row.undone_at is None else Person(subject=row.undone_by_subject, name=row.undone_by),
        undone_reason=row.undone_reason,
    )


async def import_by_id(tx: AsyncConnection, import_id: str) -> ActivityImport | None:
    row = (await tx.execute(select(activity_import).where(activity_import.c.id == import_id))).one_or_none()
    return None if row is None else _import(row)


async def known_import(tx: AsyncConnection, import_id: str) -> ActivityImport:
    """That import; it is there."""
    return _import((await tx.execute(select(activity_import).where(activity_import.c.id == import_id))).one())


async def undo_import(tx: AsyncConnection, undone: ActivityImport) -> bool:
    """Take its lines out of its inventory; False where that was done before."""
    by = undone.undone_by
    marked = await tx.execute(
        update(activity_import)
        .where(activity_import.c.id == undone.id, activity_import.c.undone_at.is_(None))
        .values(
            undone_at=undone.undone_at,
            undone_by=None if by is None else by.name,
            undone_by_subject=None if by is None else by.subject,
            undone_reason=undone.undone_reason,
        )
    )
    if not marked.rowcount:
        return False
    await tx.execute(
        delete(activity_record).where(
            activity_record.c.inventory_id == undone.inventory_id, activity_record.c.import_id == undone.id
        )
    )
    return True


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


_ADD_COEFFICIENTS = text(
    "INSERT INTO coefficient (id, category, key, unit, scope, optional, factor_id, factor_release, gwp_set,"
    " explanation, kg_per_unit, co2e_kg_per_unit, biogenic_co2_kg_per_unit, uncertainty_percent, location_id)"
    " SELECT id, category, key, unit, scope, optional, factor_id, factor_release, gwp_set, explanation,"
    " kg_per_unit::jsonb, co2e, biogenic, uncertainty, private_to"
    " FROM unnest(CAST(:id AS bigint[]), CAST(:category AS text[]), CAST(:key AS text[]), CAST(:unit AS text[]),"
    " CAST(:scope AS integer[]), CAST(:optional AS boolean[]), CAST(:factor_id AS text[]),"
    " CAST(:factor_release AS text[]), CAST(:gwp_set AS text[]), CAST(:explanation AS text[]),"
    " CAST(:kg_per_unit AS text[]), CAST(:co2e AS numeric[]), CAST(:biogenic AS numeric[]),"
    " CAST(:uncertainty AS numeric[]), CAST(:private_to AS text[]))"
    " AS c (id, category, key, unit, scope, optional, factor_id, factor_release, gwp_set, explanation, kg_per_unit,"
    " co2e, biogenic, uncertainty, private_to)"
    # In one order, so that two imports never wait for each other in a circle.
    " ORDER BY id ON CONFLICT (id) DO NOTHING"
)


async def add_coefficients(tx: AsyncConnection, coefficients: Iterable[Coefficient]) -> None:
    """Those that are not there yet."""
    kept = tuple({item.id: item for item in coefficients}.values())
    await tx.execute(
        _ADD_COEFFICIENTS,
        {
            "id": [item.id for item in kept],
            "category": [item.category.value for item in kept],
            "key": [item.key for item in kept],
            "unit": [item.unit.value for item in kept],
            "scope": [item.scope for item in kept],
            "optional": [item.is_optional for item in kept],
            "factor_id": [item.factor_id for item in kept],
            "factor_release": [item.factor_release for item in kept],
            "gwp_set": [item.gwp_set for item in kept],
            "explanation": [item.explanation for item in kept],
            "kg_per_unit": [
                _json({gas: format(kg, "f") for gas, kg in item.kg_per_unit_by_gas.items()}) for item in kept
            ],
            "co2e": [item.co2e_kg_per_unit for item in kept],
            "biogenic": [item.biogenic_co2_kg_per_unit for item in kept],
            "uncertainty": [item.uncertainty_percent for item in kept],
            "private_to": [item.private_to for item in kept],
        },
    )


def _json(value: Mapping[str, str]) -> str:
    return orjson.dumps(dict(value)).decode()


WITH_EMISSION = select(
    *(activity_record.c[name] for name in RecordRow.__dataclass_fields__ if name != "emission"),
    activity_record.c.scope,
    activity_record.c.optional,
    activity_record.c.co2e_kg,
    activity_record.c.biogenic_co2_kg,
    coefficient.c.factor_id,
    coefficient.c.factor_release,
    coefficient.c.explanation,
    coefficient.c.gwp_set,
    coefficient.c.kg_per_unit,
    coefficient.c.uncertainty_percent.label("factor_uncertainty_percent"),
).outerjoin(coefficient, coefficient.c.id == activity_record.c.coefficient_id)


def record_of(row: Any) -> RecordRow:
    values = dict(row._mapping)  # noqa: SLF001 - a row's documented mapping
    kg_per_unit = values.pop("kg_per_unit")
    found = {name: values.pop(name) for name in EmissionRow.__dataclass_fields__ if name != "kg_by_gas"}
    if kg_per_unit is None:
        return RecordRow(**values, emission=None)
    with localcontext(prec=MAX_PREC):
        kg_by_gas = {gas: row.amount * Decimal(kg) for gas, kg in kg_per_unit.items()}
    return RecordRow(**values, emission=EmissionRow(**found, kg_by_gas=kg_by_gas))


async def page(
    tx: AsyncConnection,
    *,
    inventory_id: str,
    limit: int,
    after: int | None,
    wanted: RecordFilter = EVERY_RECORD,
) -> Sequence[RecordRow]:
    """Records of an inventory with their emissions, in the order in which they came."""
    statement = (
        WITH_EMISSION.where(activity_record.c.inventory_id == inventory_id, *conditions(wanted))
        .order_by(activity_record.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(activity_record.c.id > after)
    return [record_of(row) for row in await tx.execute(statement)]


async def by_ids(tx: AsyncConnection, ids: Sequence[int]) -> Sequence[RecordRow | None]:
    """Those records, None for one that the caller may not see."""
    rows = await tx.execute(WITH_EMISSION.where(activity_record.c.id.in_(ids)))
    found = {row.id: record_of(row) for row in rows}
    return [found.get(record_id) for record_id in ids]


def conditions(wanted: RecordFilter) -> list[ColumnElement[bool]]:
    """What the filter asks of a record. Refuses as the filter."""
    wanted.require_sound()
    line = activity_record.c
    found: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (line.category, wanted.categories),
            (line.scope, wanted.scopes),
            (line.quality, wanted.qualities),
            (line.item, wanted.items),
        )
        if values is not None
    ]
    if wanted.optional is not None:
        found.append(line.optional == wanted.optional)
    if wanted.location_ids is not None:
        under = select(location_closure.c.descendant_id).where(location_closure.c.ancestor_id.in_(wanted.location_ids))
        found.append(line.location_id.in_(under))
    if wanted.period_from is not None:
        found.append(line.period_end > wanted.period_from)
    if wanted.period_to is not None:
        found.append(line.period_start < wanted.period_to)
    if wanted.import_id is not None:
        found.append(line.import_id == wanted.import_id)
    if wanted.factor_id is not None:
        found.append(coefficient.c.factor_id == wanted.factor_id)
    if wanted.factor_release is not None:
        found.append(coefficient.c.factor_release == wanted.factor_release)
    if wanted.note is not None:
        # Not LIKE: a note is looked for as it is written, and no pattern can be a costly one.
        found.append(func.strpos(func.lower(line.note), func.lower(wanted.note)) > 0)
    return found
