"""Factors that come of a formula, or of a figure given from outside, instead of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from inventory.domain.activity_data import Category
from inventory.domain.categories import ICAO
from quantities import GwpSet

__all__ = ["FormulaFactor", "formula_factor"]

_DIGITS = 28
_N2O_N_KG_PER_N_KG = Decimal("0.005")
_IPCC_WASTEWATER = "IPCC 2006 Guidelines, volume 5, chapter 6"

_LEAKED: Mapping[str, str] = {
    "installation": "leaked while new equipment was charged: what was used, less its full charge",
    "operation": "leaked as topped up",
    "disposal": "leaked when equipment was taken out of use: its full charge, less what was recovered",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaFactor:
    """Gases of a kilogram of what is recorded."""

    id: str
    release: str
    kg_by_gas: Mapping[str, Decimal]
    explanation: str


def formula_factor(*, category: Category, key: str, gwp_set: GwpSet) -> FormulaFactor | None:
    """The factor of what has a formula; None for all that the catalogue answers.

    Refuses: GasNotInGwpSet.
    """
    first, _, second = key.partition("/")
    match category, first, second:
        case Category.REFRIGERANT, gas, phase:
            return _of_refrigerant(gas=gas, phase=phase or "operation", gwp_set=gwp_set)
        case Category.AIR_TRAVEL, "icao", version:
            return FormulaFactor(
                id=f"icao:{version}",
                release=f"icao-{version}",
                kg_by_gas={"CO2": Decimal(1)},
                explanation=f"CO2 as given by the {ICAO}, version {version}; without radiative forcing.",
            )
        case Category.WASTEWATER, treatment, "ch4":
            return FormulaFactor(
                id=f"ipcc-2006:bod:{treatment}",
                release="ipcc-2006",
                kg_by_gas={"CH4": Decimal(1)},
                explanation=f"CH4 of measured BOD: BOD x Bo x MCF of {treatment}, less what was recovered "
                f"({_IPCC_WASTEWATER}, equations 6.1 and 6.2, table 6.3).",
            )
        case Category.WASTEWATER, _, "nitrogen":
            with localcontext(prec=_DIGITS):
                n2o_kg = _N2O_N_KG_PER_N_KG * 44 / 28
            return FormulaFactor(
                id="ipcc-2006:effluent_nitrogen",
                release="ipcc-2006",
                kg_by_gas={"N2O": n2o_kg},
                explanation="N2O of measured nitrogen in effluent: N x 0.005 kg N2O-N per kg N x 44/28 "
                f"({_IPCC_WASTEWATER}, equation 6.7, table 6.11).",
            )
    return None


def _of_refrigerant(*, gas: str, phase: str, gwp_set: GwpSet) -> FormulaFactor:
    """What leaked, by phase.

    Simplified material balance: EPA Center for Corporate Climate Leadership, Direct Fugitive Emissions from
    Refrigeration, Air Conditioning, Fire Suppression, and Industrial Gases, November 2014, section 2.4.
    """
    name = gwp_set.gas(gas)
    fractions = gwp_set.split(name)
    parts = " + ".join(f"{(part * 100).normalize():f} % {component}" for component, part in fractions.items())
    composition = f" ({parts}; {gwp_set.blends[name].citation})" if name in gwp_set.blends else ""
    citation = gwp_set.gases[next(iter(fractions))].citation
    return FormulaFactor(
        id=f"gwp:{gwp_set.name}:{name}",
        release=gwp_set.name,
        kg_by_gas=fractions,
        explanation=f"{name}{composition} {_LEAKED[phase]}; CO2e by {gwp_set.name}: {citation}.",
    )
