"""Emissions of an activity: one rule, whether row by row or by coefficient."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.catalogue import emission_factors
from inventory.domain.activity_data import ActivityData, Category, DataQuality, Period, SourceRow
from inventory.domain.emission_factor import Catalogue, Place, parse_catalogue
from inventory.domain.errors import AmountNegative, FactorMissing, PeriodEndsBeforeStart
from inventory.domain.quantification import Coefficient, quantify, resolve_coefficient
from quantities import GasNotInGwpSet, GwpSet, Quantity, Unit, UnitsNotConvertible

AR4, AR5 = GwpSet.named("AR4"), GwpSet.named("AR5")
HEADER = (
    "id,release,category,key,place,valid_from,valid_to,unit,gases_stated_in,co2,ch4,n2o,co2e,biogenic_co2,gwp_set,"
    "published_as,publisher,document,table,year,licence,status"
)
NAIROBI = Place(country="KEN", grid=None)
YEAR = Period(start=date(2024, 1, 1), end=date(2025, 1, 1))
amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**9, places=4)


def an_activity(
    *, category: Category = Category.GENERATOR_FUEL, item: str = "diesel", amount: str = "100", unit: str = "litre"
) -> ActivityData:
    return ActivityData(
        location_id="unon",
        category=category,
        item=item,
        treatment=None,
        period=YEAR,
        amount=Quantity(Decimal(amount), unit),
        flight=None,
        quality=DataQuality.MEASURED,
        note=None,
        source=SourceRow(sheet="Data", row=2),
    )


def a_coefficient(
    category: Category,
    key: str,
    unit: Unit,
    *,
    catalogue: Catalogue | None = None,
    gwp_set: GwpSet = AR5,
    place: Place = NAIROBI,
) -> Coefficient | None:
    return resolve_coefficient(
        category=category,
        key=key,
        unit=unit,
        place=place,
        period=YEAR,
        catalogue=catalogue or emission_factors(),
        gwp_set=gwp_set,
    )


def a_catalogue(*, gases: str, co2e: str, gwp_set: str) -> Catalogue:
    return parse_catalogue(
        [
            HEADER,
            f"f,r,vehicle_fuel,diesel,default,2024-01-01,2025-01-01,litre,{gases},{co2e},,{gwp_set},x,P,D,T,2024,L,published",
        ]
    )


@given(amount=amounts)
def test_a_row_and_a_coefficient_give_the_same_figure(amount: Decimal) -> None:
    activity = an_activity(
        category=Category.AIR_TRAVEL, item="business", amount=str(amount), unit=Unit.PASSENGER_KILOMETRE
    )
    coefficient = a_coefficient(Category.AIR_TRAVEL, "business", Unit.PASSENGER_KILOMETRE)

    found = quantify(activity, place=NAIROBI, catalogue=emission_factors(), gwp_set=AR5)

    assert found is not None
    assert coefficient is not None
    assert found.co2e_kg == coefficient.co2e_kg_per_unit * amount
    assert found.coefficient == coefficient


@pytest.mark.parametrize(("unit", "kg"), [(Unit.KILOWATT_HOUR, "0.08483"), (Unit.MEGAWATT_HOUR, "84.83")])
def test_a_coefficient_is_per_unit_of_the_activity(unit: Unit, kg: str) -> None:
    coefficient = a_coefficient(Category.GRID_ELECTRICITY, "grid", unit)

    assert coefficient is not None
    assert (coefficient.co2e_kg_per_unit, coefficient.scope, coefficient.unit) == (Decimal(kg), 2, unit)


def test_a_factor_that_is_co2e_alone_is_marked_as_not_split_by_gas() -> None:
    coefficient = a_coefficient(Category.GENERATOR_FUEL, "diesel", Unit.LITRE)

    assert coefficient is not None
    assert coefficient.kg_per_unit_by_gas == {"CO2e": Decimal("2.6908")}
    assert "not split by gas" in coefficient.explanation


@pytest.mark.parametrize(
    ("gases", "co2e", "published_with", "quantified_with", "expected"),
    [
        # As published, where the sets agree: the publisher's own rounding stands.
        ("kg,2,0.01,0.002", "2.8", "AR5", AR5, "2.8"),
        ("kg,2,0.01,0.002", "2.8", "AR5", AR4, "2.846"),
        ("kg,2,0.01,0.002", "", "", AR5, "2.81"),
        (",,,", "2.8", "AR5", AR4, "2.8"),
    ],
)
def test_co2e_follows_the_gwp_set_where_the_gases_are_known(
    gases: str, co2e: str, published_with: str, quantified_with: GwpSet, expected: str
) -> None:
    catalogue = a_catalogue(gases=gases, co2e=co2e, gwp_set=published_with)

    coefficient = a_coefficient(
        Category.VEHICLE_FUEL, "diesel", Unit.LITRE, catalogue=catalogue, gwp_set=quantified_with
    )

    assert coefficient is not None
    assert coefficient.co2e_kg_per_unit == Decimal(expected)
    assert coefficient.gwp_set == quantified_with.name


def test_a_refrigerant_is_split_into_its_gases() -> None:
    found = quantify(
        an_activity(category=Category.REFRIGERANT, item="R-410A", amount="2", unit="kg"),
        place=NAIROBI,
        catalogue=emission_factors(),
        gwp_set=AR5,
    )

    assert found is not None
    assert found.kg_by_gas == {"HFC-32": Decimal(1), "HFC-125": Decimal(1)}
    assert found.co2e_kg == Decimal(3847)
    assert found.coefficient.factor_id == "gwp:AR5:R-410A"


def test_wood_has_biogenic_carbon_dioxide_beside_its_total() -> None:
    coefficient = a_coefficient(Category.HEATING_FUEL, "wood", Unit.KILOGRAM)

    assert coefficient is not None
    assert coefficient.biogenic_co2_kg_per_unit == Decimal("1.7472")
    assert coefficient.kg_per_unit_by_gas["CO2"] == 0


def test_an_optional_source_without_a_factor_has_no_emissions_rather_than_0() -> None:
    assert a_coefficient(Category.WASTE, "medical/incineration", Unit.KILOGRAM) is None
    assert a_coefficient(Category.WASTE, "food/landfill", Unit.KILOGRAM) is not None


@pytest.mark.parametrize(
    ("category", "key", "unit", "refusal"),
    [
        (Category.REFRIGERANT, "R-9999", Unit.KILOGRAM, GasNotInGwpSet),
        (Category.REFRIGERANT, "R-410A", Unit.LITRE, UnitsNotConvertible),
        (Category.GENERATOR_FUEL, "diesel", Unit.KILOWATT_HOUR, UnitsNotConvertible),
        (Category.WASTE, "food/landfill", Unit.LITRE, UnitsNotConvertible),
        (Category.GENERATOR_FUEL, "peat", Unit.LITRE, FactorMissing),
    ],
)
def test_what_cannot_be_quantified_is_refused(
    category: Category, key: str, unit: Unit, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        a_coefficient(category, key, unit)


def test_an_activity_that_cannot_be_is_not_built() -> None:
    with pytest.raises(AmountNegative) as negative:
        an_activity(amount="-1")
    with pytest.raises(PeriodEndsBeforeStart) as backwards:
        Period(start=date(2024, 1, 2), end=date(2024, 1, 2))

    assert (negative.value.code, backwards.value.code) == ("AMOUNT_NEGATIVE", "PERIOD_ENDS_BEFORE_START")


def test_a_published_uncertainty_is_on_the_coefficient_and_makes_it_another_one() -> None:
    def of(percent: str) -> Coefficient:
        row = "f,r,generator_fuel,diesel,default,2024-01-01,2025-01-01,litre,,,,,2.5,,,2.5,p,d,t,2024,l,published"
        found = a_coefficient(
            Category.GENERATOR_FUEL, "diesel", Unit.LITRE,
            catalogue=parse_catalogue([f"{HEADER},uncertainty_percent", f"{row},{percent}"]),
        )  # fmt: skip
        assert found is not None
        return found

    none, three, four = of(""), of("3"), of("4")

    assert (none.uncertainty_percent, three.uncertainty_percent) == (None, 3)
    assert len({none.id, three.id, four.id}) == 3
    assert of("3.0").id == three.id
    # Without one it keeps the id that lines had of it before factors had uncertainties.
    assert none.id == 7440670900516293156
