"""GraphQL types of calendars that locations report by."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from inventory.domain import reporting_calendar as domain
from inventory.domain.inventory import YEARS
from inventory.store import reporting_calendars as store

__all__ = ["LocationCalendar", "ReportingCalendar", "ReportingPeriod"]


@strawberry.type(description="The calendar that a location, and what is below it without one, reports by.")
class ReportingCalendar:
    id: strawberry.ID
    location_id: strawberry.ID = strawberry.field(description="Whose it is: the location itself, or one above it.")
    calendar: str = strawberry.field(description="calendar or july_june.")
    valid_from: date
    reason: str
    set_by: str
    set_at: datetime

    @classmethod
    def of(cls, found: domain.CalendarChange) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            calendar=found.calendar.value,
            valid_from=found.valid_from,
            reason=found.reason,
            set_by=found.set_by.name,
            set_at=found.set_at,
        )


@strawberry.type(description="Months that are reported together. Every month is in exactly one.")
class ReportingPeriod:
    start: date
    end: date = strawberry.field(description="First day that no longer belongs to it.")
    calendar: str
    is_short: bool = strawberry.field(description="Less than the calendar's year, as the calendar changed.")

    @classmethod
    def of(cls, found: domain.ReportingPeriod) -> Self:
        return cls(start=found.start, end=found.end, calendar=found.calendar.value, is_short=found.is_short)


@strawberry.type
class LocationCalendar:
    """Fields of a location about when it reports."""

    id: strawberry.ID

    @strawberry.field(
        description="Calendars that it reports by, by their days, where you may read at it: its own, or else those of"
        " the nearest location above it that has some. Without any, and before the first, it is the calendar year."
    )
    async def reporting_calendars(self, info: Info) -> list[ReportingCalendar]:
        return [ReportingCalendar.of(item) for item in await self._in_force(info)]

    @strawberry.field(description="Its periods that have a month in these years, oldest first; at most 111.")
    async def reporting_periods(self, info: Info, year_from: int, year_to: int) -> list[ReportingPeriod]:
        first, last = max(year_from, YEARS[0]), min(year_to, YEARS[-1])
        if first > last:
            return []
        found = domain.reporting_periods(date(first, 1, 1), date(last, 12, 1), await self._in_force(info))
        return [ReportingPeriod.of(item) for item in found]

    async def _in_force(self, info: Info) -> Sequence[domain.CalendarChange]:
        found: Sequence[domain.CalendarChange] = await info.context.loader("calendars in force", store.in_force).load(
            str(self.id)
        )
        return found
