"""The nearest factor that holds for all of the period is chosen, and the choice explains itself."""

from datetime import date
from decimal import Decimal

import pytest

from inventory.catalogue import emission_factors
from inventory.domain.activity_data import Category, Period
from inventory.domain.emission_factor import Catalogue, Place, parse_catalogue
from inventory.domain.errors import CatalogueMalformed, FactorMissing
from quantities import Unit, UnitsNotConvertible

HEADER = (
    "id,release,category,key,place,valid_from,valid_to,unit,gases_stated_in,co2,ch4,n2o,co2e,biogenic_co2,gwp_set,"
    "published_as,publisher,document,table,year,licence,status"
)
COUNTRIES = ("KEN", "LBN", "SOM", "SSD", "ITA", "CHE", "AUT", "ETH", "CHL", "THA", "COD", "CAF", "MLI", "CYP")
NEW_YORK = Place(country="USA", grid="US-NYCW")
YEAR = Period(start=date(2024, 1, 1), end=date(2025, 1, 1))


def a_line(
    *,
    name: str = "a",
    place: str = "default",
    valid: tuple[int, int] = (2024, 2025),
    unit: str = "kWh",
    gases: str = ",,,",
    co2e: str = "1",
) -> str:
    return (
        f"{name},r,grid_electricity,grid,{place},{valid[0]}-01-01,{valid[1]}-01-01,{unit},{gases},{co2e},,AR5,"
        "1 kg,Publisher,Document,Table 1,2024,Licence,published"
    )


def a_catalogue(*lines: str) -> Catalogue:
    return parse_catalogue([HEADER, *lines])


def chosen(catalogue: Catalogue, *, unit: Unit = Unit.KILOWATT_HOUR, place: Place = NEW_YORK) -> str:
    return catalogue.choose(
        category=Category.GRID_ELECTRICITY, key="grid", unit=unit, place=place, period=YEAR
    ).factor.id


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("default", "USA", "US-NYCW"), "US-NYCW"),
        (("default", "USA"), "USA"),
        (("default",), "default"),
        (("US-NYCW", "KEN"), "US-NYCW"),
    ],
)
def test_the_nearest_place_is_chosen(places: tuple[str, ...], expected: str) -> None:
    assert chosen(a_catalogue(*(a_line(name=place, place=place) for place in places))) == expected


FALLBACK = ("US-NYCW", "USA", "North America", "default")


@pytest.mark.parametrize("first", range(len(FALLBACK)))
def test_the_order_of_fallback_is_subregion_country_region_anywhere(first: int) -> None:
    """With factors from each place on, that place's is chosen, and all nearer ones were tried."""
    place = Place(country="USA", grid="US-NYCW", region="North America")
    catalogue = a_catalogue(*(a_line(name=name, place=name) for name in FALLBACK[first:]))

    found = catalogue.look_up(
        category=Category.GRID_ELECTRICITY, key="grid", unit=Unit.KILOWATT_HOUR, place=place, period=YEAR
    )

    assert [step.place for step in found.tried] == list(FALLBACK[: first + 1])
    assert found.factor is not None
    assert found.factor.id == FALLBACK[first]
    nearer = " or ".join(FALLBACK[:first])
    assert (f"as there is none for {nearer}:" in found.explanation) is bool(nearer)


def test_at_one_place_the_order_of_the_releases_holds_and_the_choice_says_what_comes_after() -> None:
    lines = [a_line(name="a", place="USA").replace("a,r,", "a,r1,"), a_line(name="b", place="USA")]
    factors = [*parse_catalogue([HEADER, lines[0]]).factors, *parse_catalogue([HEADER, lines[1]]).factors]
    for releases, expected, beside in ((("r1", "r"), "a", "r"), (("r", "r1"), "b", "r1")):
        choice = Catalogue.of(factors, edition="e", releases=releases).choose(
            category=Category.GRID_ELECTRICITY, key="grid", unit=Unit.KILOWATT_HOUR, place=NEW_YORK, period=YEAR
        )
        assert choice.factor.id == expected
        assert choice.explanation.endswith(f" Edition e, release {releases[0]}, before {beside}.")
    with pytest.raises(CatalogueMalformed):
        Catalogue.of(factors)


def test_a_choice_says_which_places_had_none() -> None:
    choice = a_catalogue(a_line(place="USA")).choose(
        category=Category.GRID_ELECTRICITY, key="grid", unit=Unit.KILOWATT_HOUR, place=NEW_YORK, period=YEAR
    )

    assert choice.explanation == (
        "Factor for USA, as there is none for US-NYCW: Publisher, Document, Table 1, 2024 (1 kg)."
    )


