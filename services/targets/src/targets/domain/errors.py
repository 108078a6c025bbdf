"""Every refusal of *targets*, in the order in which `set_target` gives them."""

from typing import ClassVar

from quantities.refusal import Refusal

__all__ = [
    "BaseValueNotPositive",
    "IndicatorUnknown",
    "TargetAlreadySet",
    "TargetValueNegative",
    "TargetYearNotAfterBaseYear",
    "UnitNotOfIndicator",
]


class IndicatorUnknown(Refusal):
    """No inventory measures an indicator of this name."""

    code: ClassVar[str] = "INDICATOR_UNKNOWN"


class UnitNotOfIndicator(Refusal):
    """The indicator is measured in another unit."""

    code: ClassVar[str] = "UNIT_NOT_OF_INDICATOR"


class BaseValueNotPositive(Refusal):
    """A reduction is relative to the base value, which must be above 0."""

    code: ClassVar[str] = "BASE_VALUE_NOT_POSITIVE"


class TargetValueNegative(Refusal):
    """The target value is below 0."""

    code: ClassVar[str] = "TARGET_VALUE_NEGATIVE"


class TargetYearNotAfterBaseYear(Refusal):
    """The target year must come after the base year."""

    code: ClassVar[str] = "TARGET_YEAR_NOT_AFTER_BASE_YEAR"


class TargetAlreadySet(Refusal):
    """The location has a target for this indicator and year already."""

    code: ClassVar[str] = "TARGET_ALREADY_SET"
