"""The calendar that a location reports by."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from inventory import access
from inventory.domain.figures import Calendar
from inventory.domain.reporting_calendar import CalendarChange, calendar_to_set
from inventory.store import reporting_calendars

__all__ = ["set_reporting_calendar"]


async def set_reporting_calendar(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    calendar: Calendar,
    valid_from: date,
    reason: str,
) -> CalendarChange:
    """Report by another calendar from a month on, also what is below and has none of its own.

    Refuses, in this order: as `permitted`; as `domain.reporting_calendar.calendar_to_set`.
    """
    await permitted(tx, principal, access.SET_REPORTING_CALENDAR, location_id=location_id)
    await reporting_calendars.lock(tx, location_id)
    new = calendar_to_set(
        change_id=new_id(),
        location_id=location_id,
        earlier=await reporting_calendars.own(tx, location_id),
        calendar=calendar,
        valid_from=valid_from,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await reporting_calendars.add(tx, new)
    return new
