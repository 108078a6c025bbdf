"""Choices of the UN-wide method that the platform makes once, and the names under which others read indicators."""

from dataclasses import dataclass
from decimal import Decimal

from inventory.domain.inventory import Indicators, Totals

__all__ = ["CO2E_UNIT", "GWP_SET_NAME", "Indicator", "named_indicators"]

GWP_SET_NAME = "AR5"
"""Behind the UK 2024 factors and the EPA Hub 2025. Our reading: the method's own text was not at hand."""

CO2E_UNIT = "kgCO2e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A figure of a final inventory, by the name that targets and reports use."""

    name: str
    value: Decimal
    unit: str


def named_indicators(found: Indicators, *, totals: Totals) -> tuple[Indicator, ...]:
    """Every indicator that has a value; a missing one is absent, never 0."""
    values = (
        ("co2e", totals.co2e_kg if totals.co2e_kg_by_scope else None, CO2E_UNIT),
        ("co2e_per_person", found.co2e_kg_per_person, f"{CO2E_UNIT}/person"),
        ("facilities_co2e_per_m2", found.facilities_co2e_kg_per_m2, f"{CO2E_UNIT}/m2"),
        ("electricity", found.electricity_kwh, "kWh"),
        ("electricity_per_m2", found.electricity_kwh_per_m2, "kWh/m2"),
        ("electricity_per_person", found.electricity_kwh_per_person, "kWh/person"),
        ("generator_fuel", found.generator_fuel_litres, "litre"),
        ("water", found.water_m3, "m3"),
        ("water_per_person", found.water_m3_per_person, "m3/person"),
        ("waste", found.waste_kg, "kg"),
        ("waste_per_person", found.waste_kg_per_person, "kg/person"),
    )
    return tuple(Indicator(name=name, value=value, unit=unit) for name, value, unit in values if value is not None)
