"""Refusals, in order: denominators of intensities."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "DenominatorNotPositive",
    "DenominatorPeriodEmpty",
    "DenominatorSourceMissing",
]


class DenominatorNotPositive(Refused):
    code: ClassVar[str] = "DENOMINATOR_NOT_POSITIVE"


class DenominatorPeriodEmpty(Refused):
    """It would hold on no day."""

    code: ClassVar[str] = "DENOMINATOR_PERIOD_EMPTY"


class DenominatorSourceMissing(Refused):
    code: ClassVar[str] = "DENOMINATOR_SOURCE_MISSING"
