"""Choices of the UN-wide method that the platform makes once, and the names under which others read indicators."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from inventory.domain.intensity import Intensity, ResourceUse
from inventory.domain.quantification import NOT_SPLIT_BY_GAS
from quantities import Unit

__all__ = ["CO2E_UNIT", "GWP_SET_NAME", "Indicator", "named_indicators", "unit_of"]

GWP_SET_NAME = "AR5"
"""Behind the UK 2024 factors and the EPA Hub 2025. Our reading: the method's own text was not at hand."""

CO2E_UNIT = "kgCO2e"


def unit_of(gas: str | None) -> str:
    """Of a figure of that gas; of CO2e where there is none, or where its publisher does not split by gas."""
    return CO2E_UNIT if gas in {None, NOT_SPLIT_BY_GAS} else Unit.KILOGRAM.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A figure of a final inventory, by the name that targets and reports use."""

    name: str
    value: Decimal
    unit: str


def named_indicators(
    use: ResourceUse, *, stated: Iterable[Intensity], renewable_share_percent: Decimal | None = None
) -> tuple[Indicator, ...]:
    """Every indicator that has a value; a missing one is absent, never 0."""
    sums = (
        ("co2e", use.co2e_kg.value, CO2E_UNIT),
        ("electricity", use.electricity_kwh.value, "kWh"),
        ("energy", use.energy_kwh.value, "kWh"),
        ("generator_fuel", use.generator_fuel_litres.value, "litre"),
        ("water", use.water_m3.value, "m3"),
        ("waste", use.waste_kg.value, "kg"),
        ("renewable_share", renewable_share_percent, "percent"),
    )
    values = (*sums, *((item.name, item.value, item.unit) for item in stated))
    return tuple(Indicator(name=name, value=value, unit=unit) for name, value, unit in values if value is not None)
