"""Fuel that a site stores: how much it can hold, and how much it held on a day. Statements are added, never changed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from inventory.domain.days import latest_day
from inventory.domain.disclosure import FUELS
from inventory.domain.emission_factor import Catalogue
from inventory.domain.errors import CapacityNotPositive, FuelUnknown, StockInTheFuture, StockOutOfRange, UnitNotOfFuel
from quantities import Quantity, Unit
from quantities.person import Person
from quantities.units import convertible, parse_unit

__all__ = ["FuelStock", "fuel_stock_to_record", "fuels_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelStock:
    """What one site stores of one fuel, as somebody stated it for a day."""

    id: str
    location_id: str
    fuel: str
    """By its name in the catalogue of emission factors."""
    capacity: Quantity
    """What its tanks hold when full."""
    stock: Quantity
    """In the unit of the capacity."""
    as_of: date
    entered_by: Person
    entered_at: datetime


def fuels_of(catalogue: Catalogue) -> frozenset[str]:
    """What sites store and burn, by name."""
    return frozenset(key for category in FUELS for key in catalogue.keys(category))


def fuel_stock_to_record(
    *,
    stock_id: str,
    location_id: str,
    fuel: str,
    fuels: Collection[str],
    capacity: Decimal,
    stock: Decimal,
    unit: str,
    as_of: date,
    by: Person,
    at: datetime,
) -> FuelStock:
    """The statement, if it can be one; `fuels` are those that the catalogue knows.

    Refuses, in this order: FuelUnknown; UnitAmbiguous, UnitUnknown; UnitNotOfFuel for what is neither volume nor mass;
    CapacityNotPositive; StockOutOfRange; StockInTheFuture.
    """
    if fuel not in fuels:
        raise FuelUnknown(
            subject="fuel",
            found=fuel,
            expected=", ".join(sorted(fuels)),
            message=f"{fuel!r} is not a fuel of the catalogue.",
        )
    stated = parse_unit(unit)
    if not (convertible(stated, to=Unit.LITRE) or convertible(stated, to=Unit.KILOGRAM)):
        raise UnitNotOfFuel(
            subject="unit",
            found=stated,
            expected="a volume or a mass, such as litre or kg",
            message=f"Stored {fuel} is stated as a volume or a mass, not in {stated}.",
        )
    if capacity <= 0:
        raise CapacityNotPositive(
            subject="capacity",
            found=f"{capacity} {stated}",
            expected=f"more than 0 {stated}",
            message=f"A capacity is above 0; {capacity} {stated} was given.",
        )
    if not 0 <= stock <= capacity:
        raise StockOutOfRange(
            subject="stock",
            found=f"{stock} {stated}",
            expected=f"0 to {capacity} {stated}",
            message=f"A stock is from 0 to the capacity of {capacity} {stated}; {stock} {stated} was given.",
        )
    latest = latest_day(at)
    if as_of > latest:
        raise StockInTheFuture(
            subject="as of",
            found=str(as_of),
            expected=f"a day up to {latest}",
            message=f"A stock is stated for a day that has come; {as_of} was given.",
        )
    return FuelStock(
        id=stock_id,
        location_id=location_id,
        fuel=fuel,
        capacity=Quantity(capacity, stated),
        stock=Quantity(stock, stated),
        as_of=as_of,
        entered_by=by,
        entered_at=at,
    )
