"""Our arithmetic against figures that others have published. Each figure is typed here, with where it was printed.

The tolerance is that of the printed figure: half of its last digit, or exact where the publisher's own terms are exact.
"""

from datetime import date
from decimal import Decimal

import pytest

from inventory.catalogue import airports, emission_factors
from inventory.domain.activity_data import Category, Period
from inventory.domain.air_travel import great_circle_km, passenger_km
from inventory.domain.emission_factor import Place
from inventory.domain.quantification import Quantification, multiply, resolve_coefficient
from quantities import GwpSet, Quantity, Unit

NOWHERE_NEARER = Place(country=None, grid=None)


def emissions(
    category: Category, key: str, amount: str, unit: str, *, place: Place, year: int, gwp_set: str
) -> Quantification:
    coefficient = resolve_coefficient(
        category=category,
        key=key,
        unit=Unit(unit),
        place=place,
        period=Period(start=date(year, 1, 1), end=date(year + 1, 1, 1)),
        catalogue=emission_factors(),
        gwp_set=GwpSet.named(gwp_set),
    )
    assert coefficient is not None
    return multiply(coefficient, amount=Quantity(Decimal(amount), unit))


UN_SUN = "UNDP Environmental Management Tool methodology (Nov 2023), emission factors by UNEP Sustainable UN"
DESNZ = "UK Government GHG conversion factors for company reporting, flat file"
EPA_HUB = "US EPA GHG Emission Factors Hub 2025 (15 Jan 2025)"


@pytest.mark.parametrize(
    ("category", "key", "amount", "published_kg", "citation"),
    [
        (Category.GENERATOR_FUEL, "diesel", "1000 litre", "2690.8", f"{UN_SUN}: 0.0026908 tCO2e/L"),
        (Category.VEHICLE_FUEL, "diesel", "1000 litre", "2626.5", f"{UN_SUN}: 0.0026265 tCO2e/L"),
        (Category.VEHICLE_FUEL, "petrol", "1000 litre", "2271.8", f"{UN_SUN}: 0.0022718 tCO2e/L"),
        (Category.HEATING_FUEL, "heating_oil", "1000 litre", "2493.9", f"{UN_SUN}: 0.0024939 tCO2e/L"),
        (Category.HEATING_FUEL, "natural_gas", "1000 m3", "1889.5", f"{UN_SUN}: 0.0018895 tCO2e/m3"),
        (Category.RAIL_TRAVEL, "train", "1000 passenger_km", "115.2", f"{UN_SUN}: 0.0001152 tCO2e/km"),
        # Four transfers of 20 km a round trip, by the same document.
        (Category.TAXI_TRAVEL, "taxi", "80 km", "11.76", f"{UN_SUN}: 0.000147 tCO2e/km x 20 km x 4"),
    ],
)
def test_the_un_factors_give_the_published_emissions(
    category: Category, key: str, amount: str, published_kg: str, citation: str
) -> None:
    value, unit = amount.split()
    found = emissions(category, key, value, unit, place=NOWHERE_NEARER, year=2024, gwp_set="AR5")

    assert found.co2e_kg == Decimal(published_kg), citation


@pytest.mark.parametrize(
    ("key", "co2e", "co2", "ch4_as_co2e", "n2o_as_co2e"),
    [
        ("average", "0.10377", "0.1029", "0.00001", "0.00086"),
        ("economy", "0.07948", "0.0788", "0.00001", "0.00067"),
        ("premium_economy", "0.12716", "0.12609", "0.00001", "0.00106"),
        ("business", "0.23047", "0.22853", "0.00002", "0.00192"),
        ("first", "0.31789", "0.31522", "0.00002", "0.00265"),
    ],
)
def test_the_parts_of_a_uk_air_travel_factor_make_its_published_whole(
    key: str, co2e: str, co2: str, ch4_as_co2e: str, n2o_as_co2e: str
) -> None:
    citation = f"{DESNZ} 2024, business travel - air, international to/from non-UK, without RF"

    found = emissions(Category.AIR_TRAVEL, key, "1", "passenger_km", place=NOWHERE_NEARER, year=2024, gwp_set="AR5")

    assert found.co2e_kg == Decimal(co2e), citation
    assert Decimal(co2) + Decimal(ch4_as_co2e) + Decimal(n2o_as_co2e) == found.co2e_kg, citation
    parts = GwpSet.named("AR5").co2e_kg(found.kg_by_gas)
    assert abs(parts - Decimal(co2e)) < Decimal("1e-25"), citation
    assert found.kg_by_gas["CO2"] == Decimal(co2), citation


