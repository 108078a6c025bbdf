"""SQL of corrections: lines copied from version to version, and what was done to single ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, Table, delete, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.correction import CorrectionAction, RecordCorrection
from inventory.domain.inventory import Inventory
from inventory.tables import (
    activity_import,
    activity_record,
    coefficient,
    evidence_file,
    inventory,
    meter_reading,
    premises_share,
    private_factor_release,
    record_correction,
    tenancy,
    uncertainty_statement,
)
from quantities.person import Person

__all__ = [
    "COPIED",
    "Line",
    "add",
    "by_id",
    "copy_beside",
    "copy_lines",
    "corrected",
    "enterers",
    "line_of",
    "line_of_import",
    "page",
    "take_out",
]

COPIED = tuple(column for column in activity_record.c if column.name not in {"id", "inventory_id", "corrects_id"})
"""What a line of one version has in common with the one that it is copied to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that a correction takes out, or puts in."""

    id: int
    location_id: str
    category: str
    uncertainty_percent: Decimal | None
    """Of its amount, half of the 95 % interval; None where none is stated."""
    whole: dict[str, Any]
    """As the table has it."""


def corrected(inventory_id: str) -> Select[tuple[str]]:
    """Ids of the version and of all before it."""
    line = select(inventory.c.id, inventory.c.corrects_id).where(inventory.c.id == inventory_id).cte(recursive=True)
    earlier = select(inventory.c.id, inventory.c.corrects_id).where(inventory.c.id == line.c.corrects_id)
    return select(line.union_all(earlier).c.id)


async def copy_lines(tx: AsyncConnection, new: Inventory, *, of: str) -> None:
    """Every line of the version `of` into the new one, each with the line that it was copied from."""
    copied = (
        select(literal(new.id), activity_record.c.id, *COPIED)
        .where(activity_record.c.inventory_id == of)
        .order_by(activity_record.c.id)
    )
    columns = ["inventory_id", "corrects_id", *(column.name for column in COPIED)]
    await tx.execute(insert(activity_record).from_select(columns, copied))


async def copy_beside(tx: AsyncConnection, beside: Table, new: Inventory, *, of: str) -> None:
    """What a table says beside the lines of the version `of`, of those lines that were copied from them."""
    others = [column for column in beside.c if column.name not in {"inventory_id", "record_id"}]
    copied = (
        select(activity_record.c.inventory_id, activity_record.c.id, *others)
        .join(beside, activity_record.c.corrects_id == beside.c.record_id)
        .where(activity_record.c.inventory_id == new.id, beside.c.inventory_id == of)
    )
    columns = ["inventory_id", "record_id", *(column.name for column in others)]
    await tx.execute(insert(beside).from_select(columns, copied))


async def enterers(tx: AsyncConnection, inventory_id: str) -> Sequence[Person]:
    """All who entered data of a version: files, lines, uncertainties, factors, the correction; also of those before."""
    versions = corrected(inventory_id).subquery()
    within = select(versions.c.id)
    entered = (
        select(activity_import.c.imported_by_subject, activity_import.c.imported_by)
        .where(activity_import.c.inventory_id.in_(within))
        .union(
            # Who took lines out again made the figure as much as who entered them.
            select(activity_import.c.undone_by_subject, activity_import.c.undone_by).where(
                activity_import.c.inventory_id.in_(within), activity_import.c.undone_by.is_not(None)
            ),
            select(record_correction.c.corrected_by_subject, record_correction.c.corrected_by).where(
                record_correction.c.inventory_id.in_(within)
            ),
            select(uncertainty_statement.c.stated_by_subject, uncertainty_statement.c.stated_by).where(
                uncertainty_statement.c.inventory_id.in_(within)
            ),
            select(evidence_file.c.attached_by_subject, evidence_file.c.attached_by).where(
                evidence_file.c.inventory_id.in_(within)
            ),
            select(inventory.c.opened_by_subject, inventory.c.opened_by).where(
                inventory.c.id.in_(within), inventory.c.corrects_id.is_not(None)
            ),
            select(private_factor_release.c.loaded_by_subject, private_factor_release.c.loaded_by).where(
                private_factor_release.c.id.in_(
                    select(coefficient.c.factor_release)
                    .join(activity_record, activity_record.c.coefficient_id == coefficient.c.id)
                    .where(activity_record.c.inventory_id.in_(within), coefficient.c.location_id.is_not(None))
                )
            ),
            # Who read the meter, or said who occupies what, made the amount.
            select(meter_reading.c.recorded_by_subject, meter_reading.c.recorded_by)
            .join(premises_share, premises_share.c.reading_id == meter_reading.c.id)
            .where(premises_share.c.inventory_id.in_(within)),
            select(tenancy.c.set_by_subject, tenancy.c.set_by)
            .join(premises_share, premises_share.c.premises_id == tenancy.c.premises_id)
            .where(premises_share.c.inventory_id.in_(within)),
        )
    )
    return [Person(subject=subject, name=name) for subject, name in await tx.execute(entered)]


_LINE = select(
    activity_record.c.id,
    activity_record.c.location_id,
    activity_record.c.category,
    activity_record.c.uncertainty_percent,
    # Digits as text: a JSON number would come back as a float.
    text(
        "to_jsonb(activity_record) || jsonb_build_object('amount', amount::text, 'uncertainty_percent',"
        " uncertainty_percent::text) AS whole"
    ),
)


async def line_of(tx: AsyncConnection, *, inventory_id: str, record_id: int) -> Line | None:
    """That line of the version, as it is now."""
    found = await tx.execute(
        _LINE.where(activity_record.c.inventory_id == inventory_id, activity_record.c.id == record_id)
    )
    row = found.one_or_none()
    return None if row is None else Line(**row._mapping)  # noqa: SLF001 - as below


async def take_out(tx: AsyncConnection, record_id: int) -> None:
    await tx.execute(delete(activity_record).where(activity_record.c.id == record_id))


async def line_of_import(tx: AsyncConnection, import_id: str) -> Line:
    """The one line of an import of one row."""
    row = (await tx.execute(_LINE.where(activity_record.c.import_id == import_id))).one()
    return Line(**row._mapping)  # noqa: SLF001 - a row's documented mapping


async def add(tx: AsyncConnection, new: RecordCorrection) -> None:
    await tx.execute(
        insert(record_correction).values(
            id=new.id,
            inventory_id=new.inventory_id,
            location_id=new.location_id,
            category=new.category,
            action=new.action,
            record_id=new.record_id,
            replaced=new.replaced,
            reason=new.reason,
            corrected_by=new.by.name,
            corrected_by_subject=new.by.subject,
            corrected_at=new.at,
        )
    )


def _record_correction(row: Row[*tuple[Any, ...]]) -> RecordCorrection:
    return RecordCorrection(
        id=row.id,
        inventory_id=row.inventory_id,
        location_id=row.location_id,
        category=row.category,
        action=CorrectionAction(row.action),
        record_id=row.record_id,
        replaced=row.replaced,
        reason=row.reason,
        by=Person(subject=row.corrected_by_subject, name=row.corrected_by),
        at=row.corrected_at,
    )


async def by_id(tx: AsyncConnection, correction_id: str) -> RecordCorrection:
    """That correction; it is there."""
    found = await tx.execute(select(record_correction).where(record_correction.c.id == correction_id))
    return _record_correction(found.one())


async def page(tx: AsyncConnection, *, inventory_id: str, limit: int, after: str | None) -> Sequence[RecordCorrection]:
    """What was done to single lines of a version, in the order in which it was done."""
    statement = (
        select(record_correction)
        .where(record_correction.c.inventory_id == inventory_id)
        .order_by(record_correction.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(record_correction.c.id > after)
    return [_record_correction(row) for row in await tx.execute(statement)]
