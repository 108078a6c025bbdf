"""SQL of what is plausible: what was used, what the bounds are, and what people said."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location
from inventory.domain.activity_data import Category
from inventory.domain.completeness import OF_THE_YEAR
from inventory.domain.plausibility import Basis, Data, Explanation, PlausibilityRange, Severity, Use
from inventory.store.corrections import corrected
from inventory.store.personnel import floor_area_of, personnel_of
from inventory.tables import plausibility_range, warning_explanation
from quantities import Unit
from quantities.person import Person

__all__ = [
    "add_explanation",
    "add_range",
    "data_of",
    "explanation_by_id",
    "people",
    "range_by_id",
    "ranges",
]

AnyRow = Row[*tuple[Any, ...]]

# A line of several months is in each by its days: the parts are differences of what was reached by the months' ends, so
# that they sum to the line, exactly.
_USES = """
WITH line AS (
    SELECT r.location_id, r.category, r.item, r.unit, r.amount, r.period_start, r.period_end,
           r.period_end - r.period_start AS days,
           r.quality <> 'measured' AND coalesce(trim(r.note), '') = '' AS unreasoned
      FROM activity_record r JOIN of_version v ON v.inventory_id = r.inventory_id
       AND (v.location_id IS NULL OR v.location_id = r.location_id)
), part AS (
    SELECT location_id, category, item, unit, date_trunc('month', period_start::timestamp)::date AS month, amount,
           amount AS whole, unreasoned
      FROM line WHERE period_end <= date_trunc('month', period_start::timestamp) + interval '1 month'
    UNION ALL
    SELECT l.location_id, l.category, l.item, l.unit, m.month,
           CASE WHEN u.days = l.days THEN l.amount ELSE round(l.amount * u.days / l.days, 12) END
               - CASE WHEN b.days = 0 THEN 0 ELSE round(l.amount * b.days / l.days, 12) END,
           l.amount, l.unreasoned AND b.days = 0
      FROM line l,
           generate_series(date_trunc('month', l.period_start::timestamp), l.period_end - 1, '1 month') AS g,
           LATERAL (SELECT g::date AS month, (g + interval '1 month')::date AS next) m,
           LATERAL (SELECT least(m.next, l.period_end) - l.period_start AS days) u,
           LATERAL (SELECT greatest(m.month - l.period_start, 0) AS days) b
     WHERE l.period_end > date_trunc('month', l.period_start::timestamp) + interval '1 month'
)
SELECT location_id, category, item, unit, month, trim_scale(sum(amount)) AS amount,
       count(*) FILTER (WHERE unreasoned) AS unreasoned,
       coalesce(sum(whole) FILTER (WHERE unreasoned), 0) AS unreasoned_amount
  FROM part GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
_NOW = "WITH of_version AS (SELECT CAST(:inventory_id AS text) AS inventory_id, NULL::text AS location_id), "
# The last final version of the year before, of every site; also where it was part of another inventory then.
_BEFORE = """
WITH of_version AS (
    SELECT DISTINCT ON (b.of_location_id, b.location_id) b.inventory_id, b.location_id
      FROM inventory_site b LEFT JOIN inventory i ON i.id = b.inventory_id
     WHERE b.year = :year - 1 AND b.location_id = ANY (:sites)
       AND (CAST(:as_of AS timestamptz) IS NULL OR i.final_at IS NULL OR i.final_at <= :as_of)
     ORDER BY b.of_location_id, b.location_id, b.version DESC
), """
_PROXIES = """
SELECT DISTINCT p.location_id, p.category FROM proxy_estimate p
  JOIN activity_record r ON r.id = p.record_id AND r.inventory_id = p.inventory_id
 WHERE p.inventory_id = :inventory_id ORDER BY 1, 2
"""
_CONTRADICTIONS = """
SELECT DISTINCT t.location_id, t.category, c.month FROM source_statement t
  JOIN inventory_coverage c ON c.inventory_id = t.inventory_id AND c.location_id = t.location_id
   AND c.category = t.category
 WHERE t.inventory_id = :inventory_id
   AND (t.category = ANY (:of_the_year) OR (c.month >= t.from_month AND c.month < t.to_month))
   AND NOT EXISTS (SELECT FROM source_statement_withdrawal w WHERE w.statement_id = t.id)
"""


def _uses(rows: Sequence[AnyRow]) -> list[Use]:
    return [
        Use(
            location_id=row.location_id,
            category=Category(row.category),
            item=row.item,
            unit=Unit(row.unit),
            month=row.month,
            amount=row.amount,
            unreasoned=row.unreasoned,
            unreasoned_amount=row.unreasoned_amount,
        )
        for row in rows
    ]


async def data_of(
    tx: AsyncConnection,
    *,
    inventory_id: str,
    location_id: str,
    year: int,
    as_of: datetime | None,
    shipped: Sequence[PlausibilityRange],
) -> Data:
    """All that the findings of a version follow from; `as_of` is when the bounds and the final versions are of."""
    of, of_it = _USES.replace("WITH line", "line", 1), {"inventory_id": inventory_id}
    uses = _uses((await tx.execute(text(_NOW + of), of_it)).all())
    sites = sorted({use.location_id for use in uses})
    before = await tx.execute(text(_BEFORE + of), {"year": year, "sites": sites, "as_of": as_of})
    paths = await _paths(tx, sites)
    # Denominators of the location itself and of what is under it: above, they are of more than this inventory.
    under = {place for path in paths.values() if location_id in path for place in path[path.index(location_id) :]}
    contradictions = await tx.execute(
        text(_CONTRADICTIONS), {"inventory_id": inventory_id, "of_the_year": sorted(OF_THE_YEAR)}
    )
    return Data(
        year=year,
        uses=uses,
        before=_uses(before.all()),
        personnel=await personnel_of(tx, under, year=year),
        floor_area_m2=await floor_area_of(tx, under, year=year),
        paths=paths,
        ranges=[*shipped, *await _ranges(tx, places=set().union(*paths.values()), year=year, as_of=as_of)],
        contradictions=[(row.location_id, Category(row.category), row.month) for row in contradictions],
        proxies=[(row.location_id, Category(row.category)) for row in await tx.execute(text(_PROXIES), of_it)],
        explanations=await _explanations(tx, inventory_id),
    )


