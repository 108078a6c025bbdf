"""What a line's figure is made of, and the same figure worked out anew from that alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import MAX_PREC, Decimal, localcontext
from types import MappingProxyType

from inventory.domain.activity_data import Category
from inventory.domain.edition import MethodEdition
from inventory.domain.emission_factor import EmissionFactor
from inventory.domain.errors import FactorNotInRelease
from inventory.domain.formula import formula_factor
from inventory.domain.quantification import (
    NOT_SPLIT_BY_GAS,
    Coefficient,
    Quantification,
    coefficient_of_factor,
    coefficient_of_formula,
)
from quantities import GwpSet, Quantity, Unit

__all__ = ["AppliedGwp", "LineOrigin", "Recomputed", "recompute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOrigin:
    """All that a line says about where its figure comes from."""

    category: Category
    key: str
    """What factors are looked for by: the item, with its treatment or phase after a `/` where there is one."""
    amount: Quantity
    """Of the activity, as recorded."""
    factor_id: str
    factor_release: str
    gwp_set: GwpSet
    edition: MethodEdition


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedGwp:
    """One gas of a figure, with what makes CO2e of it."""

    gas: str
    kg: Decimal
    kg_co2e_per_kg: Decimal | None
    """None where the publisher gives CO2e alone, not split by gas."""
    citation: str | None
    """Report, chapter and table of the GWP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """A line's emissions worked out anew, unrounded, with each step."""

    amount_in_factor_unit: Quantity
    """What the factor is multiplied by."""
    factor_units_per_unit: Decimal
    """Units of the factor in one unit of the activity, as recorded: the conversion."""
    quantification: Quantification
    gases: tuple[AppliedGwp, ...]
    """By gas, in alphabetical order."""

    def equals(self, *, co2e_kg: Decimal, biogenic_co2_kg: Decimal, kg_by_gas: Mapping[str, Decimal]) -> bool:
        """Whether the stored figures are these, to the last digit."""
        found = self.quantification
        return (
            found.co2e_kg == co2e_kg
            and found.biogenic_co2_kg == biogenic_co2_kg
            and dict(found.kg_by_gas) == dict(kg_by_gas)
        )


def recompute(origin: LineOrigin, *, factor: EmissionFactor | None) -> Recomputed:
    """The line's emissions by the factor that it names; `factor` is that factor as its release has it.

    Nothing that is stored of the result is used, and no factor is chosen anew: a nearer one that was published since
    changes nothing. None for a factor that is a formula, which needs no catalogue.

    Refuses, in this order: FactorNotInRelease when there is no such factor, or another was given; GasNotInGwpSet;
    UnitsNotConvertible.
    """
    coefficient, factor_unit = _coefficient(origin, factor)
    with localcontext(prec=MAX_PREC):
        amount = origin.amount.value
        found = Quantification(
            kg_by_gas=MappingProxyType({gas: kg * amount for gas, kg in coefficient.kg_per_unit_by_gas.items()}),
            co2e_kg=coefficient.co2e_kg_per_unit * amount,
            biogenic_co2_kg=coefficient.biogenic_co2_kg_per_unit * amount,
            coefficient=coefficient,
        )
    return Recomputed(
        amount_in_factor_unit=origin.amount.to(factor_unit),
        factor_units_per_unit=Quantity(Decimal(1), origin.amount.unit).to(factor_unit).value,
        quantification=found,
        gases=tuple(_applied(gas, kg, origin.gwp_set) for gas, kg in sorted(found.kg_by_gas.items())),
    )


def _coefficient(origin: LineOrigin, factor: EmissionFactor | None) -> tuple[Coefficient, Unit]:
    """The line's coefficient made anew, and the unit that the factor is per."""
    unit = origin.amount.unit
    formula = formula_factor(category=origin.category, key=origin.key, gwp_set=origin.gwp_set)
    if formula is not None and (formula.id, formula.release) == (origin.factor_id, origin.factor_release):
        made = coefficient_of_formula(
            formula,
            category=origin.category,
            key=origin.key,
            unit=unit,
            gwp_set=origin.gwp_set,
            edition=origin.edition,
        )
        return made, Unit.KILOGRAM
    if factor is None or (factor.id, factor.release) != (origin.factor_id, origin.factor_release):
        raise FactorNotInRelease(
            subject=origin.factor_id,
            found="no such factor" if factor is None else f"{factor.id} of release {factor.release}",
            expected=f"factor {origin.factor_id} of release {origin.factor_release}",
            message=f"Release {origin.factor_release} has no factor {origin.factor_id} to recompute by.",
        )
    made = coefficient_of_factor(
        factor, category=origin.category, key=origin.key, unit=unit, gwp_set=origin.gwp_set, why=""
    )
    return made, factor.unit


def _applied(gas: str, kg: Decimal, gwp_set: GwpSet) -> AppliedGwp:
    if gas == NOT_SPLIT_BY_GAS:
        return AppliedGwp(gas=gas, kg=kg, kg_co2e_per_kg=None, citation=None)
    return AppliedGwp(
        gas=gas, kg=kg, kg_co2e_per_kg=gwp_set.gwp(gas), citation=gwp_set.gases[gwp_set.gas(gas)].citation
    )
