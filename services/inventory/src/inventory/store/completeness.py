"""SQL of expected sources, of statements about them, and of the board that puts both beside what was reported."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.ids import new_id
from inventory.domain.activity_data import Category
from inventory.domain.completeness import (
    OF_THE_YEAR,
    Cell,
    Coverage,
    Months,
    NotationKey,
    SourceExpectation,
    SourceState,
    SourceStatement,
    StaffCoverage,
    StaffNode,
    Withdrawal,
    staff_coverage,
)
from inventory.domain.inventory import Inventory
from inventory.store.personnel import person_years_of
from inventory.tables import inventory_coverage, source_expectation, source_statement, source_statement_withdrawal
from quantities.person import Person

__all__ = [
    "Asked",
    "CellFilter",
    "Summary",
    "add_expectation",
    "add_statement",
    "add_withdrawal",
    "cells",
    "copy_statements",
    "expectation_by_id",
    "expectations_of",
    "people",
    "reported_months",
    "standing_of",
    "statement_by_id",
    "statement_of_id",
    "statements_of",
    "summary",
]

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose board: a location with all under it, and a year."""

    location_id: str
    year: int
    inventory_id: str | None = None
    """One version; without it, the newest of every inventory there."""
    as_of: datetime | None = None
    """By the declarations of then: what is final was approved by those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFilter:
    """Which cells; all where nothing is given."""

    states: Collection[SourceState] = ()
    categories: Collection[str] = ()
    location_ids: Collection[str] = ()
    expected: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The board in figures."""

    by_state: Mapping[SourceState, int]
    """Expected cells."""
    unexpected: int
    """Reported or stated ones that were not expected."""
    sites: Coverage
    staff: StaffCoverage


