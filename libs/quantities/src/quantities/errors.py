"""Every refusal of this library."""

from typing import ClassVar

from quantities.refusal import Refusal

__all__ = [
    "GasNotInGwpSet",
    "GwpSetUnknown",
    "TextMissing",
    "TextTooLong",
    "UnitAmbiguous",
    "UnitUnknown",
    "UnitsNotConvertible",
]


class UnitUnknown(Refusal):
    """The unit is none that the platform uses."""

    code: ClassVar[str] = "UNIT_UNKNOWN"


class UnitAmbiguous(Refusal):
    """The word means different units to different people, such as `ton` or `gallon`."""

    code: ClassVar[str] = "UNIT_AMBIGUOUS"


class UnitsNotConvertible(Refusal):
    """The two units measure different things, such as kWh and litre, or net and gross calorific energy."""

    code: ClassVar[str] = "UNITS_NOT_CONVERTIBLE"


class GwpSetUnknown(Refusal):
    """No GWP set of that name is shipped."""

    code: ClassVar[str] = "GWP_SET_UNKNOWN"


class GasNotInGwpSet(Refusal):
    """The set has no global warming potential for that gas; a missing one is never taken as 0."""

    code: ClassVar[str] = "GAS_NOT_IN_GWP_SET"


class TextMissing(Refusal):
    """A text that others will need is empty."""

    code: ClassVar[str] = "TEXT_MISSING"


class TextTooLong(Refusal):
    """A text is longer than its limit."""

    code: ClassVar[str] = "TEXT_TOO_LONG"
