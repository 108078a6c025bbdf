"""SQL of resource use and intensity: sums of lines, and what is kept of final versions."""

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category
from inventory.domain.denominator import Denominator
from inventory.domain.intensity import INTENSITIES, Intensity, IntensityGap, Recorded
from inventory.domain.inventory import Inventory
from inventory.store.inventories import indicators_of
from inventory.tables import inventory_intensity
from quantities import Quantity

__all__ = ["keep", "kept_of", "recorded_of"]

# Text of a cell: what is no plain number is as if it were not there, and the yield stands for it.
_RECORDED = text(
    "WITH line AS (SELECT *, CASE WHEN (details ->> 'generated_kwh') ~ '^[0-9]+([.][0-9]+)?$'"
    " THEN (details ->> 'generated_kwh')::numeric END AS generated_kwh"
    " FROM activity_record WHERE inventory_id = ANY(:ids))"
    " SELECT inventory_id, category, unit, sum(amount) AS amount,"
    " count(*) FILTER (WHERE coefficient_id IS NOT NULL) AS counted, sum(generated_kwh) AS generated_kwh,"
    " sum(amount) FILTER (WHERE generated_kwh IS NULL) AS without_generated"
    " FROM line GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_COUNTED = text(
    "SELECT inventory_id, category, sum(records) AS records FROM inventory_total WHERE inventory_id = ANY(:ids)"
    " GROUP BY 1, 2"
)


async def recorded_of(
    tx: AsyncConnection, inventory_ids: Sequence[str]
) -> Mapping[str, tuple[Sequence[Recorded], frozenset[Category]]]:
    """What was recorded, summed by category and unit; and categories of which the caller does not see every line."""
    recorded: dict[str, list[Recorded]] = {inventory_id: [] for inventory_id in inventory_ids}
    seen: dict[tuple[str, str], int] = {}
    for row in await tx.execute(_RECORDED, {"ids": list(inventory_ids)}):
        seen[row.inventory_id, row.category] = seen.get((row.inventory_id, row.category), 0) + row.counted
        recorded[row.inventory_id].append(
            Recorded(
                category=Category(row.category),
                amount=Quantity(row.amount, row.unit),
                generated_kwh=row.generated_kwh,
                without_generated=row.without_generated,
            )
        )
    hidden: dict[str, set[Category]] = {inventory_id: set() for inventory_id in inventory_ids}
    for row in await tx.execute(_COUNTED, {"ids": list(inventory_ids)}):
        if row.records != seen.get((row.inventory_id, row.category), 0):
            hidden[row.inventory_id].add(Category(row.category))
    return {inventory_id: (recorded[inventory_id], frozenset(hidden[inventory_id])) for inventory_id in inventory_ids}


async def keep(tx: AsyncConnection, of: Inventory, found: Sequence[Intensity]) -> None:
    """What the intensities of a version that is about to be final are stated by, or why there are none."""
    rows = [
        {
            "inventory_id": of.id,
            "name": item.name,
            "location_id": of.location_id,
            "gap": item.gap,
            "explanation": item.explanation,
            "denominator": item.denominator.value,
            "days_stated": item.denominator.days_stated,
            "days": item.denominator.days,
            "coverage_percent": item.denominator.coverage_percent,
            "statements": list(item.denominator.statement_ids),
        }
        for item in found
        if item.denominator is not None
    ]
    await tx.execute(insert(inventory_intensity), rows)


async def kept_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Sequence[Intensity]]:
    """Intensities of final versions, as far as the caller may see them."""
    rows = await tx.execute(select(inventory_intensity).where(inventory_intensity.c.inventory_id.in_(inventory_ids)))
    kept = {(row.inventory_id, row.name): row for row in rows}
    values = dict(zip(inventory_ids, await indicators_of(tx, inventory_ids), strict=True))
    found: dict[str, Sequence[Intensity]] = {}
    for inventory_id in inventory_ids:
        known = {item.name: item.value for item in values[inventory_id]}
        every = []
        for spec in INTENSITIES:
            row, value = kept.get((inventory_id, spec.name)), known.get(spec.name)
            gap = None
            if value is None:
                gap = IntensityGap.RECORDS_NOT_SHOWN if row is None or row.gap is None else IntensityGap(row.gap)
            every.append(
                Intensity(
                    name=spec.name,
                    unit=spec.unit,
                    value=value,
                    gap=gap,
                    explanation=None if row is None else row.explanation,
                    use=None,
                    of_unit=spec.of_unit,
                    denominator=None
                    if row is None
                    else Denominator(
                        kind=spec.kind,
                        topic=spec.topic,
                        value=row.denominator,
                        days_stated=row.days_stated,
                        days=row.days,
                        coverage_percent=row.coverage_percent,
                        statement_ids=tuple(row.statements),
                    ),
                )
            )
        found[inventory_id] = every
    return found
