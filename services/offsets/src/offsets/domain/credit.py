"""The credits ledger: batches of serials, and their retirement. One serial is one tonne of CO2e.

Entries are added and never changed; what is free is derived from them. That a serial is held once and retired once is
kept by the database itself, whatever this code does.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from offsets.domain.checks import NAME_MAX, YEAR_MIN, require_tonnes, require_year
from offsets.domain.errors import (
    ApproverMayNotRetire,
    BatchOfAnotherLocation,
    CurrencyMalformed,
    DelivererMayNotRetire,
    InventoryNotFinal,
    PriceNegative,
    RequesterMayNotRetire,
    RetirementExceedsBatch,
    SerialCountNotTonnes,
    SerialRangeMalformed,
    VintageOutOfRange,
)
from offsets.domain.need import OffsetNeed
from offsets.domain.purchase import Action, Purchase
from quantities.person import Person
from quantities.text import require_text

__all__ = ["SERIAL_MAX", "CreditBatch", "Retirement", "SerialRange", "Series", "deliver", "retire"]

SERIAL_MAX = 10**18
"""Above any registry's, below what a 64-bit integer holds."""

_EXACT_DIGITS = 120
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialRange:
    """First and last serial, both within. Refuses: SerialRangeMalformed."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= SERIAL_MAX:
            raise SerialRangeMalformed(
                subject="serials",
                found=f"{self.first} to {self.last}",
                expected=f"a first serial of 1 or above, and a last one not before it, up to {SERIAL_MAX}",
                message=f"{self.first} to {self.last} is not a range of serials.",
            )

    @property
    def tonnes(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What a serial number is unique within."""

    registry: str
    project: str
    vintage: int
    """Year in which the reduction took place."""

    @property
    def key(self) -> tuple[str, str, int]:
        """The same for every way to write the same names, so that a space or a capital can't sell a credit twice."""
        return _key(self.registry), _key(self.project), self.vintage

    def __str__(self) -> str:
        return f"{self.registry} {self.project} {self.vintage}"


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBatch:
    """The credits of one purchase, as delivered; and how many of them are retired by now."""

    id: str
    purchase_id: str
    location_id: str
    """The purchase's."""
    year: int
    """The purchase's; credits may be retired for another year."""
    series: Series
    serials: SerialRange
    price_per_tonne: Decimal
    """In `currency`."""
    currency: str
    """ISO 4217"""
    delivered_at: datetime
    retired_tonnes: int
    """Always the lowest serials: derived from the retirements, not kept."""

    @property
    def free_tonnes(self) -> int:
        return self.serials.tonnes - self.retired_tonnes

    @property
    def price(self) -> Decimal:
        """Of the whole batch, in `currency`, exact."""
        with localcontext(prec=_EXACT_DIGITS):
            return self.price_per_tonne * self.serials.tonnes

    def lowest_free(self, tonnes: int) -> SerialRange:
        """The serials to take next. Refuses, in this order: TonnesNotPositive, RetirementExceedsBatch."""
        require_tonnes(tonnes)
        if tonnes > self.free_tonnes:
            raise RetirementExceedsBatch(
                subject=f"batch {self.id}",
                found=f"{self.free_tonnes} tCO2e free",
                expected=f"{tonnes} tCO2e free",
                message=(f"Batch {self.series} has {self.free_tonnes} tCO2e available; {tonnes} tCO2e were asked for."),
            )
        first = self.serials.first + self.retired_tonnes
        return SerialRange(first=first, last=first + tonnes - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """Serials out of circulation for ever, on behalf of a location and a year."""

    id: str
    batch_id: str
    location_id: str
    year: int
    series: Series
    serials: SerialRange
    retired_by: Person
    retired_at: datetime


def deliver(
    purchase: Purchase,
    *,
    batch_id: str,
    registry: str,
    project: str,
    vintage: int,
    serial_first: int,
    serial_last: int,
    price_per_tonne: Decimal,
    currency: str,
    by: Person,
    at: datetime,
) -> tuple[Purchase, CreditBatch]:
    """The purchase with its last step, and the batch that came of it.

    Refuses, in this order: as `Purchase.deliver`; TextMissing or TextTooLong (registry, project); VintageOutOfRange;
    SerialRangeMalformed; SerialCountNotTonnes; PriceNegative; CurrencyMalformed.
    """
    delivered = purchase.deliver(by=by, at=at)
    series = Series(
        registry=require_text(registry, subject="registry", longest=NAME_MAX),
        project=require_text(project, subject="project", longest=NAME_MAX),
        vintage=vintage,
    )
    if not YEAR_MIN <= vintage <= at.year:
        raise VintageOutOfRange(
            subject="vintage",
            found=str(vintage),
            expected=f"{YEAR_MIN} to {at.year}",
            message=f"The vintage must be {YEAR_MIN} to {at.year}; {vintage} was given.",
        )
    serials = SerialRange(first=serial_first, last=serial_last)
    if serials.tonnes != purchase.tonnes:
        raise SerialCountNotTonnes(
            subject="serials",
            found=f"{serials.tonnes} serials, {serials}",
            expected=f"{purchase.tonnes} serials, one for each tonne that was approved",
            message=f"{serials} are {serials.tonnes} serials; {purchase.tonnes} tCO2e were approved.",
        )
    if price_per_tonne < 0:
        raise PriceNegative(
            subject="price per tonne",
            found=f"{price_per_tonne} {currency}",
            expected=f"0 {currency} or more",
            message=f"The price can't be below 0; {price_per_tonne} {currency} was given.",
        )
    if not _CURRENCY.fullmatch(currency):
        raise CurrencyMalformed(
            subject="currency",
            found=currency[:NAME_MAX],
            expected="three capital letters, as in ISO 4217",
            message="The currency must be three capital letters, such as USD.",
        )
    return delivered, CreditBatch(
        id=batch_id,
        purchase_id=purchase.id,
        location_id=purchase.location_id,
        year=purchase.year,
        series=series,
        serials=serials,
        price_per_tonne=price_per_tonne,
        currency=currency,
        delivered_at=at,
        retired_tonnes=0,
    )


def retire(
    batch: CreditBatch,
    *,
    retirement_id: str,
    purchase: Purchase,
    location_id: str,
    lineage: AbstractSet[str],
    year: int,
    need: OffsetNeed | None,
    tonnes: int,
    by: Person,
    at: datetime,
) -> Retirement:
    """The lowest free serials of the batch, retired for a location (`lineage`: it and all above it) and year.

    `purchase` is the one that the batch came of: who took a step of it does not retire what it brought.
    More than the need may be retired: that is a decision about money, not about the ledger.
    Refuses, in this order: YearOutOfRange, TonnesNotPositive, BatchOfAnotherLocation, RequesterMayNotRetire,
    ApproverMayNotRetire or DelivererMayNotRetire, InventoryNotFinal, RetirementExceedsBatch.
    """
    require_year(year)
    require_tonnes(tonnes)
    if batch.location_id not in lineage:
        raise BatchOfAnotherLocation(
            subject=f"batch {batch.id}",
            found=f"credits of {batch.location_id}",
            expected=f"credits of {location_id} or of a location above it",
            message=f"Credits of {batch.location_id} can't be retired for {location_id}.",
        )
    _require_no_step_of(purchase, batch=batch, by=by)
    if need is None:
        raise InventoryNotFinal(
            subject=f"{location_id} {year}",
            found="no final inventory",
            expected="a final inventory",
            message=f"{location_id} has no final inventory for {year}: what there is to offset is not known.",
        )
    return Retirement(
        id=retirement_id,
        batch_id=batch.id,
        location_id=location_id,
        year=year,
        series=batch.series,
        serials=batch.lowest_free(tonnes),
        retired_by=by,
        retired_at=at,
    )


def _require_no_step_of(purchase: Purchase, *, batch: CreditBatch, by: Person) -> None:
    """Refuses: RequesterMayNotRetire; then by the first step that the person took."""
    if by.is_same_as(purchase.requested_by):
        raise RequesterMayNotRetire(
            subject=f"batch {batch.id}",
            found="retirement by the person who requested the purchase",
            expected="retirement by somebody else",
            message="Who requested the purchase of a batch may not retire from it.",
        )
    for step in purchase.steps:
        if by.is_same_as(step.by):
            refusal = DelivererMayNotRetire if step.action is Action.DELIVERED else ApproverMayNotRetire
            raise refusal(
                subject=f"batch {batch.id}",
                found=f"retirement by the person by whom the purchase was {step.action}",
                expected="retirement by somebody else",
                message=f"Who took a step of the purchase of a batch ({step.action}) may not retire from it.",
            )
