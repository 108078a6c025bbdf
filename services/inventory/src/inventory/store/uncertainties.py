"""SQL of uncertainty: statements, lines summed by what is known of them, and the intervals of final versions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.inventory import Inventory
from inventory.domain.uncertainty import FactorUse, Gap, Interval, Part, PartUncertainty, UncertaintyStatement
from inventory.store.corrections import corrected
from inventory.tables import (
    activity_record,
    coefficient,
    inventory_total,
    inventory_uncertainty,
    uncertainty_statement,
)
from quantities.person import Person

__all__ = [
    "LineSum",
    "Official",
    "add",
    "by_id",
    "factors_used",
    "keep",
    "kept_of",
    "official_of",
    "page",
    "statements_of",
    "sums_of",
]

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSum:
    """Lines of one site, category, quality, factor and percents, as far as the caller sees them."""

    part: Part
    location_id: str
    quality: DataQuality
    own_percent: Decimal | None
    factor_id: str
    published_percent: Decimal | None
    co2e_kg: float
    squares: float
    """Sum of the squares of each line's CO2e, in kg²."""
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Official:
    """The sum of a category, whoever sees its lines."""

    co2e_kg: Decimal
    records: int


async def add(tx: AsyncConnection, new: UncertaintyStatement) -> None:
    await tx.execute(
        insert(uncertainty_statement).values(
            id=new.id,
            inventory_id=new.inventory_id,
            location_id=new.location_id,
            category=new.category,
            quality=new.quality,
            factor_id=new.factor_id,
            percent=new.percent,
            reason=new.reason,
            stated_by=new.by.name,
            stated_by_subject=new.by.subject,
            stated_at=new.at,
        )
    )


def _statement(row: AnyRow) -> UncertaintyStatement:
    return UncertaintyStatement(
        id=row.id,
        inventory_id=row.inventory_id,
        location_id=row.location_id,
        category=None if row.category is None else Category(row.category),
        quality=None if row.quality is None else DataQuality(row.quality),
        factor_id=row.factor_id,
        percent=row.percent,
        reason=row.reason,
        by=Person(subject=row.stated_by_subject, name=row.stated_by),
        at=row.stated_at,
    )


async def by_id(tx: AsyncConnection, statement_id: str) -> UncertaintyStatement:
    """That statement; it is there."""
    found = await tx.execute(select(uncertainty_statement).where(uncertainty_statement.c.id == statement_id))
    return _statement(found.one())


