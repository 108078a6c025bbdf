"""What has a formula, or is taken as given, is quantified without the catalogue; editions say what is apart."""

from datetime import date
from decimal import Decimal

import pytest

from inventory.domain.activity_data import ActivityData, Category, DataQuality, Period, SourceRow, Stated
from inventory.domain.edition import CURRENT, MethodEdition
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import FactorMissing, MethodEditionUnknown
from inventory.domain.inventory import Line, total
from inventory.domain.quantification import Coefficient, quantify, resolve_coefficient
from quantities import GasNotInGwpSet, GwpSet, Quantity, Unit, UnitsNotConvertible

AR4, AR5, AR6 = GwpSet.named("AR4"), GwpSet.named("AR5"), GwpSet.named("AR6")
NAIROBI = Place(country="KEN", grid=None)
YEAR = Period(start=date(2024, 1, 1), end=date(2025, 1, 1))
EARLY = MethodEdition.named("un-2008")


def a_coefficient(
    category: Category,
    key: str,
    unit: Unit = Unit.KILOGRAM,
    *,
    gwp_set: GwpSet = AR5,
    edition: MethodEdition = CURRENT,
) -> Coefficient | None:
    return resolve_coefficient(
        category=category,
        key=key,
        unit=unit,
        place=NAIROBI,
        period=YEAR,
        catalogue=Catalogue.of([]),
        gwp_set=gwp_set,
        edition=edition,
    )


@pytest.mark.parametrize(
    ("key", "gwp_set", "co2e"),
    [
        # GWP of the blends by their composition: IPCC AR4 table 2.14, AR5 table 8.A.1, AR6 table 7.SM.7.
        ("R-410A/operation", AR4, "2087.5"),
        ("R-410A/installation", AR5, "1923.5"),
        ("R-410A/disposal", AR6, "2255.5"),
        ("R-404A/operation", AR5, "3942.8"),
        ("R-407C/operation", AR5, "1624.21"),
        ("R-507A/operation", AR4, "3985"),
        ("HCFC-22/operation", AR5, "1760"),
        ("HFC-134a", AR5, "1300"),
    ],
)
def test_a_kilogram_leaked_counts_by_its_composition(key: str, gwp_set: GwpSet, co2e: str) -> None:
    coefficient = a_coefficient(Category.REFRIGERANT, key, gwp_set=gwp_set)

    assert coefficient is not None
    assert coefficient.co2e_kg_per_unit == Decimal(co2e)
    assert sum(coefficient.kg_per_unit_by_gas.values()) == 1


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("R-410A/installation", "less its full charge"),
        ("R-410A/operation", "leaked as topped up"),
        ("R-410A/disposal", "less what was recovered"),
        ("R-410A", "leaked as topped up"),
    ],
)
def test_a_refrigerant_says_in_which_phase_it_leaked(key: str, said: str) -> None:
    coefficient = a_coefficient(Category.REFRIGERANT, key)

    assert coefficient is not None
    assert said in coefficient.explanation
    assert "50 % HFC-32 + 50 % HFC-125" in coefficient.explanation


@pytest.mark.parametrize(
    ("gas", "edition", "optional"),
    [
        ("HCFC-22", CURRENT, False),
        ("HCFC-22", EARLY, True),
        ("CFC-12", EARLY, True),
        ("R-401A", EARLY, True),
        ("R-410A", EARLY, False),
        ("HFC-134a", EARLY, False),
    ],
)
def test_gases_of_the_montreal_protocol_are_counted_by_the_edition(
    gas: str, edition: MethodEdition, *, optional: bool
) -> None:
    coefficient = a_coefficient(Category.REFRIGERANT, f"{gas}/operation", edition=edition)

    assert coefficient is not None
    assert coefficient.is_optional is optional
    assert (edition.name in coefficient.explanation) is optional


