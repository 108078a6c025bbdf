"""SQL of fuel stocks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.fuel_stock import FuelStock
from inventory.tables import fuel_stock
from quantities import Quantity
from quantities.person import Person

__all__ = ["add", "by_id", "newest_of", "page"]


def _fuel_stock(row: Row[*tuple[Any, ...]]) -> FuelStock:
    return FuelStock(
        id=row.id,
        location_id=row.location_id,
        fuel=row.fuel,
        capacity=Quantity(row.capacity, row.unit),
        stock=Quantity(row.stock, row.unit),
        as_of=row.as_of,
        entered_by=Person(subject=row.entered_by_subject, name=row.entered_by),
        entered_at=row.entered_at,
    )


async def add(tx: AsyncConnection, new: FuelStock) -> None:
    await tx.execute(
        insert(fuel_stock).values(
            id=new.id,
            location_id=new.location_id,
            fuel=new.fuel,
            capacity=new.capacity.value,
            stock=new.stock.value,
            unit=new.capacity.unit.value,
            as_of=new.as_of,
            entered_by=new.entered_by.name,
            entered_by_subject=new.entered_by.subject,
            entered_at=new.entered_at,
        )
    )


async def by_id(tx: AsyncConnection, stock_id: str) -> FuelStock:
    """That statement; it is there."""
    return _fuel_stock((await tx.execute(select(fuel_stock).where(fuel_stock.c.id == stock_id))).one())


async def newest_of(tx: AsyncConnection, location_ids: Sequence[str]) -> Sequence[Sequence[FuelStock]]:
    """For each location the newest statement of each fuel, by fuel; of two for one day, the later one."""
    rows = await tx.execute(
        select(fuel_stock)
        .ext(distinct_on(fuel_stock.c.location_id, fuel_stock.c.fuel))
        .where(fuel_stock.c.location_id.in_(location_ids))
        .order_by(fuel_stock.c.location_id, fuel_stock.c.fuel, fuel_stock.c.as_of.desc(), fuel_stock.c.id.desc())
    )
    found: dict[str, list[FuelStock]] = {location_id: [] for location_id in location_ids}
    for row in rows:
        found[row.location_id].append(_fuel_stock(row))
    return [found[location_id] for location_id in location_ids]


async def page(tx: AsyncConnection, *, location_id: str, limit: int, after: str | None) -> Sequence[FuelStock]:
    """Every statement of a location, in the order in which they were entered."""
    statement = select(fuel_stock).where(fuel_stock.c.location_id == location_id).order_by(fuel_stock.c.id).limit(limit)
    if after is not None:
        statement = statement.where(fuel_stock.c.id > after)
    return [_fuel_stock(row) for row in await tx.execute(statement)]
