"""When the reporting periods of a location begin: by calendar year or from July, from a month on.

A change of calendar ends the running period on the day before and begins another one, so that one of the two, or both,
are short, and every month is in exactly one period (GHG Protocol Corporate Standard, chapter 9: the period covered is
stated; the budget year of peace operations is from July to June, A/RES/49/233).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inventory.domain.errors import (
    CalendarBeforeEarlierOne,
    CalendarDayNotFirst,
    CalendarUnchanged,
    ReasonsMissing,
)
from inventory.domain.figures import Calendar
from inventory.domain.inventory import YEARS
from quantities.person import Person

__all__ = ["CalendarChange", "ReportingPeriod", "calendar_to_set", "period_of", "reporting_periods"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """The calendar that a location reports by from a month on."""

    id: str
    location_id: str
    calendar: Calendar
    valid_from: date
    """First day of the first month; of two for one day, the later one holds."""
    reason: str
    set_by: Person
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingPeriod:
    """Months that are reported together."""

    start: date
    end: date
    """First day that no longer belongs to it."""
    calendar: Calendar
    is_short: bool
    """Less than the calendar's year, as the calendar changed."""


def calendar_to_set(
    *,
    change_id: str,
    location_id: str,
    earlier: Sequence[CalendarChange],
    calendar: Calendar,
    valid_from: date,
    reason: str,
    by: Person,
    at: datetime,
) -> CalendarChange:
    """`earlier` are the location's own, by their days.

    Refuses, in this order: CalendarDayNotFirst, outside the years of inventories too; CalendarBeforeEarlierOne;
    CalendarUnchanged; ReasonsMissing.
    """
    if valid_from.day != 1 or valid_from.year not in YEARS:
        raise CalendarDayNotFirst(
            subject=location_id,
            found=str(valid_from),
            expected=f"the first day of a month from {YEARS[0]} to {YEARS[-1]}",
            message=f"A calendar holds from the first day of a month on, not from {valid_from}.",
        )
    newest = earlier[-1] if earlier else None
    if newest is not None and valid_from < newest.valid_from:
        raise CalendarBeforeEarlierOne(
            subject=location_id,
            found=str(valid_from),
            expected=f"{newest.valid_from} or later",
            message=f"{location_id} reports by {newest.calendar} from {newest.valid_from} on; another one follows it.",
        )
    before = Calendar.CALENDAR if newest is None else newest.calendar
    if calendar == before:
        raise CalendarUnchanged(
            subject=location_id,
            found=calendar.value,
            expected="another calendar than the one that holds",
            message=f"{location_id} reports by {calendar} already.",
        )
    if not reason.strip():
        raise ReasonsMissing(
            subject=location_id,
            found="no reason",
            expected="why the calendar changes, with the decision behind it",
            message=f"The reporting calendar of {location_id} changes only with a reason.",
        )
    return CalendarChange(
        id=change_id,
        location_id=location_id,
        calendar=calendar,
        valid_from=valid_from,
        reason=reason.strip(),
        set_by=by,
        set_at=at,
    )


def period_of(month: date, changes: Iterable[CalendarChange]) -> ReportingPeriod:
    """The period that a month is in; `changes` are by their days, and of two for one day the later one comes last."""
    calendar, begun, ended = Calendar.CALENDAR, None, None
    for day, following in _turns(changes):
        if day > month:
            ended = day
            break
        calendar, begun = following, day
    first, after = calendar.months_of(calendar.year_of(month))
    start = first if begun is None else max(first, begun)
    end = after if ended is None else min(after, ended)
    return ReportingPeriod(start=start, end=end, calendar=calendar, is_short=(start, end) != (first, after))


def _turns(changes: Iterable[CalendarChange]) -> list[tuple[date, Calendar]]:
    """Days from which on another calendar holds: what was set and taken back for one day changes nothing."""
    turns: list[tuple[date, Calendar]] = []
    before = Calendar.CALENDAR
    for day, calendar in {item.valid_from: item.calendar for item in changes}.items():
        if calendar != before:
            turns.append((day, calendar))
            before = calendar
    return turns


def reporting_periods(first: date, last: date, changes: Sequence[CalendarChange]) -> tuple[ReportingPeriod, ...]:
    """Every period with a month from `first` up to, and with, `last`; both are first days of months."""
    found = []
    month = first
    while month <= last:
        period = period_of(month, changes)
        found.append(period)
        month = period.end
    return tuple(found)
