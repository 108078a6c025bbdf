"""The mutation of calendars that locations report by."""

from datetime import date
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain.figures import Calendar
from inventory.graphql.reporting_calendars import ReportingCalendar
from inventory.store import reporting_calendars as store

__all__ = ["ReportingCalendarMutation"]


@strawberry.input
class SetReportingCalendarInput:
    location_id: strawberry.ID
    calendar: Calendar
    valid_from: date = strawberry.field(description="First day of the first month.")
    reason: str
    idempotency_key: str


SetReportingCalendarResult = Annotated[ReportingCalendar | Refusal, strawberry.union("SetReportingCalendarResult")]


@strawberry.type
class ReportingCalendarMutation:
    @strawberry.mutation(
        description="Report by another calendar from a month on (local chair). The running period ends before it,"
        " short; no month is in two periods."
    )
    async def set_reporting_calendar(
        self,
        info: Info,
        input: SetReportingCalendarInput,  # noqa: A002 - GraphQL's name
    ) -> SetReportingCalendarResult:
        return await info.context.decide(
            access.SET_REPORTING_CALENDAR,
            lambda tx, principal, now: usecases.set_reporting_calendar(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                calendar=input.calendar,
                valid_from=input.valid_from,
                reason=input.reason,
            ),
            request=input,
            to=ReportingCalendar.of,
            once=Once(key=input.idempotency_key, again=store.by_id),
        )
