"""What a location did and used: one record of an activity, before any emission is worked out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from inventory.domain.errors import AmountNegative, PeriodEndsBeforeStart
from quantities import Quantity

__all__ = ["ALWAYS", "ActivityData", "Category", "DataQuality", "Flight", "Period", "SourceRow", "Stated"]


class Category(StrEnum):
    """Source categories of the UN-wide method (Greening the Blue methodology, emissions boundaries)."""

    GRID_ELECTRICITY = "grid_electricity"
    GENERATOR_FUEL = "generator_fuel"
    HEATING_FUEL = "heating_fuel"
    PURCHASED_HEAT = "purchased_heat"
    PURCHASED_COOLING = "purchased_cooling"
    ON_SITE_RENEWABLES = "on_site_renewables"
    REFRIGERANT = "refrigerant"
    VEHICLE_FUEL = "vehicle_fuel"
    VEHICLE_DISTANCE = "vehicle_distance"
    AIR_TRAVEL = "air_travel"
    RAIL_TRAVEL = "rail_travel"
    BUS_TRAVEL = "bus_travel"
    TAXI_TRAVEL = "taxi_travel"
    WASTE = "waste"
    WATER = "water"
    WASTEWATER = "wastewater"

    @property
    def scope(self) -> int:
        """Scope of the GHG Protocol (Corporate Standard, chapter 4)."""
        return _SCOPES[self]

    @property
    def is_optional(self) -> bool:
        """Outside the minimum boundary: its use is recorded, its emissions stay apart from the total."""
        return self in _OPTIONAL

    @property
    def is_without_emission(self) -> bool:
        """Recorded for what it is, such as own solar power for the share of renewable electricity; it emits nothing."""
        return self == Category.ON_SITE_RENEWABLES


_SCOPES = {
    Category.GRID_ELECTRICITY: 2,
    Category.GENERATOR_FUEL: 1,
    Category.HEATING_FUEL: 1,
    Category.PURCHASED_HEAT: 2,
    Category.PURCHASED_COOLING: 2,
    Category.ON_SITE_RENEWABLES: 1,
    Category.REFRIGERANT: 1,
    Category.VEHICLE_FUEL: 1,
    Category.VEHICLE_DISTANCE: 1,
    Category.AIR_TRAVEL: 3,
    Category.RAIL_TRAVEL: 3,
    Category.BUS_TRAVEL: 3,
    Category.TAXI_TRAVEL: 3,
    Category.WASTE: 3,
    Category.WATER: 3,
    Category.WASTEWATER: 3,
}
_OPTIONAL = frozenset({Category.WASTE, Category.WATER, Category.WASTEWATER})


class DataQuality(StrEnum):
    """How an amount came to be known."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    EXTRAPOLATED = "extrapolated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days from `start` up to, and without, `end`."""

    start: date
    end: date
    """First day that no longer belongs to it."""

    def __post_init__(self) -> None:
        """Refuses: PeriodEndsBeforeStart."""
        if self.end <= self.start:
            raise PeriodEndsBeforeStart(
                subject="period",
                found=f"end {self.end}",
                expected=f"a day after {self.start}",
                message=f"The period would end on {self.end}, not after its start on {self.start}.",
            )

    @property
    def days(self) -> int:
        """How many it has."""
        return (self.end - self.start).days

    def overlaps(self, other: "Period") -> bool:
        """Whether there is a day that both have."""
        return self.start < other.end and other.start < self.end


ALWAYS = Period(start=date.min, end=date.max)
"""For all time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One leg, flown by one or more people, perhaps there and back."""

    origin: str
    """IATA code."""
    destination: str
    """IATA code."""
    passengers: int
    is_return: bool
    distance_km: Decimal
    """Great circle, one way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a row said in the form that it is of, from which its amount follows (`domain/categories.py`)."""

    form: str
    key: str
    """Name under which the catalogue holds its emission factor."""
    inputs: tuple[tuple[str, str], ...]
    """Names and values of all that the amount was worked out from, and by which rule, if it was derived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """Where in a file a record came from."""

    sheet: str
    row: int
    """As the spreadsheet counts: the first row is 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityData:
    """One activity of one location in one period, as recorded."""

    location_id: str
    category: Category
    item: str
    """Fuel, refrigerant, cabin class, waste stream, water source or way of discharge, by its name in the catalogue."""
    treatment: str | None
    """What became of waste; None for all else."""
    period: Period
    amount: Quantity
    """As recorded, or as it follows from what was; of a flight, passenger-kilometres of the whole journey."""
    flight: Flight | None
    quality: DataQuality
    note: str | None
    source: SourceRow
    stated: Stated | None = None
    """None where item, treatment and flight say all."""
    uncertainty_percent: Decimal | None = None
    """Half the width of the 95 % interval of the amount; None where the row states none."""

    def __post_init__(self) -> None:
        """Refuses: AmountNegative."""
        if self.amount.value < 0:
            raise AmountNegative(
                subject=f"{self.category} of {self.location_id}",
                found=str(self.amount),
                expected="0 or more",
                message=f"The amount {self.amount} of {self.category} at {self.location_id} is negative.",
            )

    @property
    def key(self) -> str:
        """Name under which the catalogue holds its emission factor."""
        if self.stated is not None:
            return self.stated.key
        return self.item if self.treatment is None else f"{self.item}/{self.treatment}"

    @property
    def details(self) -> Mapping[str, str]:
        """All that only this kind of activity has, as text: fit to store and to show."""
        if self.stated is not None:
            return {"form": self.stated.form, **dict(self.stated.inputs)}
        details = {} if self.treatment is None else {"treatment": self.treatment}
        if self.flight is not None:
            details |= {
                "origin": self.flight.origin,
                "destination": self.flight.destination,
                "passengers": str(self.flight.passengers),
                "return": "yes" if self.flight.is_return else "no",
                "distance_km": str(self.flight.distance_km),
            }
        return details
