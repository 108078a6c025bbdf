"""Refusals, in order: activity data and their emissions."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "AmountNegative",
    "CatalogueMalformed",
    "FactorEditionUnknown",
    "FactorMissing",
    "FactorNotInRelease",
    "MethodEditionUnknown",
    "PeriodEndsBeforeStart",
]


class AmountNegative(Refused):
    code: ClassVar[str] = "AMOUNT_NEGATIVE"


class PeriodEndsBeforeStart(Refused):
    code: ClassVar[str] = "PERIOD_ENDS_BEFORE_START"


class CatalogueMalformed(Refused):
    """A line of a catalogue of emission factors that can't be read."""

    code: ClassVar[str] = "CATALOGUE_MALFORMED"


class FactorEditionUnknown(Refused):
    """No edition of emission factors of this name."""

    code: ClassVar[str] = "FACTOR_EDITION_UNKNOWN"


class MethodEditionUnknown(Refused):
    """No edition of the UN-wide method of this name."""

    code: ClassVar[str] = "METHOD_EDITION_UNKNOWN"


class FactorMissing(Refused):
    """No emission factor for that activity, place and date; a missing one is never taken as 0."""

    code: ClassVar[str] = "FACTOR_MISSING"


class FactorNotInRelease(Refused):
    """The factor that a figure names is not in the release that it names."""

    code: ClassVar[str] = "FACTOR_NOT_IN_RELEASE"
