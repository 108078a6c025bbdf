"""Targets: where an indicator of a location is to be in a target year, measured from its base year.

Terms: GHG Protocol Corporate Standard, chapter 11 (target, base year, target year). Rules: docs/glossary.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from targets.domain.errors import (
    BaseValueNotPositive,
    IndicatorUnknown,
    TargetValueNegative,
    TargetYearNotAfterBaseYear,
    UnitNotOfIndicator,
)

__all__ = ["UNIT_BY_INDICATOR", "Target", "set_target"]

UNIT_BY_INDICATOR: Mapping[str, str] = {
    "co2e": "kgCO2e",
    "co2e_per_person": "kgCO2e/person",
    "facilities_co2e_per_m2": "kgCO2e/m2",
    "electricity": "kWh",
    "electricity_per_m2": "kWh/m2",
    "electricity_per_person": "kWh/person",
    "energy": "kWh",
    "energy_per_m2": "kWh/m2",
    "generator_fuel": "litre",
    "water": "m3",
    "water_per_person": "m3/person",
    "waste": "kg",
    "waste_per_person": "kg/person",
}
"""Indicators that a final inventory carries, with their units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One indicator of one location, from base year to target year."""

    id: str
    location_id: str
    indicator: str
    unit: str
    """Unit of both values."""
    base_year: int
    base_value: Decimal
    target_year: int
    target_value: Decimal
    set_by: str
    set_at: datetime


def set_target(
    *,
    target_id: str,
    location_id: str,
    indicator: str,
    unit: str,
    base_year: int,
    base_value: Decimal,
    target_year: int,
    target_value: Decimal,
    by: str,
    at: datetime,
) -> Target:
    """A valid target.

    Refuses, in this order: IndicatorUnknown, UnitNotOfIndicator, BaseValueNotPositive, TargetValueNegative,
    TargetYearNotAfterBaseYear.
    """
    if indicator not in UNIT_BY_INDICATOR:
        raise IndicatorUnknown(
            subject="indicator",
            found=indicator,
            expected=", ".join(UNIT_BY_INDICATOR),
            message=f"No inventory measures {indicator!r}.",
        )
    if unit != UNIT_BY_INDICATOR[indicator]:
        raise UnitNotOfIndicator(
            subject=indicator,
            found=unit,
            expected=UNIT_BY_INDICATOR[indicator],
            message=f"{indicator} is measured in {UNIT_BY_INDICATOR[indicator]}, not in {unit}.",
        )
    if base_value <= 0:
        raise BaseValueNotPositive(
            subject="base value",
            found=f"{base_value} {unit}",
            expected=f"more than 0 {unit}",
            message=f"The base value must be above 0; {base_value} {unit} was given.",
        )
    if target_value < 0:
        raise TargetValueNegative(
            subject="target value",
            found=f"{target_value} {unit}",
            expected=f"0 {unit} or more",
            message=f"The target value can't be below 0; {target_value} {unit} was given.",
        )
    if target_year <= base_year:
        raise TargetYearNotAfterBaseYear(
            subject="target year",
            found=str(target_year),
            expected=f"after {base_year}",
            message=f"The target year {target_year} must come after the base year {base_year}.",
        )
    return Target(
        id=target_id,
        location_id=location_id,
        indicator=indicator,
        unit=unit,
        base_year=base_year,
        base_value=base_value,
        target_year=target_year,
        target_value=target_value,
        set_by=by,
        set_at=at,
    )
