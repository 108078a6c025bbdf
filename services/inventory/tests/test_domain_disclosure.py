"""To whom an amount of fuel is shown."""

from decimal import Decimal

import pytest

from inventory.domain.activity_data import Category
from inventory.domain.denominator import Denominator
from inventory.domain.disclosure import FUELS, SITES_MIN, is_sensitive, open_to_all
from inventory.domain.intensity import Recorded, intensities, resource_use
from inventory.domain.inventory import Totals
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


@pytest.mark.parametrize(
    ("sites", "told"),
    [
        ({}, True),
        ({Category.GRID_ELECTRICITY: 1}, True),
        ({Category.GENERATOR_FUEL: 1}, False),
        ({Category.GENERATOR_FUEL: 2, Category.HEATING_FUEL: 9}, False),
        ({Category.GENERATOR_FUEL: 3, Category.HEATING_FUEL: 3}, True),
        ({Category.GENERATOR_FUEL: 3}, True),
    ],
)
@pytest.mark.parametrize("name", ["energy", "energy_per_m2", "renewable_share"])
def test_energy_with_fuel_of_few_sites_in_it_is_not_told(*, name: str, sites: dict[Category, int], told: bool) -> None:
    """Electricity is told: what is left of the energy is the fuel."""
    energy = Indicator(name=name, value=Decimal(9), unit="kWh")

    assert open_to_all((energy,), sites=sites) == ((energy,) if told else ())


def test_no_indicator_moves_with_the_amount_of_a_fuel_and_is_told_all_the_same() -> None:
    """Every indicator that an amount of a stored fuel alone changes, CO2e apart, is one that the rule knows."""
    nothing = Totals(
        co2e_kg=Decimal(0), co2e_kg_by_scope={}, co2e_kg_by_category={}, kg_by_gas={}, optional_co2e_kg=Decimal(0),
        optional_co2e_kg_by_category={}, biogenic_co2_kg=Decimal(0),
    )  # fmt: skip
    amounts = [
        Recorded(category=fuel, amount=amount, without_generated=amount.value)
        for fuel in FUELS
        for amount in [Quantity(Decimal(7), "kWh_net" if fuel == Category.HEATING_FUEL else "litre")]
    ]
    use = resource_use(amounts, totals=nothing)
    stated = intensities(
        use,
        denominator=lambda kind, topic: Denominator(
            kind=kind, topic=topic, value=Decimal(10), days_stated=366, days=366, coverage_percent=None,
            statement_ids=(),
        ),
    )  # fmt: skip
    moved = named_indicators(use, stated=stated)

    assert [item.name for item in moved] == ["energy", "generator_fuel", "energy_per_m2"]
    assert open_to_all(moved, sites=dict.fromkeys(FUELS, 2)) == ()
