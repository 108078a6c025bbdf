"""GraphQL types of what is stated of locations."""

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.types import Quantity
from inventory.domain import fuel_stock

__all__ = ["Coordinates", "FuelStock"]


@strawberry.type(description="City-level coordinates, in degrees.")
class Coordinates:
    latitude: Decimal
    longitude: Decimal


@strawberry.type(description="What a site stores of one fuel, as stated for a day.")
class FuelStock:
    id: strawberry.ID
    fuel: str
    capacity: Quantity = strawberry.field(description="What the tanks hold when full.")
    stock: Quantity
    as_of: date
    entered_by: str
    entered_at: datetime

    @classmethod
    def of(cls, found: fuel_stock.FuelStock) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            fuel=found.fuel,
            capacity=Quantity.of(found.capacity.value, found.capacity.unit),
            stock=Quantity.of(found.stock.value, found.stock.unit),
            as_of=found.as_of,
            entered_by=found.entered_by.name,
            entered_at=found.entered_at,
        )
