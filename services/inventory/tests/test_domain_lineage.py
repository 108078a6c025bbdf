"""A line's figure worked out anew from its lineage: the same to the last digit, and by the factor that it names."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from inventory.catalogue import emission_factors
from inventory.domain.activity_data import Category, Period
from inventory.domain.edition import CURRENT, MethodEdition
from inventory.domain.emission_factor import EmissionFactor, Place
from inventory.domain.errors import FactorNotInRelease
from inventory.domain.lineage import LineOrigin, recompute
from inventory.domain.quantification import Coefficient, multiply, resolve_coefficient
from quantities import GasNotInGwpSet, GwpSet, Quantity, Unit

AR5 = GwpSet.named("AR5")
NAIROBI = Place(country="KEN", grid=None)
YEAR = Period(start=date(2024, 1, 1), end=date(2025, 1, 1))
AMOUNT = Decimal("1234.5678901")
BY_ID = {factor.id: factor for factor in emission_factors().factors}


def a_line(category: Category, key: str, unit: Unit, **given: Any) -> tuple[LineOrigin, Coefficient]:
    """What a line of that kind says, and the coefficient that it was quantified by."""
    edition = given.get("edition", CURRENT)
    coefficient = resolve_coefficient(
        category=category, key=key, unit=unit, place=NAIROBI, period=YEAR, catalogue=emission_factors(), gwp_set=AR5,
        edition=edition,
    )  # fmt: skip
    assert coefficient is not None
    origin = LineOrigin(
        category=category, key=key, amount=Quantity(AMOUNT, unit), factor_id=coefficient.factor_id,
        factor_release=coefficient.factor_release, gwp_set=AR5, edition=edition,
    )  # fmt: skip
    return origin, coefficient


@pytest.mark.parametrize(
    ("category", "key", "unit"),
    [
        (Category.GENERATOR_FUEL, "diesel", Unit.LITRE),
        (Category.GENERATOR_FUEL, "diesel", Unit.CUBIC_METRE),
        (Category.GRID_ELECTRICITY, "grid", Unit.KILOWATT_HOUR),
        (Category.HEATING_FUEL, "wood", Unit.TONNE),
        (Category.REFRIGERANT, "R-410A", Unit.KILOGRAM),
        (Category.REFRIGERANT, "HCFC-22/disposal", Unit.GRAM),
        (Category.AIR_TRAVEL, "icao/13.1", Unit.TONNE),
        (Category.WASTEWATER, "anaerobic_reactor/ch4", Unit.KILOGRAM),
        (Category.WASTEWATER, "/nitrogen", Unit.KILOGRAM),
    ],
)
def test_a_line_is_recomputed_to_the_last_digit(category: Category, key: str, unit: Unit) -> None:
    origin, coefficient = a_line(category, key, unit)
    stored = multiply(coefficient, amount=origin.amount)

    found = recompute(origin, factor=BY_ID.get(origin.factor_id))

    figures = {"co2e_kg": stored.co2e_kg, "biogenic_co2_kg": stored.biogenic_co2_kg, "kg_by_gas": stored.kg_by_gas}
    assert found.equals(**figures)
    for name in ("co2e_kg", "biogenic_co2_kg"):
        assert not found.equals(**figures | {name: figures[name] + Decimal("1e-20")})
    assert not found.equals(**figures | {"kg_by_gas": {gas: kg * 2 for gas, kg in stored.kg_by_gas.items()}})
    assert not found.equals(**figures | {"kg_by_gas": {}})


def test_every_factor_of_the_catalogue_can_be_followed() -> None:
    for factor in emission_factors().factors:
        origin = LineOrigin(
            category=factor.category, key=factor.key, amount=Quantity(AMOUNT, factor.unit), factor_id=factor.id,
            factor_release=factor.release, gwp_set=AR5, edition=CURRENT,
        )  # fmt: skip
        found = recompute(origin, factor=factor)

        assert found.factor_units_per_unit == 1
        assert {gas.gas for gas in found.gases} == set(factor.kg_by_gas) or factor.is_co2e_only


def test_the_conversion_and_the_gwp_of_each_gas_are_told() -> None:
    origin, _ = a_line(Category.HEATING_FUEL, "kerosene", Unit.CUBIC_METRE)

    found = recompute(origin, factor=BY_ID[origin.factor_id])

    assert (found.factor_units_per_unit, found.amount_in_factor_unit) == (1000, Quantity(AMOUNT * 1000, Unit.LITRE))
    assert [(gas.gas, gas.kg_co2e_per_kg) for gas in found.gases] == [("CH4", 28), ("CO2", 1), ("N2O", 265)]
    assert all(gas.citation for gas in found.gases)


def test_what_is_not_split_by_gas_has_no_gwp() -> None:
    factor = next(item for item in emission_factors().factors if item.is_co2e_only)
    origin = LineOrigin(
        category=factor.category, key=factor.key, amount=Quantity(AMOUNT, factor.unit), factor_id=factor.id,
        factor_release=factor.release, gwp_set=AR5, edition=CURRENT,
    )  # fmt: skip

    (gas,) = recompute(origin, factor=factor).gases

    assert (gas.gas, gas.kg_co2e_per_kg, gas.citation) == ("CO2e", None, None)


def test_it_goes_by_the_edition_that_the_inventory_was_made_by() -> None:
    origin, _ = a_line(Category.REFRIGERANT, "HCFC-22", Unit.KILOGRAM, edition=MethodEdition.named("un-2008"))

    assert recompute(origin, factor=None).quantification.coefficient.is_optional
    assert not recompute(replace(origin, edition=CURRENT), factor=None).quantification.coefficient.is_optional


def another(factor: EmissionFactor, **given: Any) -> EmissionFactor:
    return replace(factor, **given)


@pytest.mark.parametrize("given", [None, {"id": "another"}, {"release": "another"}])
def test_another_factor_than_the_named_one_is_refused(given: dict[str, Any] | None) -> None:
    origin, _ = a_line(Category.GENERATOR_FUEL, "diesel", Unit.LITRE)
    factor = None if given is None else another(BY_ID[origin.factor_id], **given)

    with pytest.raises(FactorNotInRelease) as refused:
        recompute(origin, factor=factor)

    assert refused.value.code == "FACTOR_NOT_IN_RELEASE"


def test_a_formula_of_another_gwp_set_is_not_taken_for_the_named_one() -> None:
    origin, _ = a_line(Category.REFRIGERANT, "R-410A", Unit.KILOGRAM)

    with pytest.raises(FactorNotInRelease):
        recompute(replace(origin, gwp_set=GwpSet.named("AR4")), factor=None)


def test_a_gas_without_gwp_is_refused() -> None:
    origin, _ = a_line(Category.GENERATOR_FUEL, "diesel", Unit.LITRE)
    factor = another(
        BY_ID[origin.factor_id], kg_by_gas={"unobtainium": Decimal(1)}, co2e_kg=None, gwp_set=None
    )  # fmt: skip

    with pytest.raises(GasNotInGwpSet):
        recompute(origin, factor=factor)


def test_a_factor_that_changed_shows() -> None:
    origin, coefficient = a_line(Category.GENERATOR_FUEL, "diesel", Unit.LITRE)
    stored = multiply(coefficient, amount=origin.amount)
    factor = BY_ID[origin.factor_id]

    found = recompute(origin, factor=another(factor, biogenic_co2_kg=factor.biogenic_co2_kg + 1))

    assert not found.equals(co2e_kg=stored.co2e_kg, biogenic_co2_kg=stored.biogenic_co2_kg, kg_by_gas=stored.kg_by_gas)