@pytest.mark.parametrize(
    ("key", "year", "published"),
    [
        ("average", 2019, "0.09558"),
        ("economy", 2019, "0.0732"),
        ("business", 2020, "0.21348"),
        ("average", 2022, "0.09708"),
        ("economy", 2025, "0.06449"),
        ("business", 2025, "0.18701"),
    ],
)
def test_a_flight_takes_the_uk_factor_of_its_own_year(key: str, year: int, published: str) -> None:
    citation = f"{DESNZ} {year}, business travel - air, international to/from non-UK, without RF"
    gwp_set = "AR5" if year >= 2023 else "AR4"

    found = emissions(Category.AIR_TRAVEL, key, "1", "passenger_km", place=NOWHERE_NEARER, year=year, gwp_set=gwp_set)

    assert abs(found.co2e_kg - Decimal(published)) <= Decimal("0.000005"), citation


@pytest.mark.parametrize(
    ("blend", "ar4", "ar5", "ar6"),
    [
        # Computed from composition, as printed in openscm-units 0.6.3 mixtures x the reports' figures.
        ("R-410A", "2087.5", "1923.5", "2255.5"),
        ("R-404A", "3921.6", "3942.8", "4728"),
        ("R-407C", "1773.85", "1624.21", "1907.93"),
        ("R-507A", "3985", "3985", "4775"),
    ],
)
def test_a_refrigerant_blend_weighs_what_its_composition_gives(blend: str, ar4: str, ar5: str, ar6: str) -> None:
    assert [GwpSet.named(name).gwp(blend) for name in ("AR4", "AR5", "AR6")] == [Decimal(x) for x in (ar4, ar5, ar6)]


def test_r_410a_is_printed_by_the_epa_as_its_composition_rounded() -> None:
    # EPA Hub 2025, table 12 (IPCC AR5): R-410A, 50 % HFC-32 and 50 % HFC-125, 1 924.
    assert abs(GwpSet.named("AR5").gwp("R-410A") - Decimal(1924)) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("gas", "ar4", "ar5", "ar6"),
    [
        ("CH4", "25", "28", "27.9"),
        ("N2O", "298", "265", "273"),
        ("SF6", "22800", "23500", "25200"),
        ("HFC-134a", "1430", "1300", "1530"),
        ("HCFC-22", "1810", "1760", "1960"),
    ],
)
def test_a_gas_weighs_what_each_report_of_the_ipcc_says(gas: str, ar4: str, ar5: str, ar6: str) -> None:
    # AR4 WG I table 2.14; AR5 WG I table 8.A.1; AR6 WG I table 7.SM.7.
    assert [GwpSet.named(name).gwp(gas) for name in ("AR4", "AR5", "AR6")] == [Decimal(x) for x in (ar4, ar5, ar6)]


def test_diesel_by_the_gallon_is_the_epa_figure_by_the_litre() -> None:
    # EPA Hub 2025, table 1: distillate fuel oil no. 2, 10.21 kg CO2 per US gallon; in the method note, 2.697 kg/L.
    litres = Quantity(Decimal(1), Unit.US_GALLON).to(Unit.LITRE)

    kg_per_litre = Decimal("10.21") / litres.value

    assert abs(kg_per_litre - Decimal("2.697")) <= Decimal("0.0005"), EPA_HUB


