"""Contractual instruments for electricity: what was bought, and what makes it count.

What an instrument must fulfil: GHG Protocol Scope 2 Guidance (2015), chapter 7, scope 2 quality criteria.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from inventory.domain.days import latest_day
from inventory.domain.errors import (
    InstrumentAlreadyCancelled,
    InstrumentAmountNotPositive,
    InstrumentEvidenceMissing,
    InstrumentOutsideMarket,
    InstrumentRateNegative,
    InstrumentRedeemedOutOfTime,
    InstrumentSourceUnknown,
    ReasonsMissing,
)
from inventory.domain.vocabulary import INSTRUMENT_SOURCES, RENEWABLE_SOURCES
from quantities import Quantity, Unit, parse_unit
from quantities.person import Person

__all__ = ["Cancellation", "Instrument", "InstrumentKind", "instrument_to_record"]


class InstrumentKind(StrEnum):
    """In the order in which they are matched, the most specific first (Scope 2 Guidance, table 6.3)."""

    ENERGY_ATTRIBUTE_CERTIFICATE = "energy_attribute_certificate"
    POWER_PURCHASE_AGREEMENT = "power_purchase_agreement"
    GREEN_TARIFF = "green_tariff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """The correcting entry that takes an instrument back; both stay on record."""

    reason: str
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One purchase of electricity's attributes for a location and year."""

    id: str
    location_id: str
    """Covers what this location and all under it take from the grid."""
    year: int
    """Of generation, and of the use that it covers."""
    kind: InstrumentKind
    market: str
    """Country (ISO 3166-1 alpha-3) or grid, such as `US-NYCW`."""
    source: str
    """Of the energy: solar, wind …"""
    amount: Quantity
    co2e_kg_per_kwh: Decimal
    """The emission rate that it conveys."""
    reference: str
    """Of the certificate, contract or tariff. No two instruments that hold have one: a claim is made once."""
    redeemed_on: date
    """Day on which its registry redeemed, retired or cancelled it for this entity, or the supplier delivered it."""
    evidence: str
    recorded_by: Person
    recorded_at: datetime
    cancelled: Cancellation | None

    @property
    def kwh(self) -> Decimal:
        return self.amount.to(Unit.KILOWATT_HOUR).value

    @property
    def is_renewable(self) -> bool:
        return self.source in RENEWABLE_SOURCES

    def cancel(self, *, reason: str, by: Person, at: datetime) -> "Instrument":
        """Refuses, in this order: InstrumentAlreadyCancelled, ReasonsMissing."""
        if self.cancelled is not None:
            raise InstrumentAlreadyCancelled(
                subject=self.id,
                found=f"cancelled on {self.cancelled.at:%Y-%m-%d}",
                expected="an instrument that holds",
                message=f"The instrument {self.reference} was cancelled already.",
            )
        if not reason.strip():
            raise ReasonsMissing(
                subject=self.id,
                found="no reason",
                expected="why it does not hold",
                message=f"The instrument {self.reference} is cancelled only with a reason.",
            )
        return replace(self, cancelled=Cancellation(reason=reason.strip(), by=by, at=at))


def instrument_to_record(
    *,
    instrument_id: str,
    location_id: str,
    markets: AbstractSet[str],
    year: int,
    kind: InstrumentKind,
    market: str,
    source: str,
    amount: Decimal,
    unit: str,
    co2e_kg_per_kwh: Decimal,
    reference: str,
    redeemed_on: date,
    evidence: str,
    by: Person,
    at: datetime,
) -> Instrument:
    """An instrument that fulfils the criteria; `markets` are the countries and grids of the location and all under it.

    Refuses, in this order: UnitAmbiguous, UnitUnknown, UnitsNotConvertible; InstrumentAmountNotPositive;
    InstrumentSourceUnknown; InstrumentRateNegative; InstrumentOutsideMarket; InstrumentRedeemedOutOfTime;
    InstrumentEvidenceMissing.
    """
    bought = Quantity(amount, parse_unit(unit))
    bought.to(Unit.KILOWATT_HOUR)
    if amount <= 0:
        raise InstrumentAmountNotPositive(
            subject=reference,
            found=str(bought),
            expected="more than 0",
            message=f"An instrument over {bought} covers nothing.",
        )
    if source not in INSTRUMENT_SOURCES:
        expected = ", ".join(INSTRUMENT_SOURCES)
        raise InstrumentSourceUnknown(
            subject=reference,
            found=source,
            expected=expected,
            message=f"'{source}' is not a source of electricity; they are {expected}.",
        )
    if co2e_kg_per_kwh < 0:
        raise InstrumentRateNegative(
            subject=reference,
            found=f"{co2e_kg_per_kwh:f} kgCO2e per kWh",
            expected="the emission rate that it conveys, 0 or more",
            message=f"The emission rate {co2e_kg_per_kwh:f} kgCO2e per kWh is negative.",
        )
    if market not in markets:
        expected = ", ".join(sorted(markets)) or "no market that the register knows"
        raise InstrumentOutsideMarket(
            subject=reference,
            found=market,
            expected=expected,
            message=f"The instrument is of the market {market}; {location_id} takes electricity in {expected}.",
        )
    _require_redeemed_in_time(reference=reference, year=year, redeemed_on=redeemed_on, today=latest_day(at))
    if not evidence.strip() or not reference.strip():
        raise InstrumentEvidenceMissing(
            subject=reference,
            found="no evidence" if reference.strip() else "no reference",
            expected="a reference, and the document that shows the claim and that it is this entity's alone",
            message="An instrument counts only with its reference and with evidence.",
        )
    return Instrument(
        id=instrument_id,
        location_id=location_id,
        year=year,
        kind=kind,
        market=market,
        source=source,
        amount=bought,
        co2e_kg_per_kwh=co2e_kg_per_kwh,
        reference=" ".join(reference.split()),
        redeemed_on=redeemed_on,
        evidence=evidence.strip(),
        recorded_by=by,
        recorded_at=at,
        cancelled=None,
    )


def _require_redeemed_in_time(*, reference: str, year: int, redeemed_on: date, today: date) -> None:
    """As close as possible to the use: our reading is the year itself and the one after, in which registries close."""
    first, last = date(year, 1, 1), min(date(year + 1, 12, 31), today)
    if not first <= redeemed_on <= last:
        raise InstrumentRedeemedOutOfTime(
            subject=reference,
            found=f"redeemed on {redeemed_on}",
            expected=f"from {first} to {last}",
            message=f"An instrument for {year} is redeemed from {first} to {last}, not on {redeemed_on}.",
        )