async def page(
    tx: AsyncConnection, *, inventory_id: str, limit: int, after: str | None
) -> Sequence[UncertaintyStatement]:
    """Statements for a version and for those that it corrects, oldest first."""
    statement = (
        select(uncertainty_statement)
        .where(uncertainty_statement.c.inventory_id.in_(corrected(inventory_id)))
        .order_by(uncertainty_statement.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(uncertainty_statement.c.id > after)
    return [_statement(row) for row in await tx.execute(statement)]


_STATEMENTS = text(
    "WITH RECURSIVE line (version, id, corrects_id) AS ("
    " SELECT id, id, corrects_id FROM inventory WHERE id = ANY(:ids)"
    " UNION ALL SELECT l.version, i.id, i.corrects_id FROM line l JOIN inventory i ON i.id = l.corrects_id)"
    " SELECT DISTINCT ON (l.version, s.category, s.quality, s.factor_id) l.version, s.*"
    " FROM line l JOIN uncertainty_statement s ON s.inventory_id = l.id"
    " ORDER BY l.version, s.category, s.quality, s.factor_id, s.id DESC"
)


async def statements_of(
    tx: AsyncConnection, inventory_ids: Sequence[str]
) -> Mapping[str, Sequence[UncertaintyStatement]]:
    """What is stated for each version, by itself and by those that it corrects; the newest of each subject."""
    found: dict[str, list[UncertaintyStatement]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in await tx.execute(_STATEMENTS, {"ids": list(inventory_ids)}):
        found[row.version].append(_statement(row))
    return found


async def factors_used(tx: AsyncConnection, inventory_id: str) -> Sequence[FactorUse]:
    rows = await tx.execute(
        select(coefficient.c.factor_id, coefficient.c.uncertainty_percent)
        .join(activity_record, activity_record.c.coefficient_id == coefficient.c.id)
        .where(activity_record.c.inventory_id == inventory_id)
        .distinct()
    )
    return [FactorUse(factor_id=row.factor_id, published_percent=row.uncertainty_percent) for row in rows]


# Squares are of floats: they are a measure of spread, and a hundred thousand numerics take ten times as long.
_SUMS = text(
    "SELECT r.inventory_id, r.location_id, r.scope, r.category, r.optional, r.quality,"
    " r.uncertainty_percent AS own_percent, c.factor_id, c.uncertainty_percent AS published_percent,"
    " sum(r.co2e_kg::float8) AS co2e_kg, sum((r.co2e_kg::float8) ^ 2) AS squares, count(*) AS records"
    " FROM activity_record r JOIN coefficient c ON c.id = r.coefficient_id WHERE r.inventory_id = ANY(:ids)"
    " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
)


async def sums_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Sequence[LineSum]]:
    """Lines that count emissions, as far as the caller sees them."""
    found: dict[str, list[LineSum]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in await tx.execute(_SUMS, {"ids": list(inventory_ids)}):
        found[row.inventory_id].append(
            LineSum(
                part=_part(row),
                location_id=row.location_id,
                quality=DataQuality(row.quality),
                own_percent=row.own_percent,
                factor_id=row.factor_id,
                published_percent=row.published_percent,
                co2e_kg=row.co2e_kg,
                squares=row.squares,
                records=row.records,
            )
        )
    return found


async def official_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Mapping[Part, Official]]:
    """Each version's sums by category."""
    total = inventory_total.c
    rows = await tx.execute(
        select(
            total.inventory_id,
            total.scope,
            total.category,
            total.optional,
            func.sum(total.co2e_kg).label("co2e_kg"),
            func.sum(total.records).label("records"),
        )
        .where(total.inventory_id.in_(inventory_ids))
        .group_by(total.inventory_id, total.scope, total.category, total.optional)
    )
    found: dict[str, dict[Part, Official]] = {inventory_id: {} for inventory_id in inventory_ids}
    for row in rows:
        found[row.inventory_id][_part(row)] = Official(co2e_kg=row.co2e_kg, records=int(row.records))
    return found


def _part(row: AnyRow) -> Part:
    return Part(
        scope=row.scope,
        category=None if row.category is None else Category(row.category),
        is_optional=row.optional,
    )


async def keep(
    tx: AsyncConnection, of: Inventory, found: Sequence[PartUncertainty], *, open_to_all: Collection[Part]
) -> None:
    """The intervals of a version that is about to be final."""
    if not found:
        return
    rows = []
    for number, item in enumerate(found):
        interval = item.interval
        rows.append(
            {
                "inventory_id": of.id,
                "part": number,
                "location_id": of.location_id,
                "scope": item.part.scope,
                "category": item.part.category,
                "optional": item.part.is_optional,
                "covered_percent": item.covered_percent,
                "covered_kg": None if interval is None else interval.co2e_kg,
                "low_kg": None if interval is None else interval.low_kg,
                "high_kg": None if interval is None else interval.high_kg,
                "percent": None if interval is None else interval.percent,
                "gap": item.gap,
                "open_to_all": item.part in open_to_all,
            }
        )
    await tx.execute(insert(inventory_uncertainty), rows)


async def kept_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Sequence[PartUncertainty]]:
    """The intervals of final versions, as far as the caller may see them."""
    rows = await tx.execute(
        select(inventory_uncertainty)
        .where(inventory_uncertainty.c.inventory_id.in_(inventory_ids))
        .order_by(inventory_uncertainty.c.inventory_id, inventory_uncertainty.c.part)
    )
    found: dict[str, list[PartUncertainty]] = {}
    for row in rows:
        interval = (
            None
            if row.percent is None
            else Interval(
                co2e_kg=row.covered_kg,
                low_kg=row.low_kg,
                high_kg=row.high_kg,
                percent=row.percent,
                covered_percent=row.covered_percent,
            )
        )
        found.setdefault(row.inventory_id, []).append(
            PartUncertainty(
                part=_part(row),
                covered_percent=row.covered_percent,
                interval=interval,
                gap=None if row.gap is None else Gap(row.gap),
            )
        )
    return found
