"""SQL of lineage: what single records come from, and the records that totals are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.figures import FiguresAsked
from inventory.domain.record_filter import RecordFilter
from inventory.store import figures
from inventory.store.records import WITH_EMISSION, RecordRow, conditions, record_of
from inventory.tables import activity_record, coefficient, inventory

__all__ = ["Cell", "Earlier", "Origin", "earlier_of", "of_cells", "of_figure", "origins_of"]

_STEPS_MAX = 100
"""Versions and changes that a record is followed back through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a record and its coefficient say about where its figure comes from."""

    inventory_id: str
    method_edition: str
    factor_edition: str | None
    import_id: str
    key: str | None
    """That its factor was looked for by; None, as all below, where no emission is counted."""
    factor_id: str | None
    factor_release: str | None
    gwp_set: str | None


async def origins_of(tx: AsyncConnection, record_ids: Sequence[int]) -> Sequence[Origin | None]:
    """The origin of each record, None for one that the caller may not see."""
    rows = await tx.execute(
        select(
            activity_record.c.id,
            activity_record.c.inventory_id,
            inventory.c.method_edition,
            inventory.c.factor_edition,
            activity_record.c.import_id,
            coefficient.c.key,
            coefficient.c.factor_id,
            coefficient.c.factor_release,
            coefficient.c.gwp_set,
        )
        # A site's own team sees its records in an inventory that is not its own.
        .outerjoin(inventory, inventory.c.id == activity_record.c.inventory_id)
        .outerjoin(coefficient, coefficient.c.id == activity_record.c.coefficient_id)
        .where(activity_record.c.id.in_(record_ids))
    )
    found = {}
    for row in rows:
        values = row._asdict()
        record_id = values.pop("id")
        found[record_id] = Origin(**values)
    return [found.get(record_id) for record_id in record_ids]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A line that a record comes of, and what was done to it."""

    record_id: int
    inventory_id: str
    """Of the earlier line."""
    action: str
    """`copied` into the next version, or `changed`."""
    reason: str
    by: str
    at: datetime
    amount: Decimal
    unit: str


# A record was copied from a line of the version before, or took the place of a line that left; that line is whole in
# the correction, and was copied or had taken another's place itself.
_EARLIER = text(
    """
    SELECT r.id AS record_id, r.corrects_id AS earlier_id, e.inventory_id, 'copied' AS action, v.reason,
           v.opened_by AS by, v.opened_at AS at, e.amount, e.unit
      FROM activity_record r JOIN inventory v ON v.id = r.inventory_id JOIN activity_record e ON e.id = r.corrects_id
     WHERE r.id = ANY (:ids)
    UNION ALL
    SELECT k.record_id, CAST(k.replaced ->> 'id' AS bigint), k.inventory_id, k.action, k.reason, k.corrected_by,
           k.corrected_at, CAST(k.replaced ->> 'amount' AS numeric), k.replaced ->> 'unit'
      FROM record_correction k WHERE k.record_id = ANY (:ids) AND k.replaced IS NOT NULL
    UNION ALL
    SELECT CAST(k.replaced ->> 'id' AS bigint), e.id, e.inventory_id, 'copied', v.reason, v.opened_by, v.opened_at,
           e.amount, e.unit
      FROM record_correction k JOIN inventory v ON v.id = k.inventory_id
      JOIN activity_record e ON e.id = CAST(k.replaced ->> 'corrects_id' AS bigint)
     WHERE CAST(k.replaced ->> 'id' AS bigint) = ANY (:ids)
    """
)


async def earlier_of(tx: AsyncConnection, record_ids: Sequence[int]) -> Sequence[Sequence[Earlier]]:
    """What each record comes of, newest first, as far as the caller may see."""
    chains: dict[int, list[Earlier]] = {record_id: [] for record_id in record_ids}
    ends = {record_id: record_id for record_id in record_ids}
    for _ in range(_STEPS_MAX):
        if not ends:
            break
        found = {row.record_id: row for row in await tx.execute(_EARLIER, {"ids": sorted(set(ends.values()))})}
        following = {}
        for record_id, end in ends.items():
            if (row := found.get(end)) is not None:
                chains[record_id].append(
                    Earlier(
                        record_id=row.earlier_id,
                        inventory_id=row.inventory_id,
                        action=row.action,
                        reason=row.reason,
                        by=row.by,
                        at=row.at,
                        amount=row.amount,
                        unit=row.unit,
                    )
                )
                following[record_id] = row.earlier_id
        ends = following
    return [chains[record_id] for record_id in record_ids]


class Cell(NamedTuple):
    """A total of a version, and the page of its records that is asked for."""

    inventory_id: str
    scope: int
    category: str | None
    """None for all of the scope."""
    optional: bool
    limit: int
    after: int | None


_CELLS = text(
    "SELECT k.place, r.id FROM unnest(CAST(:inventory_id AS text[]), CAST(:scope AS integer[]),"
    " CAST(:category AS text[]), CAST(:optional AS boolean[]), CAST(:limit AS integer[]), CAST(:after AS bigint[]))"
    " WITH ORDINALITY AS k (inventory_id, scope, category, optional, lim, after, place) CROSS JOIN LATERAL ("
    "SELECT id FROM activity_record WHERE inventory_id = k.inventory_id AND scope = k.scope AND optional = k.optional"
    " AND coefficient_id IS NOT NULL AND (k.category IS NULL OR category = k.category)"
    " AND id > coalesce(k.after, 0) ORDER BY id LIMIT k.lim) r"
)


async def of_cells(tx: AsyncConnection, cells: Sequence[Cell]) -> Sequence[Sequence[RecordRow]]:
    """A page of the records of each total, in the order in which they came; those without an emission are in none."""
    columns: Mapping[str, list[Any]] = {name: [getattr(cell, name) for cell in cells] for name in Cell._fields}
    places = [(row.place, row.id) for row in await tx.execute(_CELLS, columns)]
    rows = await tx.execute(WITH_EMISSION.where(activity_record.c.id.in_({record_id for _, record_id in places})))
    found = {row.id: record_of(row) for row in rows}
    pages: list[list[RecordRow]] = [[] for _ in cells]
    for place, record_id in places:
        pages[place - 1].append(found[record_id])
    return [sorted(page, key=lambda row: row.id) for page in pages]


async def of_figure(
    tx: AsyncConnection,
    asked: FiguresAsked,
    *,
    location_id: str | None,
    month: date | None,
    limit: int,
    after: int | None,
) -> Sequence[RecordRow]:
    """Records with an emission that a sum is made of, in the order of their ids; those of the location and month.

    Refuses: DimensionsNotCombined.
    """
    versions = await figures.chosen(tx, asked)
    found = {inventory_id for inventory_id, at in versions if location_id in {None, at}}
    since, before = asked.days()
    if month is not None:
        since, before = month.replace(day=1), (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    wanted = RecordFilter(scopes=asked.scopes or None, optional=asked.optional, period_from=since, period_to=before)
    statement = (
        WITH_EMISSION.where(
            activity_record.c.inventory_id.in_(found),
            activity_record.c.coefficient_id.is_not(None),
            *conditions(wanted),
        )
        .order_by(activity_record.c.id)
        .limit(limit)
    )
    if asked.categories is not None:
        statement = statement.where(activity_record.c.category.in_(asked.categories))
    if asked.gases:
        statement = statement.where(coefficient.c.kg_per_unit.has_any(array(sorted(asked.gases))))
    if after is not None:
        statement = statement.where(activity_record.c.id > after)
    return [record_of(row) for row in await tx.execute(statement)]
