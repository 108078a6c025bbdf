"""To whom an amount of fuel is shown."""

from decimal import Decimal

import pytest

from inventory.domain.activity_data import Category
from inventory.domain.disclosure import FUELS, SITES_MIN, is_sensitive, open_to_all
from inventory.domain.inventory import Denominators, Totals, indicators
from inventory.domain.method import Indicator, named_indicators
from quantities import Quantity

FUEL = Indicator(name="generator_fuel", value=Decimal(9), unit="litre")
POWER = Indicator(name="electricity", value=Decimal(9), unit="kWh")


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize(("sites", "few"), [(0, True), (1, True), (2, True), (3, False), (40, False)])
def test_an_amount_of_a_stored_fuel_is_sensitive_until_three_sites_used_some(
    category: Category,
    sites: int,
    few: bool,  # noqa: FBT001 - a column of the table
) -> None:
    stored = category in (Category.GENERATOR_FUEL, Category.HEATING_FUEL, Category.VEHICLE_FUEL)

    assert is_sensitive(category, sites=sites) is (stored and few)


@pytest.mark.parametrize(
    ("sites", "told"),
    [
        ({}, (POWER,)),
        ({Category.GENERATOR_FUEL: 1}, (POWER,)),
        ({Category.GENERATOR_FUEL: 2, Category.HEATING_FUEL: 9, Category.GRID_ELECTRICITY: 9}, (POWER,)),
        ({Category.GENERATOR_FUEL: SITES_MIN}, (FUEL, POWER)),
    ],
)
def test_an_indicator_that_is_an_amount_of_fuel_is_told_to_all_when_enough_sites_are_in_it(
    sites: dict[Category, int], told: tuple[Indicator, ...]
) -> None:
    assert open_to_all((FUEL, POWER), sites=sites) == told


def test_no_indicator_moves_with_the_amount_of_a_fuel_and_is_told_all_the_same() -> None:
    """Every indicator that an amount of a stored fuel alone changes, CO2e apart, is one that the rule knows."""
    nothing = Totals(
        co2e_kg=Decimal(0), co2e_kg_by_scope={}, co2e_kg_by_category={}, kg_by_gas={}, optional_co2e_kg=Decimal(0),
        optional_co2e_kg_by_category={}, biogenic_co2_kg=Decimal(0),
    )  # fmt: skip
    by = Denominators(floor_area_m2=Decimal(10), personnel=Decimal(10))
    moved = named_indicators(
        indicators([(fuel, Quantity(Decimal(7), "litre")) for fuel in FUELS], totals=nothing, by=by), totals=nothing
    )

    assert [item.name for item in moved] == ["generator_fuel"]
    assert open_to_all(moved, sites={}) == ()
