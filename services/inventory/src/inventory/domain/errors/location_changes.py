"""Refusals, in order: what becomes of a location."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "ChangeBeforeEarlierOne",
    "ChangeInTheFuture",
    "ChangeNeedsOneOutcome",
    "LocationClosed",
    "LocationHasOpenParts",
    "LocationUnderItself",
    "RootStays",
]


class RootStays(Refused):
    """The root of the register neither moves nor ends."""

    code: ClassVar[str] = "ROOT_STAYS"


class LocationUnderItself(Refused):
    """The tree stays a tree."""

    code: ClassVar[str] = "LOCATION_UNDER_ITSELF"


class ChangeNeedsOneOutcome(Refused):
    code: ClassVar[str] = "CHANGE_NEEDS_ONE_OUTCOME"


class LocationClosed(Refused):
    code: ClassVar[str] = "LOCATION_CLOSED"


class LocationHasOpenParts(Refused):
    code: ClassVar[str] = "LOCATION_HAS_OPEN_PARTS"


class ChangeInTheFuture(Refused):
    code: ClassVar[str] = "CHANGE_IN_THE_FUTURE"


class ChangeBeforeEarlierOne(Refused):
    """Changes are entered in the order in which they happened."""

    code: ClassVar[str] = "CHANGE_BEFORE_EARLIER_ONE"
