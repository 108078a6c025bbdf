"""Refusals, in order: calendars that locations report by."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = ["CalendarBeforeEarlierOne", "CalendarDayNotFirst", "CalendarUnchanged"]


class CalendarDayNotFirst(Refused):
    """Periods are made of whole months."""

    code: ClassVar[str] = "CALENDAR_DAY_NOT_FIRST"


class CalendarBeforeEarlierOne(Refused):
    """Changes of calendar follow each other: periods that were reported stay what they were."""

    code: ClassVar[str] = "CALENDAR_BEFORE_EARLIER_ONE"


class CalendarUnchanged(Refused):
    code: ClassVar[str] = "CALENDAR_UNCHANGED"
