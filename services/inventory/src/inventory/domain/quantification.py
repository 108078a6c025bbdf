"""From activity to emissions. One rule gives the coefficient; rows are multiplied here, bulk work multiplies in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from hashlib import sha256
from types import MappingProxyType

from inventory.domain.activity_data import ActivityData, Category, Period
from inventory.domain.edition import CURRENT, MethodEdition
from inventory.domain.emission_factor import Catalogue, EmissionFactor, Place
from inventory.domain.errors import FactorMissing
from inventory.domain.formula import FormulaFactor, formula_factor
from quantities import GwpSet, Quantity, Unit

__all__ = [
    "NOT_SPLIT_BY_GAS",
    "Coefficient",
    "Quantification",
    "coefficient_of_factor",
    "coefficient_of_formula",
    "multiply",
    "quantify",
    "resolve_coefficient",
]

NOT_SPLIT_BY_GAS = "CO2e"
"""Stands in the place of a gas where the publisher of a factor gives CO2e alone."""

_EXACT_DIGITS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """Emissions per unit of one kind of activity at one place and time, with all that a figure is traced by."""

    category: Category
    key: str
    unit: Unit
    """Of the activity, as recorded; the factor's own unit is converted already."""
    kg_per_unit_by_gas: Mapping[str, Decimal]
    co2e_kg_per_unit: Decimal
    biogenic_co2_kg_per_unit: Decimal
    factor_id: str
    factor_release: str
    gwp_set: str
    explanation: str
    is_optional: bool
    """Apart from the total: by its category, or by its gas in this edition of the method."""
    uncertainty_percent: Decimal | None = None
    """Of the factor, as published: half the width of its 95 % interval; None where the publisher gives none."""
    private_to: str | None = None
    """Location whose own factor it is made of; None for a public one."""

    @property
    def id(self) -> int:
        """A number made from all that it says, so that the same coefficient has the same one wherever it is made."""
        facts = (
            self.category.value,
            self.key,
            self.unit.value,
            sorted((gas, str(kg.normalize())) for gas, kg in self.kg_per_unit_by_gas.items()),
            str(self.co2e_kg_per_unit.normalize()),
            str(self.biogenic_co2_kg_per_unit.normalize()),
            self.factor_id,
            self.factor_release,
            self.gwp_set,
            self.explanation,
            *(() if self.uncertainty_percent is None else (str(self.uncertainty_percent.normalize()),)),
            *(() if self.private_to is None else (self.private_to,)),
        )
        return int.from_bytes(sha256(repr(facts).encode()).digest()[:8]) >> 1

    @property
    def scope(self) -> int:
        """Scope of the GHG Protocol."""
        return self.category.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantification:
    """Emissions of one activity, unrounded."""

    kg_by_gas: Mapping[str, Decimal]
    co2e_kg: Decimal
    biogenic_co2_kg: Decimal
    coefficient: Coefficient


def resolve_coefficient(
    *,
    category: Category,
    key: str,
    unit: Unit,
    place: Place,
    period: Period,
    catalogue: Catalogue,
    gwp_set: GwpSet,
    edition: MethodEdition = CURRENT,
) -> Coefficient | None:
    """What one unit of that activity emits there and then.

    None for a category without emission, and for an optional one without a factor: its use is recorded and no emission
    counted.

    Refuses, in this order: GasNotInGwpSet, UnitsNotConvertible, FactorMissing.
    """
    if category.is_without_emission:
        return None
    formula = formula_factor(category=category, key=key, gwp_set=gwp_set)
    if formula is not None:
        return coefficient_of_formula(formula, category=category, key=key, unit=unit, gwp_set=gwp_set, edition=edition)
    try:
        choice = catalogue.choose(category=category, key=key, unit=unit, place=place, period=period)
    except FactorMissing:
        if category.is_optional:
            return None
        raise
    return coefficient_of_factor(
        choice.factor, category=category, key=key, unit=unit, gwp_set=gwp_set, why=choice.explanation
    )


