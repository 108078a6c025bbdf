"""Scope 2 by the market: instruments by place and year, never more than the load, and the rest by what is known."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.activity_data import Category
from inventory.domain.emission_factor import Place
from inventory.domain.instrument import Instrument, InstrumentKind
from inventory.domain.quantification import Coefficient
from inventory.domain.scope2 import Basis, Load, MarketBased, kwh_by_instrument, market_based
from quantities import Quantity, Unit
from quantities.person import Person

ANNA = Person(subject="s-anna", name="anna")
NOW = datetime(2025, 3, 1, tzinfo=UTC)
GENEVA = Place(country="CHE", grid=None)
NEW_YORK = Place(country="USA", grid="US-NYCW")
TEXAS = Place(country="USA", grid="US-ERCT")


def a_load(location_id: str = "unog", *, place: Place = GENEVA, kwh: str = "1000", co2e_kg: str = "30") -> Load:
    return Load(
        location_id=location_id, place=place, kwh=Decimal(kwh), co2e_kg=Decimal(co2e_kg), explanation="Grid average."
    )


def an_instrument(
    number: int = 1,
    *,
    market: str = "CHE",
    kwh: str = "400",
    rate: str = "0",
    year: int = 2024,
    kind: InstrumentKind = InstrumentKind.ENERGY_ATTRIBUTE_CERTIFICATE,
) -> Instrument:
    return Instrument(
        id=f"i-{number}",
        location_id="unog",
        year=year,
        kind=kind,
        market=market,
        source="wind",
        amount=Quantity(Decimal(kwh), "kWh"),
        co2e_kg_per_kwh=Decimal(rate),
        reference=f"GO-{number}",
        redeemed_on=date(2024, 12, 1),
        evidence="statement",
        recorded_by=ANNA,
        recorded_at=NOW,
        cancelled=None,
    )


def a_residual_mix(kg: str) -> Coefficient:
    return Coefficient(
        category=Category.GRID_ELECTRICITY,
        key="residual_mix",
        unit=Unit.KILOWATT_HOUR,
        kg_per_unit_by_gas={"CO2e": Decimal(kg)},
        co2e_kg_per_unit=Decimal(kg),
        biogenic_co2_kg_per_unit=Decimal(0),
        factor_id="aib",
        factor_release="aib-2024",
        gwp_set="AR5",
        explanation="Residual mix of CHE.",
        is_optional=False,
    )


def by_market(loads: list[Load], instruments: list[Instrument], *, residual: str | None = None) -> MarketBased:
    return market_based(
        loads,
        instruments=instruments,
        year=2024,
        residual_mix=lambda _: None if residual is None else a_residual_mix(residual),
    )


@pytest.mark.parametrize(
    ("instruments", "residual", "co2e_kg", "excess_kwh"),
    [
        # Nothing bought: the location-based figure, to the last digit.
        ([], None, "30", []),
        ([], "0.05", "50", []),
        ([an_instrument()], None, "18", []),
        ([an_instrument()], "0.05", "30", []),
        ([an_instrument(rate="0.01")], "0.05", "34", []),
        ([an_instrument(kwh="1000")], "0.05", "0", []),
        ([an_instrument(kwh="1200")], "0.05", "0", ["200"]),
        ([an_instrument(1, kwh="700"), an_instrument(2, kwh="700")], None, "0", ["400"]),
        # Another market, another year.
        ([an_instrument(market="NOR")], None, "30", ["400"]),
        ([an_instrument(year=2023)], None, "30", []),
        ([an_instrument().cancel(reason="sold on", by=ANNA, at=NOW)], None, "30", []),
    ],
)
def test_instruments_cover_the_load_of_their_market_and_year(
    instruments: list[Instrument], residual: str | None, co2e_kg: str, excess_kwh: list[str]
) -> None:
    found = by_market([a_load()], instruments, residual=residual)

    assert found.co2e_kg == Decimal(co2e_kg)
    assert [item.kwh for item in found.excess] == [Decimal(kwh) for kwh in excess_kwh]


def test_each_part_says_what_it_rests_on() -> None:
    covered, residual = by_market([a_load()], [an_instrument()], residual="0.05").parts
    (average,) = by_market([a_load()], []).parts
    (excess,) = by_market([a_load()], [an_instrument(kwh="1200")]).excess

    assert [part.basis for part in (covered, residual, average)] == [
        Basis.INSTRUMENT,
        Basis.RESIDUAL_MIX,
        Basis.LOCATION_BASED,
    ]
    assert covered.instrument_id == "i-1"
    assert covered.explanation == (
        "400 kWh covered by the energy_attribute_certificate GO-1 (wind, CHE, 2024): 0 kgCO2e per kWh."
    )
    assert residual.explanation == "600 kWh covered by no instrument, by the residual mix. Residual mix of CHE."
    assert "no residual mix is known there" in average.explanation
    assert average.explanation.endswith("Grid average.")
    assert "200 of 1200 kWh" in excess.explanation
    assert "1000 kWh in CHE in 2024" in excess.explanation


def test_an_instrument_of_a_grid_covers_that_grid_and_goes_before_its_country_s() -> None:
    loads = [
        a_load("a-hq", place=NEW_YORK, kwh="100", co2e_kg="40"),
        a_load("b-austin", place=TEXAS, kwh="100", co2e_kg="50"),
    ]
    bought = [an_instrument(1, market="USA", kwh="100"), an_instrument(2, market="US-NYCW", kwh="100")]

    found = by_market(loads, bought)

    assert found.co2e_kg == 0
    assert {(part.location_id, part.instrument_id) for part in found.parts} == {("a-hq", "i-2"), ("b-austin", "i-1")}


def test_the_most_specific_kind_is_used_first() -> None:
    bought = [
        an_instrument(1, kwh="1000", rate="0.02", kind=InstrumentKind.GREEN_TARIFF),
        an_instrument(2, kwh="600", rate="0", kind=InstrumentKind.POWER_PURCHASE_AGREEMENT),
        an_instrument(3, kwh="100", rate="0.5"),
    ]

    found = by_market([a_load()], bought)

    assert [(part.instrument_id, part.kwh) for part in found.parts] == [("i-3", 100), ("i-2", 600), ("i-1", 300)]
    assert found.co2e_kg == Decimal(56)


_kwh = st.decimals(min_value=1, max_value=10**6, places=2)
_places = st.sampled_from([GENEVA, NEW_YORK, TEXAS])
_loads = st.lists(st.tuples(_places, _kwh), max_size=5)
_bought = st.lists(st.tuples(st.sampled_from(["CHE", "USA", "US-NYCW", "NOR"]), _kwh), max_size=5)


@given(loads=_loads, bought=_bought)
def test_every_kwh_is_counted_once_and_nothing_is_covered_twice(
    loads: list[tuple[Place, Decimal]], bought: list[tuple[str, Decimal]]
) -> None:
    found = by_market(
        [a_load(f"l-{number}", place=place, kwh=f"{kwh:f}") for number, (place, kwh) in enumerate(loads)],
        [an_instrument(number, market=market, kwh=f"{kwh:f}") for number, (market, kwh) in enumerate(bought)],
    )

    used = sum((part.kwh for part in found.parts if part.instrument_id is not None), start=Decimal(0))
    assert sum((part.kwh for part in found.parts), start=Decimal(0)) == sum(kwh for _, kwh in loads)
    assert used + sum(item.kwh for item in found.excess) == sum(kwh for _, kwh in bought)
    for number, (place, kwh) in enumerate(loads):
        here = [part for part in found.parts if part.location_id == f"l-{number}"]
        assert sum(part.kwh for part in here) == kwh
        markets = {bought[int(part.instrument_id[2:])][0] for part in here if part.instrument_id is not None}
        assert markets <= {place.country, place.grid}


def test_an_instrument_of_a_part_covers_that_part_alone() -> None:
    loads = [a_load("unog", kwh="1000"), a_load("unog-annex", kwh="100")]
    found = market_based(
        loads, instruments=[an_instrument()], year=2024, residual_mix=lambda _: None,
        sites={"i-1": {"unog-annex", "unog-annex-shed"}},
    )  # fmt: skip

    covered = [(part.location_id, part.kwh) for part in found.parts if part.basis == Basis.INSTRUMENT]
    assert covered == [("unog-annex", 100)]
    (excess,) = found.excess
    assert excess.kwh == 300
    assert "300 of 400 kWh" in excess.explanation
    assert "which is 100 kWh in CHE" in excess.explanation


@pytest.mark.parametrize(
    ("elsewhere", "covered", "excess"), [("150", 250, None), ("400", None, None), ("0", 400, None)]
)
def test_what_counts_in_another_inventory_does_not_count_here(
    elsewhere: str, covered: int | None, excess: int | None
) -> None:
    found = market_based(
        [a_load()], instruments=[an_instrument()], year=2024, residual_mix=lambda _: None,
        elsewhere={"i-1": Decimal(elsewhere)},
    )  # fmt: skip

    kwh = [part.kwh for part in found.parts if part.basis == Basis.INSTRUMENT]
    assert kwh == ([] if covered is None else [covered])
    assert [item.kwh for item in found.excess] == ([] if excess is None else [excess])
    assert sum(part.kwh for part in found.parts) == 1000


def test_kwh_of_one_instrument_are_summed_to_their_last_digit() -> None:
    # 15 digits before the point and 20 after it are what a line may have: more than the 28 that Python adds with.
    many, few = Decimal("123456789012345.00000000000000000001"), Decimal("0.00000000000000000002")

    assert kwh_by_instrument([("a", many), ("b", few), ("a", few)]) == {
        "a": Decimal("123456789012345.00000000000000000003"),
        "b": few,
    }
