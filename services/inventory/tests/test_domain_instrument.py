"""An instrument is recorded only when it fulfils the quality criteria, and is taken back by a correcting entry."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

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
from inventory.domain.instrument import Instrument, InstrumentKind, instrument_to_record
from quantities import UnitAmbiguous, UnitsNotConvertible, UnitUnknown
from quantities.person import Person

ANNA = Person(subject="s-anna", name="anna")
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def recorded(**other: Any) -> Instrument:
    stated: dict[str, Any] = {
        "instrument_id": "i-1",
        "location_id": "unog",
        "markets": {"CHE"},
        "year": 2024,
        "kind": InstrumentKind.ENERGY_ATTRIBUTE_CERTIFICATE,
        "market": "CHE",
        "source": "hydro",
        "amount": Decimal("1.5"),
        "unit": "MWh",
        "co2e_kg_per_kwh": Decimal(0),
        "reference": "GO-1  ",
        "redeemed_on": date(2025, 2, 1),
        "evidence": "cancellation statement of the registry ",
        "by": ANNA,
        "at": NOW,
    }
    return instrument_to_record(**(stated | other))


def test_an_instrument_that_fulfils_the_criteria_is_recorded() -> None:
    found = recorded()

    assert (found.kwh, found.is_renewable, found.cancelled) == (Decimal(1500), True, None)
    assert (found.reference, found.evidence) == ("GO-1", "cancellation statement of the registry")
    assert not recorded(source="nuclear").is_renewable


@pytest.mark.parametrize(
    ("other", "refusal", "code"),
    [
        ({"unit": "ton"}, UnitAmbiguous, "UNIT_AMBIGUOUS"),
        ({"unit": "sack"}, UnitUnknown, "UNIT_UNKNOWN"),
        ({"unit": "litre"}, UnitsNotConvertible, "UNITS_NOT_CONVERTIBLE"),
        ({"unit": "kWh_net"}, UnitsNotConvertible, "UNITS_NOT_CONVERTIBLE"),
        ({"amount": Decimal(0)}, InstrumentAmountNotPositive, "INSTRUMENT_AMOUNT_NOT_POSITIVE"),
        ({"source": "magic"}, InstrumentSourceUnknown, "INSTRUMENT_SOURCE_UNKNOWN"),
        ({"co2e_kg_per_kwh": Decimal("-0.1")}, InstrumentRateNegative, "INSTRUMENT_RATE_NEGATIVE"),
        ({"market": "NOR"}, InstrumentOutsideMarket, "INSTRUMENT_OUTSIDE_MARKET"),
        ({"redeemed_on": date(2023, 12, 31)}, InstrumentRedeemedOutOfTime, "INSTRUMENT_REDEEMED_OUT_OF_TIME"),
        ({"redeemed_on": date(2025, 3, 3)}, InstrumentRedeemedOutOfTime, "INSTRUMENT_REDEEMED_OUT_OF_TIME"),
        (
            {"redeemed_on": date(2026, 1, 1), "at": datetime(2026, 6, 1, tzinfo=UTC)},
            InstrumentRedeemedOutOfTime,
            "INSTRUMENT_REDEEMED_OUT_OF_TIME",
        ),
        ({"evidence": " "}, InstrumentEvidenceMissing, "INSTRUMENT_EVIDENCE_MISSING"),
        ({"reference": " "}, InstrumentEvidenceMissing, "INSTRUMENT_EVIDENCE_MISSING"),
    ],
)
def test_what_does_not_fulfil_the_criteria_is_refused(
    other: dict[str, Any], refusal: type[Exception], code: str
) -> None:
    with pytest.raises(refusal) as caught:
        recorded(**other)

    assert getattr(caught.value, "code", None) == code


@pytest.mark.parametrize("day", [date(2024, 1, 1), date(2025, 3, 1)])
def test_the_first_and_the_last_day_are_in_time(day: date) -> None:
    assert recorded(redeemed_on=day).redeemed_on == day


def test_an_instrument_is_cancelled_once_and_with_a_reason() -> None:
    with pytest.raises(ReasonsMissing):
        recorded().cancel(reason=" ", by=ANNA, at=NOW)
    cancelled = recorded().cancel(reason=" sold on ", by=ANNA, at=NOW)

    assert cancelled.cancelled is not None
    assert (cancelled.cancelled.reason, cancelled.cancelled.by) == ("sold on", ANNA)
    with pytest.raises(InstrumentAlreadyCancelled):
        cancelled.cancel(reason="again", by=ANNA, at=NOW)
