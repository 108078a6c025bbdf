"""SQL of shares of shared premises that are lines of inventories."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category, Period
from inventory.domain.inventory import Inventory
from inventory.domain.premises import CATEGORY_BY_UTILITY
from inventory.domain.premises_share import Share, ShareKind
from inventory.domain.rows import Column
from inventory.domain.taken_share import BilledLine, TakenShare
from inventory.store import corrections
from inventory.store.proxies import is_proxy
from inventory.tables import activity_import, activity_record, premises_share
from quantities import Unit
from quantities.person import Person

__all__ = [
    "add",
    "billed_lines",
    "copy",
    "of_inventories",
    "of_premises",
    "of_records",
    "take_out",
    "taken_elsewhere",
]


def _share(row: Row[*tuple[Any, ...]]) -> TakenShare:
    return TakenShare(
        inventory_id=row.inventory_id,
        of_location_id=row.of_location_id,
        year=row.year,
        record_id=row.record_id,
        premises_id=row.premises_id,
        reading_id=row.reading_id,
        meter=row.meter,
        location_id=row.location_id,
        kind=ShareKind(row.kind),
        category=Category(row.category),
        item=row.item,
        period=Period(start=row.period_start, end=row.period_end),
        metered_amount=row.metered_amount,
        numerator=row.numerator,
        denominator=row.denominator,
        amount=row.amount,
        unit=Unit(row.unit),
        taken_by=Person(subject=row.taken_by_subject, name=row.taken_by),
        taken_at=row.taken_at,
    )


async def add(
    tx: AsyncConnection, shares: Sequence[Share], *, of: Inventory, import_id: str, by: Person, at: datetime
) -> dict[str, int]:
    """Shares that are the rows of an import, in its order; the line of each reading."""
    lines = await tx.scalars(
        select(activity_record.c.id)
        .where(activity_record.c.import_id == import_id)
        .order_by(activity_record.c.row_number)
    )
    found = list(zip(shares, lines, strict=True))
    await tx.execute(
        insert(premises_share),
        [
            {
                "inventory_id": of.id,
                "of_location_id": of.location_id,
                "year": of.year,
                "record_id": line,
                "premises_id": share.part.reading.premises_id,
                "reading_id": share.part.reading.id,
                "meter": share.part.reading.meter,
                "location_id": share.location_id,
                "kind": share.kind.value,
                "category": share.part.reading.category.value,
                "item": share.part.reading.item,
                "period_start": share.period.start,
                "period_end": share.period.end,
                "metered_amount": share.part.amount,
                "numerator": share.numerator,
                "denominator": share.denominator,
                "amount": share.amount,
                "unit": share.part.reading.amount.unit.value,
                "taken_by": by.name,
                "taken_by_subject": by.subject,
                "taken_at": at,
            }
            for share, line in found
        ],
    )
    return {share.part.reading.id: line for share, line in found}


async def take_out(tx: AsyncConnection, lines: Sequence[int]) -> None:
    """Lines that are shares; what they are shares of goes with them."""
    await tx.execute(delete(activity_record).where(activity_record.c.id.in_(lines)))


async def copy(tx: AsyncConnection, new: Inventory, *, of: str) -> None:
    await corrections.copy_beside(tx, premises_share, new, of=of)


async def of_inventories(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[Sequence[TakenShare]]:
    """In the order of their lines."""
    rows = await tx.execute(
        select(premises_share)
        .where(premises_share.c.inventory_id.in_(inventory_ids))
        .order_by(premises_share.c.record_id)
    )
    found: dict[str, list[TakenShare]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in rows:
        found[row.inventory_id].append(_share(row))
    return [found[inventory_id] for inventory_id in inventory_ids]


async def of_records(tx: AsyncConnection, record_ids: Sequence[int]) -> Sequence[TakenShare | None]:
    rows = await tx.execute(select(premises_share).where(premises_share.c.record_id.in_(record_ids)))
    found = {row.record_id: _share(row) for row in rows}
    return [found.get(record_id) for record_id in record_ids]


async def of_premises(tx: AsyncConnection, *, premises_id: str, year: int) -> Sequence[TakenShare]:
    """In inventories of the year, of every version, in the order of their lines."""
    rows = await tx.execute(
        select(premises_share)
        .where(premises_share.c.premises_id == premises_id, premises_share.c.year == year)
        .order_by(premises_share.c.record_id)
    )
    return [_share(row) for row in rows]


async def taken_elsewhere(
    tx: AsyncConnection, *, premises_id: str, year: int, location_id: str, of_location_id: str
) -> str | None:
    """Another location whose inventory has shares of this one; those of versions that were corrected don't count."""
    found: str | None = await tx.scalar(
        text(
            "SELECT s.of_location_id FROM premises_share s WHERE s.premises_id = :premises_id AND s.year = :year"
            " AND s.location_id = :location_id AND s.of_location_id <> :of_location_id"
            " AND NOT EXISTS (SELECT FROM inventory c WHERE c.corrects_id = s.inventory_id) LIMIT 1"
        ),
        {
            "premises_id": premises_id,
            "year": year,
            "location_id": location_id,
            "of_location_id": of_location_id,
        },
    )
    return found


async def billed_lines(tx: AsyncConnection, *, inventory_id: str, location_id: str) -> Sequence[BilledLine]:
    """Lines of the site that are no shares and no proxies, of what meters of buildings count."""
    rows = await tx.execute(
        select(
            activity_import.c.file_name,
            activity_record.c.sheet,
            activity_record.c.row_number,
            activity_record.c.location_id,
            activity_record.c.category,
            activity_record.c.item,
            activity_record.c.period_start,
            activity_record.c.period_end,
            activity_record.c.details,
            activity_record.c.note,
        )
        .join(activity_import, activity_import.c.id == activity_record.c.import_id)
        .outerjoin(premises_share, premises_share.c.record_id == activity_record.c.id)
        .where(
            activity_record.c.inventory_id == inventory_id,
            activity_record.c.location_id == location_id,
            activity_record.c.category.in_(CATEGORY_BY_UTILITY.values()),
            premises_share.c.record_id.is_(None),
            # A proxy gives way to what is read.
            ~is_proxy(),
        )
        .order_by(activity_record.c.id)
    )
    return [
        BilledLine(
            name=f"{row.file_name}, {row.sheet} row {row.row_number} ({row.period_start} to {row.period_end})",
            location_id=row.location_id,
            category=Category(row.category),
            item=row.item,
            period=Period(start=row.period_start, end=row.period_end),
            meter=row.details.get(Column.METER, ""),
            note=row.note,
        )
        for row in rows
    ]