def coefficient_of_factor(
    factor: EmissionFactor, *, category: Category, key: str, unit: Unit, gwp_set: GwpSet, why: str
) -> Coefficient:
    """What one unit of the activity emits by this factor, whoever chose it and `why`.

    Refuses, in this order: GasNotInGwpSet, UnitsNotConvertible.
    """
    co2e_kg, how = _co2e_kg(factor, gwp_set=gwp_set)
    with localcontext(prec=_EXACT_DIGITS):
        factor_units = Quantity(Decimal(1), unit).to(factor.unit).value
        kg_by_gas = {gas: kg * factor_units for gas, kg in factor.kg_by_gas.items()}
        return Coefficient(
            category=category,
            key=key,
            unit=unit,
            kg_per_unit_by_gas=MappingProxyType(kg_by_gas or {NOT_SPLIT_BY_GAS: co2e_kg * factor_units}),
            co2e_kg_per_unit=co2e_kg * factor_units,
            biogenic_co2_kg_per_unit=factor.biogenic_co2_kg * factor_units,
            factor_id=factor.id,
            factor_release=factor.release,
            gwp_set=gwp_set.name,
            explanation=f"{why} {how}",
            is_optional=category.is_optional,
            private_to=factor.private_to,
            uncertainty_percent=factor.uncertainty_percent,
        )


def coefficient_of_formula(
    formula: FormulaFactor, *, category: Category, key: str, unit: Unit, gwp_set: GwpSet, edition: MethodEdition
) -> Coefficient:
    """What one unit of the activity emits by a formula.

    Refuses, in this order: UnitsNotConvertible, GasNotInGwpSet.
    """
    apart = edition.sets_apart(formula.kg_by_gas)
    why_apart = f" Optional emission in the method's edition {edition.name}: {edition.cited}." if apart else ""
    with localcontext(prec=_EXACT_DIGITS):
        kg = Quantity(Decimal(1), unit).to(Unit.KILOGRAM).value
        kg_by_gas = {gas: part * kg for gas, part in formula.kg_by_gas.items()}
        return Coefficient(
            category=category,
            key=key,
            unit=unit,
            kg_per_unit_by_gas=MappingProxyType(kg_by_gas),
            co2e_kg_per_unit=gwp_set.co2e_kg(kg_by_gas),
            biogenic_co2_kg_per_unit=Decimal(0),
            factor_id=formula.id,
            factor_release=formula.release,
            gwp_set=gwp_set.name,
            explanation=f"{formula.explanation}{why_apart}",
            is_optional=category.is_optional or apart,
        )


def multiply(coefficient: Coefficient, *, amount: Quantity) -> Quantification:
    """Emissions of an amount.

    Refuses: UnitsNotConvertible.
    """
    with localcontext(prec=_EXACT_DIGITS):
        units = amount.to(coefficient.unit).value
        return Quantification(
            kg_by_gas=MappingProxyType({gas: kg * units for gas, kg in coefficient.kg_per_unit_by_gas.items()}),
            co2e_kg=coefficient.co2e_kg_per_unit * units,
            biogenic_co2_kg=coefficient.biogenic_co2_kg_per_unit * units,
            coefficient=coefficient,
        )


def quantify(
    activity: ActivityData,
    *,
    place: Place,
    catalogue: Catalogue,
    gwp_set: GwpSet,
    edition: MethodEdition = CURRENT,
) -> Quantification | None:
    """Emissions of one activity; None as for `resolve_coefficient`, which it refuses like."""
    coefficient = resolve_coefficient(
        category=activity.category,
        key=activity.key,
        unit=activity.amount.unit,
        place=place,
        period=activity.period,
        catalogue=catalogue,
        gwp_set=gwp_set,
        edition=edition,
    )
    return None if coefficient is None else multiply(coefficient, amount=activity.amount)


def _co2e_kg(factor: EmissionFactor, *, gwp_set: GwpSet) -> tuple[Decimal, str]:
    """CO2e per unit of the factor, and a sentence that says how it came about."""
    if factor.co2e_kg is None:
        return gwp_set.co2e_kg(factor.kg_by_gas), f"CO2e by {gwp_set.name} from its gases."
    if factor.is_co2e_only:
        behind = factor.gwp_set or "a GWP set that is not stated"
        return factor.co2e_kg, f"CO2e as published, by {behind}; not split by gas."
    if factor.gwp_set == gwp_set.name:
        return factor.co2e_kg, f"CO2e as published, by {gwp_set.name}."
    return gwp_set.co2e_kg(factor.kg_by_gas), f"CO2e by {gwp_set.name} from its gases; published by {factor.gwp_set}."