async def _paths(tx: AsyncConnection, sites: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    rows = await tx.execute(select(location.c.id, location.c.path).where(location.c.id.in_(sites)))
    return {row.id: tuple(row.path.split(".")) for row in rows}


async def add_range(tx: AsyncConnection, new: PlausibilityRange, *, by: Person, at: datetime) -> None:
    await tx.execute(
        insert(plausibility_range).values(
            id=new.id,
            place_id=new.place_id,
            category=new.category,
            item=new.item,
            basis=new.basis,
            unit=None if new.unit is None else new.unit.value,
            low=new.low,
            high=new.high,
            severity=new.severity,
            valid_from=new.valid_from,
            valid_to=new.valid_to,
            source=new.source,
            set_by=by.name,
            set_by_subject=by.subject,
            set_at=at,
        )
    )


def _range(row: AnyRow) -> PlausibilityRange:
    return PlausibilityRange(
        id=row.id,
        place_id=row.place_id,
        category=None if row.category is None else Category(row.category),
        item=row.item,
        basis=Basis(row.basis),
        unit=None if row.unit is None else Unit(row.unit),
        low=row.low,
        high=row.high,
        severity=Severity(row.severity),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        by=Person(subject=row.set_by_subject, name=row.set_by),
        at=row.set_at,
    )


async def _ranges(
    tx: AsyncConnection, *, places: Collection[str], year: int, as_of: datetime | None
) -> list[PlausibilityRange]:
    """Those of these places that hold on a day of the year; of several that say the same otherwise, the newest."""
    of = plausibility_range.c
    alike = (of.place_id, of.category, of.item, of.basis, of.unit, of.severity, of.valid_from, of.valid_to)
    statement = (
        select(plausibility_range)
        .ext(distinct_on(*alike))
        .where(
            of.place_id.in_(places),
            of.valid_from < date(year + 1, 1, 1),
            or_(of.valid_to.is_(None), of.valid_to > date(year, 1, 1)),
        )
        .order_by(*alike, of.id.desc())
    )
    if as_of is not None:
        statement = statement.where(plausibility_range.c.set_at <= as_of)
    return [_range(row) for row in await tx.execute(statement)]


async def ranges(tx: AsyncConnection, *, limit: int, after: str | None) -> Sequence[PlausibilityRange]:
    """Those that were set, in the order of entry."""
    statement = select(plausibility_range).order_by(plausibility_range.c.id).limit(limit)
    if after is not None:
        statement = statement.where(plausibility_range.c.id > after)
    return [_range(row) for row in await tx.execute(statement)]


async def range_by_id(tx: AsyncConnection, range_id: str) -> PlausibilityRange:
    """That range; it is there."""
    return _range((await tx.execute(select(plausibility_range).where(plausibility_range.c.id == range_id))).one())


async def add_explanation(tx: AsyncConnection, new: Explanation) -> None:
    await tx.execute(
        insert(warning_explanation).values(
            id=new.id,
            inventory_id=new.inventory_id,
            finding_id=new.finding_id,
            location_id=new.location_id,
            category=new.category,
            text=new.text,
            explained_by=new.by.name,
            explained_by_subject=new.by.subject,
            explained_at=new.at,
        )
    )


def _explanation(row: AnyRow) -> Explanation:
    return Explanation(
        id=row.id,
        inventory_id=row.inventory_id,
        finding_id=row.finding_id,
        location_id=row.location_id,
        category=None if row.category is None else Category(row.category),
        text=row.text,
        by=Person(subject=row.explained_by_subject, name=row.explained_by),
        at=row.explained_at,
    )


async def _explanations(tx: AsyncConnection, inventory_id: str) -> Mapping[str, Explanation]:
    """By finding; the newest of each."""
    rows = await tx.execute(
        select(warning_explanation)
        # Of the versions that it was copied from, too: the same figures have the same explanation.
        .where(warning_explanation.c.inventory_id.in_(corrected(inventory_id)))
        .order_by(warning_explanation.c.id)
    )
    return {row.finding_id: _explanation(row) for row in rows}


async def explanation_by_id(tx: AsyncConnection, explanation_id: str) -> Explanation:
    """That explanation; it is there."""
    found = select(warning_explanation).where(warning_explanation.c.id == explanation_id)
    return _explanation((await tx.execute(found)).one())


async def people(tx: AsyncConnection, inventory_id: str) -> Sequence[Person]:
    """All who explained warnings of a version, or of those before it."""
    rows = await tx.execute(
        select(warning_explanation.c.explained_by_subject, warning_explanation.c.explained_by)
        .where(warning_explanation.c.inventory_id.in_(corrected(inventory_id)))
        .distinct()
    )
    return [Person(subject=subject, name=name) for subject, name in rows]
