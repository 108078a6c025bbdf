"""Every refusal of *offsets*, in the order in which a request meets them."""

from typing import ClassVar

from quantities.refusal import Refusal

__all__ = [
    "ApproverMayNotDeliver",
    "ApproverMayNotRetire",
    "BatchOfAnotherLocation",
    "CurrencyMalformed",
    "DelivererMayNotRetire",
    "InventoryNotFinal",
    "PriceNegative",
    "RequesterMayNotApprove",
    "RequesterMayNotDeliver",
    "RequesterMayNotRetire",
    "RetirementExceedsBatch",
    "SerialCountNotTonnes",
    "SerialRangeMalformed",
    "SerialsAlreadyHeld",
    "SerialsAlreadyRetired",
    "TonnesNotPositive",
    "VintageOutOfRange",
    "WrongState",
    "YearOutOfRange",
]


# Any request.


class YearOutOfRange(Refusal):
    """No reporting year."""

    code: ClassVar[str] = "YEAR_OUT_OF_RANGE"


class TonnesNotPositive(Refusal):
    """Credits are counted in whole tonnes, one or more."""

    code: ClassVar[str] = "TONNES_NOT_POSITIVE"


# The steps of a purchase.


class WrongState(Refusal):
    """The purchase is not where this step can be taken; perhaps somebody was quicker."""

    code: ClassVar[str] = "WRONG_STATE"


class RequesterMayNotApprove(Refusal):
    """Separation of duties: who requested a purchase neither approves nor refuses it."""

    code: ClassVar[str] = "REQUESTER_MAY_NOT_APPROVE"


class RequesterMayNotDeliver(Refusal):
    """Separation of duties: who requested a purchase does not record its delivery."""

    code: ClassVar[str] = "REQUESTER_MAY_NOT_DELIVER"


class ApproverMayNotDeliver(Refusal):
    """Separation of duties: who approved a purchase does not record its delivery."""

    code: ClassVar[str] = "APPROVER_MAY_NOT_DELIVER"


class VintageOutOfRange(Refusal):
    """A reduction took place in a year of the past, not before there were credits."""

    code: ClassVar[str] = "VINTAGE_OUT_OF_RANGE"


class SerialRangeMalformed(Refusal):
    """A serial range goes from a first serial, 1 or above, up to a last one."""

    code: ClassVar[str] = "SERIAL_RANGE_MALFORMED"


class SerialCountNotTonnes(Refusal):
    """One serial is one tonne: what was delivered must be what was approved."""

    code: ClassVar[str] = "SERIAL_COUNT_NOT_TONNES"


class PriceNegative(Refusal):
    """A price is 0 or more."""

    code: ClassVar[str] = "PRICE_NEGATIVE"


class CurrencyMalformed(Refusal):
    """A currency is three capital letters (ISO 4217)."""

    code: ClassVar[str] = "CURRENCY_MALFORMED"


class SerialsAlreadyHeld(Refusal):
    """The ledger holds one of these serials already, wherever that is: a credit is bought once."""

    code: ClassVar[str] = "SERIALS_ALREADY_HELD"


# Retirement.


class BatchOfAnotherLocation(Refusal):
    """Credits are retired for the location that bought them or one under it."""

    code: ClassVar[str] = "BATCH_OF_ANOTHER_LOCATION"


class RequesterMayNotRetire(Refusal):
    """Separation of duties: who requested the purchase of a batch does not retire from it."""

    code: ClassVar[str] = "REQUESTER_MAY_NOT_RETIRE"


class ApproverMayNotRetire(Refusal):
    """Separation of duties: who approved the purchase of a batch does not retire from it."""

    code: ClassVar[str] = "APPROVER_MAY_NOT_RETIRE"


class DelivererMayNotRetire(Refusal):
    """Separation of duties: who recorded the delivery of a batch does not retire from it."""

    code: ClassVar[str] = "DELIVERER_MAY_NOT_RETIRE"


class InventoryNotFinal(Refusal):
    """Without a final inventory nobody knows what there is to offset."""

    code: ClassVar[str] = "INVENTORY_NOT_FINAL"


class RetirementExceedsBatch(Refusal):
    """The batch has fewer free serials than were asked for."""

    code: ClassVar[str] = "RETIREMENT_EXCEEDS_BATCH"


class SerialsAlreadyRetired(Refusal):
    """One of these serials is retired already: retirement is for ever and happens once."""

    code: ClassVar[str] = "SERIALS_ALREADY_RETIRED"
