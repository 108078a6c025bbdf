"""Targets and progress: every refusal, in order, and the verdict at each boundary."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from targets.domain.errors import (
    BaseValueNotPositive,
    IndicatorUnknown,
    TargetValueNegative,
    TargetYearNotAfterBaseYear,
    UnitNotOfIndicator,
)
from targets.domain.progress import MeasuredIndicator, Verdict, assess
from targets.domain.target import set_target

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def target(**changes):
    values = {
        "target_id": "t", "location_id": "unon", "indicator": "electricity_per_m2", "unit": "kWh/m2", "base_year": 2016,
        "base_value": Decimal(100), "target_year": 2026, "target_value": Decimal(50), "by": "chair", "at": NOW,
    }  # fmt: skip
    return set_target(**values | changes)


BAD = {
    "indicator": "happiness",
    "unit": "litre",
    "base_value": Decimal(0),
    "target_value": Decimal(-1),
    "target_year": 2016,
}


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (["indicator", "unit", "base_value", "target_value", "target_year"], IndicatorUnknown),
        (["unit", "base_value", "target_value", "target_year"], UnitNotOfIndicator),
        (["base_value", "target_value", "target_year"], BaseValueNotPositive),
        (["target_value", "target_year"], TargetValueNegative),
        (["target_year"], TargetYearNotAfterBaseYear),
    ],
)
def test_a_target_refuses_in_this_order(wrong, refusal):
    with pytest.raises(refusal) as refused:
        target(**{name: BAD[name] for name in wrong})

    assert all((refused.value.code, refused.value.subject, refused.value.found, refused.value.expected))


def measured(value, year=2021, **changes):
    values = {
        "location_id": "unon", "year": year, "inventory_id": "i", "inventory_version": 1,
        "indicator": "electricity_per_m2", "value": Decimal(value), "unit": "kWh/m2",
    }  # fmt: skip
    return MeasuredIndicator(**values | changes)


@pytest.mark.parametrize(
    ("value", "year", "expected", "reduction", "verdict"),
    [
        ("75", 2021, "75", "25", Verdict.ON_TRACK),
        ("75.0001", 2021, "75", "24.9999", Verdict.OFF_TRACK),
        ("50", 2021, "75", "50", Verdict.ACHIEVED),
        ("50.0001", 2021, "75", "49.9999", Verdict.ON_TRACK),
        ("100", 2016, "100", "0", Verdict.ON_TRACK),
        ("110", 2016, "100", "-10", Verdict.OFF_TRACK),
        ("50", 2026, "50", "50", Verdict.ACHIEVED),
        ("51", 2030, "50", "49", Verdict.OFF_TRACK),
        ("0", 2030, "50", "100", Verdict.ACHIEVED),
    ],
)
def test_the_verdict_is_by_the_straight_line_and_the_target_value(value, year, expected, reduction, verdict):
    found = assess(assessment_id="a", target=target(), measured=measured(value, year), at=NOW)

    assert (found.expected, found.reduction_percent, found.verdict) == (Decimal(expected), Decimal(reduction), verdict)


@pytest.mark.parametrize(
    "other", [{"year": 2015}, {"unit": "MWh/m2"}, {"indicator": "water"}, {"location_id": "escwa"}]
)
def test_what_cannot_be_compared_is_not_assessed(other):
    assert assess(assessment_id="a", target=target(), measured=measured("1", **other), at=NOW) is None
