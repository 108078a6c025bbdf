"""Refusals, in order: proxies for small offices."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "ComparableOfficeMissing",
    "OfficeNotSmall",
    "PersonnelUnknown",
    "ProxyNotForCategory",
    "PublishedFigureMissing",
    "SourceHasRecords",
]


class ProxyNotForCategory(Refused):
    """What people book or refill is known of every office, however small."""

    code: ClassVar[str] = "PROXY_NOT_FOR_CATEGORY"


class PersonnelUnknown(Refused):
    """How many work there is not stated for every day of the year; unknown is not few."""

    code: ClassVar[str] = "PERSONNEL_UNKNOWN"


class OfficeNotSmall(Refused):
    """Proxies are for offices of fewer than five."""

    code: ClassVar[str] = "OFFICE_NOT_SMALL"


class SourceHasRecords(Refused):
    """A proxy stands where there are no data, never beside them."""

    code: ClassVar[str] = "SOURCE_HAS_RECORDS"


class ComparableOfficeMissing(Refused):
    """An office that is named has no such records in a final inventory of the year before, or no personnel of then."""

    code: ClassVar[str] = "COMPARABLE_OFFICE_MISSING"


class PublishedFigureMissing(Refused):
    """Nobody publishes how much of this a person uses: name comparable offices."""

    code: ClassVar[str] = "PUBLISHED_FIGURE_MISSING"
