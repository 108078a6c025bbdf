"""Refusals, in order: shared premises, their tenancies, meters, and the shares taken of them."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "MeterMissing",
    "MeterOfAnotherUtility",
    "NoShareToTake",
    "OccupancyOutOfRange",
    "PremisesAlreadyRegistered",
    "PremisesAreaNotPositive",
    "PremisesNameMissing",
    "PremisesOverlet",
    "ReadingAlreadySuperseded",
    "ReadingInTheFuture",
    "ReadingOutsidePremises",
    "ReadingsOverlap",
    "ShareAlreadyBilled",
    "ShareOutsideInventory",
    "ShareTakenElsewhere",
    "SupersedesAnotherMeter",
    "TenancyAlreadyReplaced",
    "TenancyAreaOutOfRange",
    "TenancyOutsidePremises",
    "TenantNotOne",
    "UtilityItemUnknown",
]


class PremisesNameMissing(Refused):
    code: ClassVar[str] = "PREMISES_NAME_MISSING"


class PremisesAreaNotPositive(Refused):
    code: ClassVar[str] = "PREMISES_AREA_NOT_POSITIVE"


class PremisesAlreadyRegistered(Refused):
    """The operator has premises of that name."""

    code: ClassVar[str] = "PREMISES_ALREADY_REGISTERED"


class TenantNotOne(Refused):
    """A tenancy is of a location of the register, or of one party outside it."""

    code: ClassVar[str] = "TENANT_NOT_ONE"


class TenancyAlreadyReplaced(Refused):
    code: ClassVar[str] = "TENANCY_ALREADY_REPLACED"


class TenancyAreaOutOfRange(Refused):
    code: ClassVar[str] = "TENANCY_AREA_OUT_OF_RANGE"


class OccupancyOutOfRange(Refused):
    code: ClassVar[str] = "OCCUPANCY_OUT_OF_RANGE"


class TenancyOutsidePremises(Refused):
    """On a day on which the premises are not in use, or ending before it began."""

    code: ClassVar[str] = "TENANCY_OUTSIDE_PREMISES"


class PremisesOverlet(Refused):
    """All tenancies of a day together would occupy more than the building has."""

    code: ClassVar[str] = "PREMISES_OVERLET"


class MeterMissing(Refused):
    code: ClassVar[str] = "METER_MISSING"


class UtilityItemUnknown(Refused):
    code: ClassVar[str] = "UTILITY_ITEM_UNKNOWN"


class ReadingInTheFuture(Refused):
    code: ClassVar[str] = "READING_IN_THE_FUTURE"


class ReadingOutsidePremises(Refused):
    """For a day on which the premises are not in use."""

    code: ClassVar[str] = "READING_OUTSIDE_PREMISES"


class ReadingAlreadySuperseded(Refused):
    """Readings of a meter are corrected one after the other: the newest is superseded."""

    code: ClassVar[str] = "READING_ALREADY_SUPERSEDED"


class SupersedesAnotherMeter(Refused):
    code: ClassVar[str] = "SUPERSEDES_ANOTHER_METER"


class MeterOfAnotherUtility(Refused):
    """A meter measures one thing in one kind of unit."""

    code: ClassVar[str] = "METER_OF_ANOTHER_UTILITY"


class ReadingsOverlap(Refused):
    """Two readings of one meter for one day would count it twice."""

    code: ClassVar[str] = "READINGS_OVERLAP"


class NoShareToTake(Refused):
    """Of that year, the location has no part in a reading of these premises."""

    code: ClassVar[str] = "NO_SHARE_TO_TAKE"


class ShareOutsideInventory(Refused):
    """An inventory is of its location and all under it."""

    code: ClassVar[str] = "SHARE_OUTSIDE_INVENTORY"


class ShareTakenElsewhere(Refused):
    """The location's shares of these premises and that year are in another inventory already."""

    code: ClassVar[str] = "SHARE_TAKEN_ELSEWHERE"


class ShareAlreadyBilled(Refused):
    """The inventory has lines of the location for the same use and time: the share would count it twice."""

    code: ClassVar[str] = "SHARE_ALREADY_BILLED"
