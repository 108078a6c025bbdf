"""SQL of restatements: what the lines of a version ask the catalogue, and lines with other coefficients."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category, Period
from inventory.domain.inventory import Inventory
from inventory.domain.restatement import Question, Requantified
from inventory.store import records
from inventory.store.corrections import COPIED
from inventory.tables import inventory_total
from quantities import Unit

__all__ = ["copy_requantified", "kept_by_category", "questions_of"]

# A line without emission has no coefficient that says its key; only what has a key of its item and treatment is such.
_KEY = "coalesce(c.key, r.item || coalesce('/' || (r.details ->> 'treatment'), ''))"
_QUESTION = f"r.category, {_KEY} AS key, r.unit, r.location_id, r.period_start, r.period_end"
_REPLACED = frozenset({"coefficient_id", "optional", "co2e_kg", "biogenic_co2_kg"})
_AS_IT_WAS = tuple(column.name for column in COPIED if column.name not in _REPLACED)


async def questions_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Sequence[Question]]:
    """The distinct questions of each version's lines, in the order of their first lines."""
    rows = await tx.execute(
        text(
            f"SELECT r.inventory_id, {_QUESTION}, sum(r.amount) AS amount, count(*) AS lines,"  # noqa: S608 - names of columns
            " (array_agg(r.sheet ORDER BY r.id))[1] AS sheet, (array_agg(r.row_number ORDER BY r.id))[1] AS row"
            " FROM activity_record r LEFT JOIN coefficient c ON c.id = r.coefficient_id"
            " WHERE r.inventory_id = ANY (:ids) GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY min(r.id)"
        ),
        {"ids": list(inventory_ids)},
    )
    found: dict[str, list[Question]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in rows:
        found[row.inventory_id].append(
            Question(
                category=Category(row.category),
                key=row.key,
                unit=Unit(row.unit),
                location_id=row.location_id,
                period=Period(start=row.period_start, end=row.period_end),
                amount=row.amount,
                sheet=row.sheet,
                row=row.row,
                lines=row.lines,
            )
        )
    return found


async def copy_requantified(
    tx: AsyncConnection, new: Inventory, *, of: str, requantified: Sequence[Requantified]
) -> None:
    """Every line of the version `of` into the new one: its amount times the coefficient that answers it now."""
    await records.add_coefficients(tx, (item.coefficient for item in requantified if item.coefficient is not None))
    questions = [item.question for item in requantified]
    kept = ", ".join(f"r.{name}" for name in _AS_IT_WAS)
    await tx.execute(
        text(
            f"INSERT INTO activity_record (inventory_id, corrects_id, {', '.join(_AS_IT_WAS)}, coefficient_id,"  # noqa: S608
            " optional, co2e_kg, biogenic_co2_kg)"
            f" SELECT :new, r.id, {kept}, n.id, coalesce(n.optional, r.optional), r.amount * n.co2e_kg_per_unit,"
            " r.amount * n.biogenic_co2_kg_per_unit"
            f" FROM (SELECT r.*, {_KEY} AS key FROM activity_record r LEFT JOIN coefficient c ON c.id ="
            " r.coefficient_id WHERE r.inventory_id = :of) r"
            " JOIN unnest(CAST(:category AS text[]), CAST(:key AS text[]), CAST(:unit AS text[]),"
            " CAST(:location_id AS text[]), CAST(:start AS date[]), CAST(:end AS date[]),"
            " CAST(:coefficient_id AS bigint[]))"
            " AS q (category, key, unit, location_id, period_start, period_end, coefficient_id)"
            " USING (category, key, unit, location_id, period_start, period_end)"
            " LEFT JOIN coefficient n ON n.id = q.coefficient_id ORDER BY r.id"
        ),
        {
            "new": new.id,
            "of": of,
            "category": [item.category.value for item in questions],
            "key": [item.key for item in questions],
            "unit": [item.unit.value for item in questions],
            "location_id": [item.location_id for item in questions],
            "start": [item.period.start for item in questions],
            "end": [item.period.end for item in questions],
            "coefficient_id": [None if item.coefficient is None else item.coefficient.id for item in requantified],
        },
    )


async def kept_by_category(
    tx: AsyncConnection, inventory_ids: Sequence[str]
) -> Mapping[str, Mapping[tuple[Category, bool], Decimal]]:
    """Totals of each version, by category and whether it is apart from the total."""
    total = inventory_total.c
    rows = await tx.execute(
        select(total.inventory_id, total.category, total.optional, func.sum(total.co2e_kg).label("co2e_kg"))
        .where(total.inventory_id.in_(inventory_ids))
        .group_by(total.inventory_id, total.category, total.optional)
    )
    found: dict[str, dict[tuple[Category, bool], Decimal]] = {inventory_id: {} for inventory_id in inventory_ids}
    for row in rows:
        found[row.inventory_id][Category(row.category), row.optional] = row.co2e_kg
    return found