# Sites open in the year; the newest version of each inventory there; what the final one of the year before reported, or
# said to occur without an estimate, month by month; what was declared; what is reported and stated now. A reader below
# an inventory sees the rows of its own sites and not the inventory: versions are told apart by these too.
_BOARD = """
WITH site AS (
    SELECT l.id, l.parent_id, l.valid_from, l.valid_to
      FROM location_closure c JOIN location l ON l.id = c.descendant_id
     WHERE c.ancestor_id = :location_id AND l.valid_from < CAST(:next AS date)
       AND (l.valid_to IS NULL OR l.valid_to > CAST(:first AS date))
), month AS (
    SELECT g::date AS month FROM generate_series(CAST(:first AS timestamp), CAST(:last AS timestamp), '1 month') g
), version AS (
    SELECT DISTINCT ON (of_location_id) inventory_id FROM (
        SELECT i.location_id AS of_location_id, i.version, i.id AS inventory_id FROM inventory i WHERE i.year = :year
        UNION
        SELECT c.of_location_id, c.version, c.inventory_id FROM inventory_coverage c JOIN site s ON s.id = c.location_id
         WHERE c.month >= :first AND c.month < :next
        UNION
        SELECT t.of_location_id, t.version, t.inventory_id FROM source_statement t JOIN site s ON s.id = t.location_id
         WHERE t.from_month >= :first AND t.from_month < :next
    ) known WHERE CAST(:inventory_id AS text) IS NULL OR inventory_id = :inventory_id
     ORDER BY of_location_id, version DESC
), before AS (
    SELECT DISTINCT ON (b.of_location_id, b.location_id) b.inventory_id, b.location_id
      FROM inventory_site b JOIN site s ON s.id = b.location_id
     WHERE b.year = :year - 1 AND b.inventory_id IS DISTINCT FROM :inventory_id
     ORDER BY b.of_location_id, b.location_id, b.version DESC
), declared AS (
    SELECT DISTINCT ON (location_id, category, month) location_id, category, month, expected, reason FROM (
        SELECT e.location_id, e.category, e.expected, e.reason, e.id,
               CASE WHEN e.category = ANY (:of_the_year) THEN CAST(:first AS date) ELSE m.month END AS month
          FROM source_expectation e JOIN site s ON s.id = e.location_id
          JOIN month m ON m.month >= e.from_month AND (e.to_month IS NULL OR m.month < e.to_month)
         WHERE CAST(:as_of AS timestamptz) IS NULL OR e.declared_at <= :as_of
    ) each_month ORDER BY location_id, category, month, id DESC
), derived AS (
    SELECT DISTINCT c.location_id, c.category, CASE WHEN c.category = ANY (:of_the_year) THEN CAST(:first AS date)
               ELSE (c.month + interval '1 year')::date END AS month
      FROM before b JOIN inventory_coverage c ON c.inventory_id = b.inventory_id AND c.location_id = b.location_id
    UNION
    SELECT t.location_id, t.category,
           CASE WHEN t.category = ANY (:of_the_year) THEN CAST(:first AS date) ELSE m.month END
      FROM before b JOIN source_statement t ON t.inventory_id = b.inventory_id AND t.location_id = b.location_id
      JOIN month m ON m.month - interval '1 year' >= t.from_month AND m.month - interval '1 year' < t.to_month
     WHERE t.key = 'not_estimated'
       AND NOT EXISTS (SELECT FROM source_statement_withdrawal w WHERE w.statement_id = t.id)
), expected AS (
    SELECT coalesce(d.location_id, y.location_id) AS location_id, coalesce(d.category, y.category) AS category,
           coalesce(d.month, y.month) AS month, coalesce(d.expected, true) AS expected,
           coalesce(d.reason, 'in the inventory of ' || to_char(y.month - interval '1 year',
               CASE WHEN y.category = ANY (:of_the_year) THEN 'YYYY' ELSE 'YYYY-MM' END)) AS because
      FROM derived y FULL JOIN declared d
        ON d.location_id = y.location_id AND d.category = y.category AND d.month = y.month
), reported AS (
    SELECT c.location_id, c.category,
           CASE WHEN c.category = ANY (:of_the_year) THEN CAST(:first AS date) ELSE c.month END AS month,
           CASE max(array_position(ARRAY['measured', 'estimated', 'extrapolated'], c.quality))
               WHEN 1 THEN 'measured' WHEN 2 THEN 'estimated' ELSE 'extrapolated' END AS quality,
           sum(c.records)::bigint AS records
      FROM version v JOIN inventory_coverage c ON c.inventory_id = v.inventory_id JOIN site s ON s.id = c.location_id
     GROUP BY 1, 2, 3
), stated AS (
    SELECT DISTINCT ON (t.location_id, t.category, m.month) t.location_id, t.category, m.month, t.key, t.reason
      FROM version v JOIN source_statement t ON t.inventory_id = v.inventory_id JOIN site s ON s.id = t.location_id
      JOIN month m ON m.month >= t.from_month AND m.month < t.to_month
     WHERE (m.month = :first OR NOT t.category = ANY (:of_the_year))
       AND NOT EXISTS (SELECT FROM source_statement_withdrawal w WHERE w.statement_id = t.id)
     ORDER BY t.location_id, t.category, m.month, t.id DESC
), cell AS (
    SELECT location_id, category, month, coalesce(e.expected, false) AND s.id IS NOT NULL AS expected, e.because,
           coalesce(r.quality, t.key, 'missing') AS state,
           CASE WHEN r.quality IS NULL THEN t.reason END AS reason, r.records
      FROM expected e FULL JOIN reported r USING (location_id, category, month)
      FULL JOIN stated t USING (location_id, category, month)
      LEFT JOIN site s ON s.id = location_id AND s.valid_from < month + CASE WHEN category = ANY (:of_the_year)
               THEN interval '1 year' ELSE interval '1 month' END AND (s.valid_to IS NULL OR s.valid_to > month)
     WHERE r.quality IS NOT NULL OR t.key IS NOT NULL OR (e.expected AND s.id IS NOT NULL)
)
"""

_CELLS = (
    _BOARD
    + """
SELECT location_id, category, month, expected, because, state, reason, records FROM cell
 WHERE (CAST(:states AS text[]) = '{}' OR state = ANY (:states))
   AND (CAST(:categories AS text[]) = '{}' OR category = ANY (:categories))
   AND (CAST(:location_ids AS text[]) = '{}' OR location_id = ANY (:location_ids))
   AND (CAST(:expected AS boolean) IS NULL OR expected = :expected)
   AND (CAST(:at_location AS text) IS NULL
        OR (location_id COLLATE "C", category COLLATE "C", month)
         > (CAST(:at_location AS text) COLLATE "C", CAST(:at_category AS text) COLLATE "C", CAST(:at_month AS date)))
 ORDER BY location_id COLLATE "C", category COLLATE "C", month LIMIT :limit
"""
)

_SUMMARY = (
    _BOARD  # noqa: S608 - the code's own parts
    + """
SELECT state, count(*) FILTER (WHERE expected) AS expected, count(*) FILTER (WHERE NOT expected) AS unexpected,
       NULL AS id, NULL AS parent_id, false AS reports
  FROM cell GROUP BY state
UNION ALL
SELECT NULL, 0, 0, s.id, s.parent_id, EXISTS (SELECT FROM reported r WHERE r.location_id = s.id) FROM site s
"""
)


_PLANNED_FOR_EACH = text("SET LOCAL plan_cache_mode = force_custom_plan")
"""A plan for any location would take one with 2,000 sites for one with a few, and run for minutes."""


