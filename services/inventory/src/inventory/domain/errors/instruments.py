"""Refusals, in order: instruments for electricity."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "InstrumentAlreadyCancelled",
    "InstrumentAlreadyClaimed",
    "InstrumentAmountNotPositive",
    "InstrumentEvidenceMissing",
    "InstrumentOutsideMarket",
    "InstrumentRateNegative",
    "InstrumentRedeemedOutOfTime",
    "InstrumentSourceUnknown",
]


class InstrumentAmountNotPositive(Refused):
    code: ClassVar[str] = "INSTRUMENT_AMOUNT_NOT_POSITIVE"


class InstrumentSourceUnknown(Refused):
    code: ClassVar[str] = "INSTRUMENT_SOURCE_UNKNOWN"


class InstrumentRateNegative(Refused):
    code: ClassVar[str] = "INSTRUMENT_RATE_NEGATIVE"


class InstrumentOutsideMarket(Refused):
    """Bought where the location takes no electricity."""

    code: ClassVar[str] = "INSTRUMENT_OUTSIDE_MARKET"


class InstrumentRedeemedOutOfTime(Refused):
    """Redeemed too far from the use that it is to cover."""

    code: ClassVar[str] = "INSTRUMENT_REDEEMED_OUT_OF_TIME"


class InstrumentEvidenceMissing(Refused):
    code: ClassVar[str] = "INSTRUMENT_EVIDENCE_MISSING"


class InstrumentAlreadyClaimed(Refused):
    """An instrument carries one claim alone; this reference is recorded already, here or elsewhere."""

    code: ClassVar[str] = "INSTRUMENT_ALREADY_CLAIMED"


class InstrumentAlreadyCancelled(Refused):
    code: ClassVar[str] = "INSTRUMENT_ALREADY_CANCELLED"
