"""The same use counted twice: readings of one meter whose periods share a day.

Electricity, heat, cooling, own renewables, water and wastewater are read from meters, so two lines of one site,
category, item and meter can't be of the same day. A line without a meter is of the one meter that the site has. Fuel
bought, journeys and waste handed over happen more than once a day, and are not looked at.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from inventory.domain.activity_data import Category, SourceRow
from inventory.domain.categories import CATEGORIES
from inventory.domain.rows import Column, Problem, ProblemCode

__all__ = ["METERED", "Meter", "Reading", "StoredReading", "meter_of", "overlap_with", "overlaps"]


class Meter(NamedTuple):
    """What is read."""

    location_id: str
    category: str
    item: str
    number: str
    """Empty where lines do not say: then the site has one."""


class Reading(NamedTuple):
    """A line of a file, of a meter."""

    start: date
    end: date
    """First day that no longer belongs to it."""
    place: int
    """Among the lines of the file."""
    source: SourceRow


class StoredReading(NamedTuple):
    """A line that is in the inventory already."""

    start: date
    end: date
    source: SourceRow
    file_name: str


@cache
def _metered() -> frozenset[Category]:
    return frozenset(
        spec.category for spec in CATEGORIES.values() if any(Column.METER in form.allows for form in spec.forms)
    )


METERED = _metered()
"""Categories whose lines are read from meters."""


def meter_of(*, location_id: str, category: Category, item: str, details: Mapping[str, str]) -> Meter | None:
    """The meter of a line; None for what is not metered."""
    if category not in METERED or details.get("form", "amount") != "amount":
        return None
    number = " ".join(details.get(Column.METER, "").split()).casefold()
    return Meter(location_id=location_id, category=category.value, item=item, number=number)


def overlaps(readings: Iterable[Reading]) -> tuple[tuple[Reading, Reading], ...]:
    """Of readings of one meter: each that shares a day with one before it in the file, and that one."""
    found = []
    kept: Reading | None = None
    for reading in sorted(readings, key=lambda one: (one.start, one.place)):
        if kept is None or reading.start >= kept.end:
            kept = reading
            continue
        earlier, later = (kept, reading) if kept.place < reading.place else (reading, kept)
        found.append((later, earlier))
        kept = earlier
    return tuple(sorted(found, key=lambda pair: pair[0].place))


def overlap_with(reading: Reading, *, earlier: Reading | StoredReading, meter: Meter) -> Problem:
    """The problem of the later one: it names both."""
    where = f"row {earlier.source.row} of sheet '{earlier.source.sheet}'"
    if isinstance(earlier, StoredReading):
        where += f" of {earlier.file_name}, which is in the inventory already"
    which = f"meter '{meter.number}'" if meter.number else f"{meter.category} of {meter.location_id}"
    last = date.fromordinal(earlier.end.toordinal() - 1)
    return Problem(
        sheet=reading.source.sheet,
        row=reading.source.row,
        column=Column.START,
        value=str(reading.start),
        code=ProblemCode.OVERLAPPING_PERIOD,
        reason=f"row {reading.source.row} and {where} ({earlier.start} to {last}) are of the same days of {which}",
        hint="correct the period, remove one of the two, or say in the column meter which meter each is of",
    )
