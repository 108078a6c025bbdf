"""Refusals, in order: fuel that a site stores."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "CapacityNotPositive",
    "FuelUnknown",
    "StockInTheFuture",
    "StockOutOfRange",
    "UnitNotOfFuel",
]


class FuelUnknown(Refused):
    """The catalogue has no fuel of this name."""

    code: ClassVar[str] = "FUEL_UNKNOWN"


class UnitNotOfFuel(Refused):
    """Stored fuel is a volume or a mass; energy is neither."""

    code: ClassVar[str] = "UNIT_NOT_OF_FUEL"


class CapacityNotPositive(Refused):
    code: ClassVar[str] = "CAPACITY_NOT_POSITIVE"


class StockOutOfRange(Refused):
    """Below 0, or more than the tanks hold."""

    code: ClassVar[str] = "STOCK_OUT_OF_RANGE"


class StockInTheFuture(Refused):
    code: ClassVar[str] = "STOCK_IN_THE_FUTURE"