@pytest.mark.parametrize(("edition", "counted", "apart"), [(CURRENT, "3520", "0"), (EARLY, "0", "3520")])
def test_a_total_follows_the_edition(edition: MethodEdition, counted: str, apart: str) -> None:
    topped_up = ActivityData(
        location_id="unon",
        category=Category.REFRIGERANT,
        item="HCFC-22",
        treatment=None,
        period=YEAR,
        amount=Quantity(Decimal(2), "kg"),
        flight=None,
        quality=DataQuality.MEASURED,
        note=None,
        source=SourceRow(sheet="Data", row=2),
        stated=Stated(form="operation", key="HCFC-22/operation", inputs=(("phase", "operation"),)),
    )

    found = quantify(topped_up, place=NAIROBI, catalogue=Catalogue.of([]), gwp_set=AR5, edition=edition)
    totals = total([Line(activity=topped_up, quantification=found)])

    assert (totals.co2e_kg, totals.optional_co2e_kg) == (Decimal(counted), Decimal(apart))
    assert topped_up.key == "HCFC-22/operation"
    assert topped_up.details == {"form": "operation", "phase": "operation"}


def test_an_edition_is_found_by_its_name_or_refused() -> None:
    assert MethodEdition.named(CURRENT.name) is CURRENT
    with pytest.raises(MethodEditionUnknown) as caught:
        MethodEdition.named("un-1066")

    assert (caught.value.code, caught.value.found) == ("METHOD_EDITION_UNKNOWN", "un-1066")


def test_a_figure_of_icao_is_taken_as_given_and_says_its_version() -> None:
    coefficient = a_coefficient(Category.AIR_TRAVEL, "icao/5.0.8")

    assert coefficient is not None
    assert coefficient.kg_per_unit_by_gas == {"CO2": Decimal(1)}
    assert coefficient.co2e_kg_per_unit == 1
    assert (coefficient.factor_id, coefficient.factor_release) == ("icao:5.0.8", "icao-5.0.8")
    assert "version 5.0.8" in coefficient.explanation
    assert coefficient.scope == 3


def test_methane_of_measured_wastewater_is_counted_by_its_gwp_and_kept_apart() -> None:
    coefficient = a_coefficient(Category.WASTEWATER, "septic_system/ch4")

    assert coefficient is not None
    assert (coefficient.kg_per_unit_by_gas, coefficient.co2e_kg_per_unit) == ({"CH4": Decimal(1)}, Decimal(28))
    assert coefficient.is_optional


def test_nitrous_oxide_of_measured_nitrogen_is_the_ipcc_default() -> None:
    # IPCC 2006 Guidelines, volume 5, chapter 6, equation 6.7: 0.005 kg N2O-N per kg N, 44/28 kg N2O per kg N2O-N.
    coefficient = a_coefficient(Category.WASTEWATER, "effluent/nitrogen")

    assert coefficient is not None
    assert round(coefficient.kg_per_unit_by_gas["N2O"] * 1000, 4) == Decimal("7.8571")
    assert round(coefficient.co2e_kg_per_unit, 4) == Decimal("2.0821")


def test_a_formula_is_per_unit_of_the_activity() -> None:
    coefficient = a_coefficient(Category.REFRIGERANT, "HFC-134a/operation", Unit.POUND)

    assert coefficient is not None
    assert coefficient.co2e_kg_per_unit == Decimal("589.670081")


@pytest.mark.parametrize(
    ("category", "key", "unit", "refusal"),
    [
        (Category.REFRIGERANT, "R-9999/operation", Unit.KILOGRAM, GasNotInGwpSet),
        (Category.REFRIGERANT, "R-410A/operation", Unit.LITRE, UnitsNotConvertible),
        (Category.AIR_TRAVEL, "icao/5.0.8", Unit.PASSENGER_KILOMETRE, UnitsNotConvertible),
        (Category.AIR_TRAVEL, "economy", Unit.PASSENGER_KILOMETRE, FactorMissing),
        (Category.PURCHASED_HEAT, "steam", Unit.KILOWATT_HOUR, FactorMissing),
        (Category.VEHICLE_DISTANCE, "car_average", Unit.KILOMETRE, FactorMissing),
    ],
)
def test_what_has_neither_formula_nor_factor_is_refused(
    category: Category, key: str, unit: Unit, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        a_coefficient(category, key, unit)


def test_own_renewables_have_no_emission_rather_than_a_missing_factor() -> None:
    assert a_coefficient(Category.ON_SITE_RENEWABLES, "solar", Unit.KILOWATT_HOUR) is None
