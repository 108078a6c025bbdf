"""SQL of recomputation: a version's coefficients, its lines as a stream, and its totals."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category
from inventory.domain.inventory import State
from inventory.domain.recomputation import StoredCoefficient, StoredLine, StoredPart, TotalKey, TotalSum
from inventory.tables import (
    activity_record,
    coefficient,
    instrument,
    inventory,
    inventory_final_total,
    inventory_gas_total,
    inventory_market_total,
    inventory_month_total,
    inventory_total,
    scope2_part,
)
from quantities import Unit

__all__ = [
    "Version",
    "coefficients_of",
    "lines_of",
    "market_totals_of",
    "month_sums_of",
    "parts_of",
    "totals_of",
    "version_of",
]

_LINES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What of a version its recomputation goes by."""

    method_edition: str
    is_final: bool


async def version_of(tx: AsyncConnection, inventory_id: str) -> Version | None:
    """None for one that is not there."""
    row = (
        await tx.execute(select(inventory.c.method_edition, inventory.c.state).where(inventory.c.id == inventory_id))
    ).one_or_none()
    return None if row is None else Version(method_edition=row.method_edition, is_final=row.state == State.FINAL)


async def coefficients_of(tx: AsyncConnection, inventory_id: str) -> Sequence[StoredCoefficient]:
    """Those that its lines use, each once."""
    used = select(activity_record.c.coefficient_id).where(activity_record.c.inventory_id == inventory_id)
    rows = await tx.execute(select(coefficient).where(coefficient.c.id.in_(used)).order_by(coefficient.c.id))
    return [
        StoredCoefficient(
            id=row.id,
            category=Category(row.category),
            key=row.key,
            unit=Unit(row.unit),
            scope=row.scope,
            is_optional=row.optional,
            factor_id=row.factor_id,
            factor_release=row.factor_release,
            gwp_set=row.gwp_set,
            kg_per_unit_by_gas={gas: Decimal(kg) for gas, kg in row.kg_per_unit.items()},
            co2e_kg_per_unit=row.co2e_kg_per_unit,
            biogenic_co2_kg_per_unit=row.biogenic_co2_kg_per_unit,
        )
        for row in rows
    ]


async def lines_of(tx: AsyncConnection, inventory_id: str) -> AsyncIterator[StoredLine]:
    """Every line, by a cursor: only a thousand are in memory."""
    columns = [activity_record.c[name] for name in StoredLine.__dataclass_fields__ if name != "is_optional"]
    statement = (
        select(*columns, activity_record.c.optional)
        .where(activity_record.c.inventory_id == inventory_id)
        .order_by(activity_record.c.id)
        .execution_options(yield_per=_LINES_AT_ONCE)
    )
    async for row in await tx.stream(statement):
        yield StoredLine(
            id=row.id,
            location_id=row.location_id,
            sheet=row.sheet,
            row_number=row.row_number,
            category=Category(row.category),
            amount=row.amount,
            unit=Unit(row.unit),
            details=row.details,
            scope=row.scope,
            is_optional=row.optional,
            coefficient_id=row.coefficient_id,
            co2e_kg=row.co2e_kg,
            biogenic_co2_kg=row.biogenic_co2_kg,
        )


async def totals_of(tx: AsyncConnection, inventory_id: str) -> Mapping[TotalKey, TotalSum]:
    """By site, by site and gas, and of a final version over all sites."""
    found: dict[TotalKey, TotalSum] = {}
    for table in (inventory_total, inventory_final_total):
        for row in await tx.execute(select(table).where(table.c.inventory_id == inventory_id)):
            key = TotalKey(
                location_id=row.location_id if "location_id" in table.c else None,
                scope=row.scope,
                category=row.category,
                is_optional=row.optional,
            )
            found[key] = TotalSum(kg=row.co2e_kg, biogenic_co2_kg=row.biogenic_co2_kg, records=row.records)
    for row in await tx.execute(select(inventory_gas_total).where(inventory_gas_total.c.inventory_id == inventory_id)):
        key = TotalKey(
            location_id=row.location_id, scope=row.scope, category=row.category, is_optional=row.optional, gas=row.gas
        )
        found[key] = TotalSum(kg=row.kg, biogenic_co2_kg=None, records=row.records)
    return found


async def month_sums_of(tx: AsyncConnection, inventory_id: str) -> Mapping[TotalKey, TotalSum]:
    """Totals by month, summed over the months."""
    total = inventory_month_total.c
    of = (total.location_id, total.scope, total.category, total.optional)
    rows = await tx.execute(
        select(*of, func.sum(total.co2e_kg).label("kg"), func.sum(total.biogenic_co2_kg).label("biogenic_kg"))
        .where(total.inventory_id == inventory_id)
        .group_by(*of)
    )
    return {
        TotalKey(
            location_id=row.location_id, scope=row.scope, category=row.category, is_optional=row.optional
        ): TotalSum(kg=row.kg, biogenic_co2_kg=row.biogenic_kg)
        for row in rows
    }


async def parts_of(tx: AsyncConnection, inventory_id: str) -> Sequence[StoredPart]:
    """Of the market-based figure of a final version, without what instruments were too many."""
    rows = await tx.execute(
        select(scope2_part, instrument.c.co2e_kg_per_kwh)
        .outerjoin(instrument, instrument.c.id == scope2_part.c.instrument_id)
        .where(scope2_part.c.inventory_id == inventory_id, scope2_part.c.co2e_kg.is_not(None))
        .order_by(scope2_part.c.part)
    )
    return [
        StoredPart(
            number=row.part,
            location_id=row.location_id,
            kwh=row.kwh,
            co2e_kg=row.co2e_kg,
            co2e_kg_per_kwh=row.co2e_kg_per_kwh,
        )
        for row in rows
    ]


async def market_totals_of(tx: AsyncConnection, inventory_id: str) -> Mapping[TotalKey, TotalSum]:
    """Of a final version, by site."""
    rows = await tx.execute(select(inventory_market_total).where(inventory_market_total.c.inventory_id == inventory_id))
    return {
        TotalKey(
            location_id=row.location_id, scope=row.scope, category=row.category, is_optional=row.optional
        ): TotalSum(kg=row.co2e_kg, biogenic_co2_kg=None)
        for row in rows
    }