def test_new_york_electricity_is_the_epa_figure_by_the_megawatt_hour() -> None:
    # EPA Hub 2025, table 6, subregion NYCW, total output: 974.656 lb CO2, 0.025 lb CH4, 0.003 lb N2O per MWh.
    new_york = Place(country="USA", grid="US-NYCW")

    found = emissions(Category.GRID_ELECTRICITY, "grid", "1", "MWh", place=new_york, year=2024, gwp_set="AR5")

    pounds = {gas: Quantity(kg, Unit.KILOGRAM).to(Unit.POUND).value for gas, kg in found.kg_by_gas.items()}
    assert pounds == {"CO2": Decimal("974.656"), "CH4": Decimal("0.025"), "N2O": Decimal("0.003")}, EPA_HUB
    pounds_co2e = Decimal("974.656") + Decimal("0.025") * 28 + Decimal("0.003") * 265
    assert found.co2e_kg == Quantity(pounds_co2e, Unit.POUND).to(Unit.KILOGRAM).value


def test_the_new_york_factor_belongs_to_its_year() -> None:
    # EPA Hub 2024, table 6: 885.233 lb CO2 per MWh.
    new_york = Place(country="USA", grid="US-NYCW")

    found = emissions(Category.GRID_ELECTRICITY, "grid", "1", "MWh", place=new_york, year=2023, gwp_set="AR5")

    assert Quantity(found.kg_by_gas["CO2"], Unit.KILOGRAM).to(Unit.POUND).value == Decimal("885.233")


@pytest.mark.parametrize(
    ("country", "published_g"),
    [("KEN", "84.83"), ("ITA", "287.75"), ("THA", "555.43"), ("SSD", "610.17"), ("XKX", "958.72"), ("CAF", "0")],
)
def test_a_national_grid_takes_embers_average(country: str, published_g: str) -> None:
    # Ember yearly electricity data, emissions intensity, g CO2e per kWh; the Central African Republic's 0 is a figure.
    place = Place(country=country, grid=None)

    found = emissions(Category.GRID_ELECTRICITY, "grid", "1000", "kWh", place=place, year=2024, gwp_set="AR5")

    assert found.co2e_kg == Decimal(published_g)
    assert "life-cycle" in found.coefficient.explanation


@pytest.mark.parametrize(
    ("origin", "destination", "published_km"),
    [
        # geopy 2.5.0 great_circle (R = 6371.009 km) over airportsdata coordinates.
        ("JFK", "NBO", "11837.0"),
        ("JFK", "GVA", "6201.2"),
        ("GVA", "NBO", "6087.4"),
        ("SCL", "JFK", "8237.8"),
    ],
)
def test_the_great_circle_between_two_airports_is_the_known_one(
    origin: str, destination: str, published_km: str
) -> None:
    distance_km = great_circle_km(airports()[origin], airports()[destination])

    assert abs(distance_km - Decimal(published_km)) <= Decimal("0.1")


def test_a_mission_to_new_york_and_back_is_worked_out_by_hand() -> None:
    # 11 837.0 km x 1 passenger x 2 legs x 0.07948 kg CO2e per passenger-kilometre (DESNZ 2024, economy, without RF).
    journey = passenger_km(
        distance_km=great_circle_km(airports()["NBO"], airports()["JFK"]), passengers=1, is_return=True
    )

    found = emissions(
        Category.AIR_TRAVEL, "economy", str(journey), "passenger_km", place=NOWHERE_NEARER, year=2024, gwp_set="AR5"
    )

    assert found.co2e_kg == Decimal("1881.60952")


def test_wood_counts_its_methane_and_keeps_its_carbon_dioxide_apart() -> None:
    # 2006 IPCC Guidelines, vol. 2, table 2.4 (commercial/institutional), wood: 112 000 kg CO2, 300 kg CH4, 4 kg N2O per
    # TJ; table 1.2: 15.6 TJ/Gg. One tonne is 0.0156 TJ.
    found = emissions(Category.HEATING_FUEL, "wood", "1", "tonne", place=NOWHERE_NEARER, year=2024, gwp_set="AR5")

    assert found.biogenic_co2_kg == Decimal("1747.2")
    assert found.co2e_kg == Decimal("4.68") * 28 + Decimal("0.0624") * 265
