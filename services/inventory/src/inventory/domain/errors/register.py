"""Refusals, in order: the register of locations."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "CoordinatesOutOfRange",
    "LocationAlreadyRegistered",
    "LocationClosesBeforeItOpens",
    "LocationCodeMalformed",
]


class LocationCodeMalformed(Refused):
    code: ClassVar[str] = "LOCATION_CODE_MALFORMED"


class LocationClosesBeforeItOpens(Refused):
    code: ClassVar[str] = "LOCATION_CLOSES_BEFORE_IT_OPENS"


class CoordinatesOutOfRange(Refused):
    code: ClassVar[str] = "COORDINATES_OUT_OF_RANGE"


class LocationAlreadyRegistered(Refused):
    """The code was given to another location; a code is never given twice."""

    code: ClassVar[str] = "LOCATION_ALREADY_REGISTERED"