@pytest.mark.parametrize(
    ("period", "found"),
    [
        (Period(start=date(2024, 1, 1), end=date(2025, 1, 1)), True),
        (Period(start=date(2024, 12, 31), end=date(2025, 1, 1)), True),
        (Period(start=date(2024, 12, 31), end=date(2025, 1, 2)), False),
        (Period(start=date(2023, 12, 31), end=date(2024, 1, 2)), False),
    ],
)
def test_a_factor_holds_for_the_whole_period_or_not_at_all(period: Period, *, found: bool) -> None:
    factor = a_catalogue(a_line()).factors[0]

    assert factor.holds_for(period) is found


def test_the_turns_of_an_activity_are_the_days_on_which_another_factor_may_hold() -> None:
    catalogue = a_catalogue(a_line(valid=(2023, 2025)), a_line(name="b", place="KEN", valid=(2024, 2025)))

    assert catalogue.turns(category=Category.GRID_ELECTRICITY, key="grid") == (
        date(2023, 1, 1),
        date(2024, 1, 1),
        date(2025, 1, 1),
    )
    assert catalogue.turns(category=Category.GRID_ELECTRICITY, key="other") == ()


def test_a_missing_factor_is_refused_naming_what_was_sought() -> None:
    with pytest.raises(FactorMissing) as caught:
        chosen(a_catalogue(a_line(place="KEN"), a_line(place="USA", valid=(2020, 2024))))

    assert caught.value.code == "FACTOR_MISSING"
    assert caught.value.expected == "grid_electricity, grid, from 2024-01-01 to 2025-01-01, in US-NYCW, USA, default"


def test_a_factor_of_0_is_a_figure() -> None:
    catalogue = a_catalogue(a_line(name="zero", place="USA", co2e="0"), a_line(name="other"))

    assert chosen(catalogue) == "zero"
    assert catalogue.factors[0].co2e_kg == 0


def test_a_factor_in_a_unit_that_fits_is_chosen_and_none_such_is_refused() -> None:
    catalogue = a_catalogue(a_line(name="by-litre", unit="litre"), a_line(name="by-net-energy", unit="GJ_net"))

    assert chosen(catalogue, unit=Unit.KILOWATT_HOUR_NET) == "by-net-energy"
    with pytest.raises(UnitsNotConvertible) as caught:
        chosen(catalogue, unit=Unit.KILOWATT_HOUR)
    assert (caught.value.found, caught.value.expected) == ("kWh", "litre, GJ_net")


@pytest.mark.parametrize(
    ("lines", "subject"),
    [
        ([a_line().replace("grid_electricity", "sunshine")], "line 2"),
        ([a_line(), a_line(place="KEN", unit="ton")], "line 3"),
        ([a_line(co2e="")], "line 2"),
        ([a_line(co2e="much")], "line 2"),
        ([a_line(gases="furlongs,1,,")], "line 2"),
        ([a_line(valid=(2024, 2024))], "line 2"),
        ([a_line(name="a"), a_line(name="b", valid=(2023, 2026), unit="MWh")], "b"),
    ],
)
def test_a_catalogue_that_cannot_be_read_is_refused_naming_the_line(lines: list[str], subject: str) -> None:
    with pytest.raises(CatalogueMalformed) as caught:
        a_catalogue(*lines)

    assert caught.value.subject == subject


def test_gases_stated_as_co2e_are_turned_into_masses_by_the_publishers_own_gwps() -> None:
    factor = a_catalogue(a_line(gases="kgCO2e,2,0.28,0.53", co2e="2.81")).factors[0]

    assert factor.kg_by_gas == {"CO2": Decimal(2), "CH4": Decimal("0.01"), "N2O": Decimal("0.002")}
    assert factor.co2e_kg == Decimal("2.81")


def test_the_shipped_catalogue_is_cited_and_without_doubles() -> None:
    factors = emission_factors().factors

    assert len(factors) > 1000
    assert len({factor.id for factor in factors}) == len(factors)
    for factor in factors:
        assert all((factor.publisher, factor.document, factor.table, factor.licence, factor.published_as)), factor.id
        assert factor.valid_from < factor.valid_to, factor.id
        assert factor.status in {"published", "life_cycle", "proxy", "regional"}, factor.id


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_shipped_catalogue_knows_the_grids_of_the_duty_stations(country: str) -> None:
    choice = emission_factors().choose(
        category=Category.GRID_ELECTRICITY,
        key="grid",
        unit=Unit.KILOWATT_HOUR,
        place=Place(country=country, grid=country),
        period=YEAR,
    )

    assert choice.factor.place == country
    assert choice.factor.status == "life_cycle"