def _values(asked: Asked) -> dict[str, Any]:
    return {
        "location_id": asked.location_id,
        "year": asked.year,
        "inventory_id": asked.inventory_id,
        "as_of": asked.as_of,
        "first": date(asked.year, 1, 1),
        "last": date(asked.year, 12, 1),
        "next": date(asked.year + 1, 1, 1),
        "of_the_year": sorted(OF_THE_YEAR),
    }


async def cells(
    tx: AsyncConnection,
    asked: Asked,
    *,
    wanted: CellFilter,
    limit: int,
    after: tuple[str, str, date] | None = None,
) -> Sequence[Cell]:
    """Cells of the board by site, category and month."""
    at_location, at_category, at_month = after or (None, None, None)
    await tx.execute(_PLANNED_FOR_EACH)
    rows = await tx.execute(
        text(_CELLS),
        _values(asked)
        | {
            "states": sorted(wanted.states),
            "categories": sorted(wanted.categories),
            "location_ids": sorted(wanted.location_ids),
            "expected": wanted.expected,
            "at_location": at_location,
            "at_category": at_category,
            "at_month": at_month,
            "limit": limit,
        },
    )
    return [
        Cell(
            location_id=row.location_id,
            category=Category(row.category),
            month=None if Category(row.category) in OF_THE_YEAR else row.month,
            expected=row.expected,
            expected_because=row.because,
            state=SourceState(row.state),
            reason=row.reason,
            records=row.records,
        )
        for row in rows
    ]


async def summary(tx: AsyncConnection, asked: Asked) -> Summary:
    """The board in figures: one statement, and one for the personnel."""
    await tx.execute(_PLANNED_FOR_EACH)
    rows = (await tx.execute(text(_SUMMARY), _values(asked))).all()
    states = [row for row in rows if row.id is None]
    personnel = await person_years_of(tx, [row.id for row in rows if row.id is not None], year=asked.year)
    nodes = [
        StaffNode(id=row.id, parent_id=row.parent_id, personnel=personnel.get(row.id), reports=row.reports)
        for row in rows
        if row.id is not None
    ]
    above = {node.parent_id for node in nodes}
    sites = [node for node in nodes if node.reports or node.id not in above]
    return Summary(
        by_state={SourceState(row.state): row.expected for row in states if row.expected},
        unexpected=sum(row.unexpected for row in states),
        sites=Coverage(covered=sum(node.reports for node in sites), total=len(sites)),
        staff=staff_coverage(nodes),
    )


async def reported_months(
    tx: AsyncConnection, *, inventory_id: str, location_id: str, category: str
) -> Collection[date]:
    """Months in which a site has records of a source."""
    found = await tx.scalars(
        select(inventory_coverage.c.month)
        .where(
            inventory_coverage.c.inventory_id == inventory_id,
            inventory_coverage.c.location_id == location_id,
            inventory_coverage.c.category == category,
        )
        .distinct()
    )
    return list(found)


async def add_expectation(tx: AsyncConnection, new: SourceExpectation) -> None:
    await tx.execute(
        insert(source_expectation).values(
            id=new.id,
            location_id=new.location_id,
            category=new.category,
            from_month=new.months.first,
            to_month=new.months.next,
            expected=new.expected,
            reason=new.reason,
            declared_by=new.by.name,
            declared_by_subject=new.by.subject,
            declared_at=new.at,
        )
    )


def _expectation(row: AnyRow) -> SourceExpectation:
    return SourceExpectation(
        id=row.id,
        location_id=row.location_id,
        category=Category(row.category),
        months=Months(first=row.from_month, next=row.to_month),
        expected=row.expected,
        reason=row.reason,
        by=Person(subject=row.declared_by_subject, name=row.declared_by),
        at=row.declared_at,
    )


async def expectation_by_id(tx: AsyncConnection, expectation_id: str) -> SourceExpectation:
    """That declaration; it is there."""
    found = select(source_expectation).where(source_expectation.c.id == expectation_id)
    return _expectation((await tx.execute(found)).one())


