"""Sums over many inventories: by which dimensions they are asked for, and of what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from inventory.domain.categories import CATEGORIES
from inventory.domain.errors import DimensionsNotCombined, FiguresTooMany
from inventory.domain.inventory import YEARS

__all__ = [
    "FIGURES_MAX",
    "STREAM_BY_CATEGORY",
    "Calendar",
    "Dimension",
    "Figure",
    "FiguresAsked",
    "Found",
    "Tree",
    "categories_of",
    "require_few",
]

FIGURES_MAX = 2000
"""Figures in one answer."""


class Dimension(StrEnum):
    """What figures are told apart by."""

    LOCATION = "location"
    YEAR = "year"
    MONTH = "month"
    REPORTING_PERIOD = "reporting_period"
    """Of the location that is asked, by its calendar."""
    SCOPE = "scope"
    CATEGORY = "category"
    STREAM = "stream"
    GAS = "gas"


class Tree(StrEnum):
    """Which tree says what is under a location."""

    AS_IT_IS = "as_it_is"
    """As it is now: a location that moved in brings its earlier years along."""
    AS_IT_WAS = "as_it_was"
    """As it was on the last day of each year: a location that moved away leaves its earlier years here."""


class Calendar(StrEnum):
    """When a year begins. Each month is in one year of each."""

    CALENDAR = "calendar"
    JULY_JUNE = "july_june"
    """July to June, by the year in which it ends; the budget year of peace operations."""

    def year_of(self, month: date) -> int:
        """The year that a month is in."""
        return month.year + (1 if self == Calendar.JULY_JUNE and month.month >= _JULY else 0)

    def months_of(self, year: int) -> tuple[date, date]:
        """First day of the year's first month, and of the first month that no longer belongs to it."""
        if self == Calendar.JULY_JUNE:
            return date(year - 1, _JULY, 1), date(year, _JULY, 1)
        return date(year, 1, 1), date(year + 1, 1, 1)


_JULY = 7


def _bounded(year: int | None) -> int | None:
    """A year that there is a calendar of, which no inventory is beyond."""
    return None if year is None else min(max(year, YEARS.start - 1), YEARS.stop)


STREAM_BY_CATEGORY: Mapping[str, str] = {category.value: spec.stream.value for category, spec in CATEGORIES.items()}
"""As the categories declare it."""


def categories_of(*, categories: Collection[str], streams: Collection[str]) -> frozenset[str] | None:
    """Categories that are among both, where they are given; None where neither is."""
    if not categories and not streams:
        return None
    of_streams = {category for category, stream in STREAM_BY_CATEGORY.items() if stream in streams}
    if not streams:
        return frozenset(categories)
    return frozenset(of_streams & set(categories)) if categories else frozenset(of_streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresAsked:
    """A question for sums."""

    location_id: str
    """With everything under it."""
    by: frozenset[Dimension]
    tree: Tree = Tree.AS_IT_IS
    calendar: Calendar = Calendar.CALENDAR
    as_of: datetime | None = None
    """By the versions that were final then; None for now."""
    year_from: int | None = None
    year_to: int | None = None
    scopes: frozenset[int] = frozenset()
    """All where none is given."""
    categories: frozenset[str] | None = None
    gases: frozenset[str] = frozenset()
    optional: bool = False
    """Those outside the minimum boundary instead; never both in one sum."""
    market_based: bool = False
    """Also with scope 2 by the market-based method, where figures are of whole years and CO2e."""
    most: int = FIGURES_MAX
    """Figures that the answer may have."""

    @property
    def by_months(self) -> bool:
        """Made of months, not of whole inventories."""
        by_months = {Dimension.MONTH, Dimension.REPORTING_PERIOD} & self.by
        return bool(by_months) or self.calendar != Calendar.CALENDAR

    @property
    def by_periods(self) -> bool:
        """Made of months of reporting periods, which the years asked for are then the ends of."""
        return Dimension.REPORTING_PERIOD in self.by

    @property
    def by_gases(self) -> bool:
        """Made of masses of gases, not of CO2e."""
        return Dimension.GAS in self.by or bool(self.gases)

    def years(self) -> tuple[int | None, int | None]:
        """First and last year that is asked for, within those of inventories; None where it is not bounded."""
        return _bounded(self.year_from), _bounded(self.year_to)

    def days(self) -> tuple[date | None, date | None]:
        """First day, and first day no longer, that the sums are of; None where no year bounds them."""
        if not self.by_months:
            return None, None
        least, most = self.years()
        return (
            None if least is None else self.calendar.months_of(least)[0],
            None if most is None else self.calendar.months_of(most)[1],
        )

    def require_sound(self) -> None:
        """Refuses: DimensionsNotCombined for gases by month, which are kept by year."""
        if self.by_months and self.by_gases:
            raise DimensionsNotCombined(
                subject="figures",
                found="gases by month, or by years from July",
                expected="gases by calendar year, or CO2e by month",
                message="Masses of gases are kept by year of the inventory; ask for CO2e by month.",
            )


class Figure(NamedTuple):
    """One sum. A dimension that was not asked for is None. A tuple, as there may be many thousands."""

    location_id: str | None
    year: int | None
    month: date | None
    reporting_period: date | None
    """Its first day."""
    scope: int | None
    category: str | None
    stream: str | None
    gas: str | None
    kg: Decimal
    """CO2e; by gas, the mass of that gas."""
    biogenic_co2_kg: Decimal | None
    """Beside it; None by gas."""
    apportioned_co2e_kg: Decimal | None
    """What of it is of periods longer than a month, by their days; None where months are not asked for."""
    records: int
    inventories: int
    """How many it is of."""
    market_based_co2e_kg: Decimal | None = None
    """The sum with scope 2 by the market-based method. None where that is not known of all that is in it, and by month
    or gas: instruments are matched with the use of a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Sums that the caller may see."""

    figures: tuple[Figure, ...]
    periods: Mapping[date, date]
    """By the first day of each reporting period, the first day that no longer belongs to it."""
    withheld: int
    """Inventories left out because their figures by month or gas would show amounts of stored fuel (ADR 0018)."""


def require_few(count: int, *, most: int) -> None:
    """Refuses: FiguresTooMany."""
    if count > most:
        raise FiguresTooMany(
            subject="figures",
            found=f"more than {most}",
            expected=f"at most {most}: fewer dimensions, years or categories",
            message=f"The answer would have more than {most} figures; ask for fewer.",
        )