async def expectations_of(
    tx: AsyncConnection, *, location_id: str, limit: int, after: str | None
) -> Sequence[SourceExpectation]:
    """Every declaration about a site, in the order of entry."""
    statement = (
        select(source_expectation)
        .where(source_expectation.c.location_id == location_id)
        .order_by(source_expectation.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(source_expectation.c.id > after)
    return [_expectation(row) for row in await tx.execute(statement)]


COPIED_AT_ONCE = 500
"""Statements that are in memory at once."""

_STATEMENT = select(
    source_statement,
    source_statement_withdrawal.c.reason.label("withdrawal_reason"),
    source_statement_withdrawal.c.withdrawn_by,
    source_statement_withdrawal.c.withdrawn_by_subject,
    source_statement_withdrawal.c.withdrawn_at,
).outerjoin(source_statement_withdrawal, source_statement_withdrawal.c.statement_id == source_statement.c.id)


def _statement(row: AnyRow) -> SourceStatement:
    withdrawn = None
    if row.withdrawn_at is not None:
        who = Person(subject=row.withdrawn_by_subject, name=row.withdrawn_by)
        withdrawn = Withdrawal(reason=row.withdrawal_reason, by=who, at=row.withdrawn_at)
    return SourceStatement(
        id=row.id,
        inventory_id=row.inventory_id,
        location_id=row.location_id,
        category=Category(row.category),
        months=Months(first=row.from_month, next=row.to_month),
        key=NotationKey(row.key),
        reason=row.reason,
        by=Person(subject=row.stated_by_subject, name=row.stated_by),
        at=row.stated_at,
        withdrawn=withdrawn,
    )


async def add_statement(tx: AsyncConnection, new: SourceStatement, *, of: Inventory) -> None:
    await tx.execute(insert(source_statement), _row(new, of=of))


def _row(new: SourceStatement, *, of: Inventory, copied_from_id: str | None = None) -> dict[str, Any]:
    return {
        "id": new.id,
        "inventory_id": of.id,
        "location_id": new.location_id,
        "category": new.category,
        "from_month": new.months.first,
        "to_month": new.months.next,
        "key": new.key,
        "reason": new.reason,
        "of_location_id": of.location_id,
        "version": of.version,
        "copied_from_id": copied_from_id,
        "stated_by": new.by.name,
        "stated_by_subject": new.by.subject,
        "stated_at": new.at,
    }


async def add_withdrawal(tx: AsyncConnection, item: SourceStatement, withdrawn: Withdrawal) -> None:
    await tx.execute(
        insert(source_statement_withdrawal).values(
            statement_id=item.id,
            inventory_id=item.inventory_id,
            location_id=item.location_id,
            reason=withdrawn.reason,
            withdrawn_by=withdrawn.by.name,
            withdrawn_by_subject=withdrawn.by.subject,
            withdrawn_at=withdrawn.at,
        )
    )


async def copy_statements(tx: AsyncConnection, new: Inventory, *, of: str) -> None:
    """Statements that stand in the version `of`, into the new one, as they were made."""
    after = None
    while True:
        found = await statements_of(tx, inventory_id=of, limit=COPIED_AT_ONCE, after=after)
        copied = [
            _row(replace(item, id=new_id()), of=new, copied_from_id=item.id) for item in found if item.withdrawn is None
        ]
        if copied:
            await tx.execute(insert(source_statement), copied)
        if len(found) < COPIED_AT_ONCE:
            return
        after = found[-1].id


async def standing_of(
    tx: AsyncConnection, *, inventory_id: str, location_id: str, category: str
) -> Sequence[SourceStatement]:
    """What is said of a source of a site in a version. No two say it of one month."""
    rows = await tx.execute(
        _STATEMENT.where(
            source_statement.c.inventory_id == inventory_id,
            source_statement.c.location_id == location_id,
            source_statement.c.category == category,
            source_statement_withdrawal.c.withdrawn_at.is_(None),
        )
    )
    return [_statement(row) for row in rows]


async def statements_of(
    tx: AsyncConnection, *, inventory_id: str, limit: int, after: str | None
) -> Sequence[SourceStatement]:
    """Every statement of a version, in the order of entry; withdrawn ones too."""
    statement = (
        _STATEMENT.where(source_statement.c.inventory_id == inventory_id).order_by(source_statement.c.id).limit(limit)
    )
    if after is not None:
        statement = statement.where(source_statement.c.id > after)
    return [_statement(row) for row in await tx.execute(statement)]


async def statement_by_id(tx: AsyncConnection, statement_id: str) -> SourceStatement:
    """That statement; it is there."""
    return _statement((await tx.execute(_STATEMENT.where(source_statement.c.id == statement_id))).one())


async def statement_of_id(tx: AsyncConnection, statement_id: str) -> SourceStatement | None:
    row = (await tx.execute(_STATEMENT.where(source_statement.c.id == statement_id))).one_or_none()
    return None if row is None else _statement(row)


async def people(tx: AsyncConnection, inventory_id: str) -> Sequence[Person]:
    """All who made or withdrew statements in a version."""
    made = select(source_statement.c.stated_by_subject, source_statement.c.stated_by).where(
        source_statement.c.inventory_id == literal(inventory_id)
    )
    withdrawn = select(
        source_statement_withdrawal.c.withdrawn_by_subject, source_statement_withdrawal.c.withdrawn_by
    ).where(source_statement_withdrawal.c.inventory_id == literal(inventory_id))
    return [Person(subject=subject, name=name) for subject, name in await tx.execute(made.union(withdrawn))]
