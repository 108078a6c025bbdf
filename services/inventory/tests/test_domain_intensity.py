"""What intensities are stated by, day by day; and the figures, or why there are none."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from inventory.domain.activity_data import Category, Period
from inventory.domain.denominator import (
    Denominator,
    DenominatorKind,
    DenominatorStatement,
    Topic,
    denominator_of,
    denominator_to_state,
)
from inventory.domain.errors import (
    DenominatorNotPositive,
    DenominatorPeriodEmpty,
    DenominatorSourceMissing,
    Refused,
)
from inventory.domain.intensity import (
    Intensity,
    IntensityGap,
    Recorded,
    generator_kwh,
    intensities,
    resource_use,
)
from inventory.domain.inventory import Totals
from inventory.domain.method import named_indicators
from quantities import Quantity
from quantities.person import Person

PERSONNEL, AREA = DenominatorKind.PERSONNEL, DenominatorKind.FLOOR_AREA
JULY = date(2024, 7, 1)
YEAR = Period(start=date(2024, 1, 1), end=date(2025, 1, 1))
GOOD = DenominatorStatement(
    id="1", location_id="unon", kind=PERSONNEL, topic=None, value=Decimal(100), valid_from=date(2024, 1, 1),
    valid_to=None, source="a survey", by=Person(subject="s", name="n"), at=datetime(2025, 1, 1, tzinfo=UTC),
)  # fmt: skip


def stated(*given: dict[str, Any]) -> list[DenominatorStatement]:
    return [replace(GOOD, id=str(number), **each) for number, each in enumerate(given)]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"value": Decimal(0)}, DenominatorNotPositive),
        ({"value": Decimal("-0.1")}, DenominatorNotPositive),
        ({"value": Decimal("NaN")}, DenominatorNotPositive),
        ({"valid_to": date(2024, 1, 1)}, DenominatorPeriodEmpty),
        ({"valid_to": date(2023, 1, 1)}, DenominatorPeriodEmpty),
        ({"source": " "}, DenominatorSourceMissing),
        # The first that applies.
        ({"value": Decimal(0), "valid_to": date(2023, 1, 1), "source": ""}, DenominatorNotPositive),
        ({"valid_to": date(2023, 1, 1), "source": ""}, DenominatorPeriodEmpty),
    ],
)
def test_a_statement_is_refused(given: dict[str, Any], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        denominator_to_state(replace(GOOD, **given))


@pytest.mark.parametrize("given", [{}, {"value": Decimal("0.5")}, {"valid_to": date(2024, 1, 2)}])
def test_a_statement_is_made(given: dict[str, Any]) -> None:
    assert denominator_to_state(replace(GOOD, **given)) == replace(GOOD, **given)


@pytest.mark.parametrize(
    ("statements", "value", "days"),
    [
        ([], None, 0),
        ([{}], "100", 366),
        ([{"valid_to": date(2025, 1, 1)}], "100", 366),
        # 2024 has 366 days: 182 up to the end of June, 184 after.
        ([{"valid_to": JULY}, {"value": Decimal(200), "valid_from": JULY}], "150.2732240437", 366),
        # A later one takes the place of the earlier one, on its days alone.
        ([{}, {"value": Decimal(200), "valid_from": JULY}], "150.2732240437", 366),
        ([{}, {"value": Decimal(50)}], "50", 366),
        ([{"value": Decimal(200), "valid_from": JULY}, {}], "100", 366),
        # One day is missing.
        ([{"valid_from": date(2024, 1, 2)}], None, 365),
        ([{"valid_to": date(2024, 12, 31)}], None, 365),
        ([{"valid_to": date(2024, 3, 1)}, {"valid_from": date(2024, 4, 1)}], None, 335),
        # Of other years, and of another kind.
        ([{"valid_to": date(2024, 1, 1), "valid_from": date(2023, 1, 1)}, {"valid_from": date(2025, 1, 1)}], None, 0),
        ([{"kind": DenominatorKind.STAFF}], None, 0),
    ],
)  # fmt: skip
def test_a_denominator_is_the_mean_over_the_days_of_the_year(
    statements: list[dict[str, Any]], value: str | None, days: int
) -> None:
    found = denominator_of(stated(*statements), kind=PERSONNEL, topic=None, period=YEAR)

    assert found.days_stated == days
    assert (None if found.value is None else round(found.value, 10)) == (None if value is None else Decimal(value))


WASTE = {"topic": Topic.WASTE, "value": Decimal(80)}


@pytest.mark.parametrize(
    ("statements", "topic", "value", "coverage"),
    [
        ([{}], Topic.WASTE, "100", "100"),
        ([{}, WASTE], Topic.WASTE, "80", "80"),
        ([WASTE, {}], Topic.WASTE, "80", "80"),
        ([{}, WASTE], Topic.WATER, "100", "100"),
        ([{}, WASTE], None, "100", "100"),
        # On the days that the topic's own leaves, the general one holds.
        ([{}, WASTE | {"valid_to": date(2024, 7, 2)}], Topic.WASTE, "90", "90"),
        # Without a general one, what it covers of the whole is not known.
        ([WASTE], Topic.WASTE, "80", None),
        ([WASTE], Topic.WATER, None, None),
    ],
)
def test_a_topic_may_cover_fewer_people(
    statements: list[dict[str, Any]], topic: Topic | None, value: str | None, coverage: str | None
) -> None:
    found = denominator_of(stated(*statements), kind=PERSONNEL, topic=topic, period=YEAR)

    assert found.value == (None if value is None else Decimal(value))
    assert found.coverage_percent == (None if coverage is None else Decimal(coverage))


def test_a_denominator_names_the_statements_that_it_is_made_of() -> None:
    found = denominator_of(
        stated({"valid_to": JULY}, {"valid_from": JULY}, {"valid_from": date(2024, 11, 1)}, WASTE),
        kind=PERSONNEL, topic=None, period=YEAR,
    )  # fmt: skip

    assert found.statement_ids == ("0", "1", "2")


def totals(**kg: str) -> Totals:
    by_category = {Category(name): Decimal(value) for name, value in kg.items()}
    by_scope: dict[int, Decimal] = {}
    for category, value in by_category.items():
        by_scope[category.scope] = by_scope.get(category.scope, Decimal(0)) + value
    return Totals(
        co2e_kg=sum(by_category.values(), start=Decimal(0)), co2e_kg_by_scope=by_scope,
        co2e_kg_by_category=by_category, kg_by_gas={}, optional_co2e_kg=Decimal(0), optional_co2e_kg_by_category={},
        biogenic_co2_kg=Decimal(0),
    )  # fmt: skip


def recorded(*rows: tuple[str, str, str]) -> list[Recorded]:
    """Category, amount and unit."""
    return [
        Recorded(
            category=Category(category),
            amount=Quantity(Decimal(amount), unit),
            without_generated=Decimal(amount),
        )
        for category, amount, unit in rows
    ]


def found_of(
    rows: Iterable[Recorded], *, personnel: str | None = "100", area: str | None = "3000", days: int = 366,
    hidden: frozenset[Category] = frozenset(), **kg: str,
) -> dict[str, Intensity]:  # fmt: skip
    def denominator(kind: DenominatorKind, topic: Topic) -> Denominator:
        value = personnel if kind == PERSONNEL else area
        return Denominator(
            kind=kind, topic=topic, value=None if value is None else Decimal(value),
            days_stated=days if value is None else 366, days=366, coverage_percent=None, statement_ids=(),
        )  # fmt: skip

    use = resource_use(rows, totals=totals(**kg), hidden=hidden)
    return {item.name: item for item in intensities(use, denominator=denominator)}


ALL = (
    ("grid_electricity", "150", "MWh"), ("on_site_renewables", "30000", "kWh"), ("purchased_heat", "36", "GJ"),
    ("purchased_cooling", "5000", "kWh"), ("generator_fuel", "1000", "litre"), ("heating_fuel", "102500", "kWh_net"),
    ("water", "490", "m3"), ("waste", "32.1", "tonne"),
)  # fmt: skip


def test_each_intensity_is_a_use_by_its_denominator() -> None:
    found = found_of(recorded(*ALL), grid_electricity="12000", refrigerant="3000", air_travel="85000")

    assert {name: (item.value, item.unit) for name, item in found.items()} == {
        "co2e_per_person": (1000, "kgCO2e/person"),
        "facilities_co2e_per_m2": (5, "kgCO2e/m2"),
        # (150,000 + 30,000 + 10,000 + 5,000 + 2,500 + 102,500) kWh: 36 GJ are 10,000, and 1000 litres make 2,500.
        "energy_per_m2": (100, "kWh/m2"),
        "electricity_per_m2": (50, "kWh/m2"),
        "electricity_per_person": (1500, "kWh/person"),
        "water_per_person": (Decimal("4.9"), "m3/person"),
        "waste_per_person": (321, "kg/person"),
    }
    assert {item.gap for item in found.values()} == {None}


@pytest.mark.parametrize(
    ("given", "name", "gap", "says"),
    [
        ({"rows": ()}, "water_per_person", IntensityGap.NO_DATA, "Nothing"),
        ({"rows": ()}, "energy_per_m2", IntensityGap.NO_DATA, "Nothing"),
        ({"rows": ()}, "co2e_per_person", IntensityGap.NO_DATA, "Nothing"),
        (
            {"personnel": None, "days": 0},
            "water_per_person",
            IntensityGap.DENOMINATOR_MISSING,
            "personnel is not stated",
        ),
        ({"personnel": None, "days": 200}, "waste_per_person", IntensityGap.COVERAGE_PARTIAL, "200 of 366 days"),
        ({"area": None, "days": 0}, "electricity_per_m2", IntensityGap.DENOMINATOR_MISSING, "floor_area"),
        ({"rows": (("heating_fuel", "1", "litre"),)}, "energy_per_m2", IntensityGap.NOT_CONVERTIBLE, "heating_fuel"),
        ({"rows": (("heating_fuel", "1", "kWh_gross"),)}, "energy_per_m2", IntensityGap.NOT_CONVERTIBLE, "kWh_gross"),
        ({"rows": (("generator_fuel", "1", "kg"),)}, "energy_per_m2", IntensityGap.NOT_CONVERTIBLE, "generator_fuel"),
        ({"hidden": frozenset({Category.HEATING_FUEL})}, "energy_per_m2", IntensityGap.RECORDS_NOT_SHOWN, None),
        ({"hidden": frozenset({Category.GENERATOR_FUEL})}, "energy_per_m2", IntensityGap.RECORDS_NOT_SHOWN, None),
        # What is missing of the use is said before what is missing of the denominator.
        ({"rows": (), "personnel": None, "days": 0}, "water_per_person", IntensityGap.NO_DATA, "Nothing"),
    ],
)
def test_an_intensity_that_there_is_not_says_why(
    given: dict[str, Any], name: str, gap: IntensityGap, says: str | None
) -> None:
    rows = recorded(*given.pop("rows", ALL))

    found = found_of(rows, **given)[name]

    assert (found.value, found.gap) == (None, gap)
    assert says is None or says in (found.explanation or "")


def test_fuel_of_vehicles_is_no_energy_of_buildings_and_hides_none() -> None:
    rows = recorded(("grid_electricity", "3000", "kWh"), ("vehicle_fuel", "9", "litre"))

    assert found_of(rows, hidden=frozenset({Category.VEHICLE_FUEL}))["energy_per_m2"].value == 1


def test_a_measured_0_is_a_figure() -> None:
    found = found_of(recorded(("grid_electricity", "0", "kWh")), grid_electricity="0")

    assert (found["electricity_per_m2"].value, found["energy_per_m2"].value) == (0, 0)
    assert found["co2e_per_person"].value == 0


@pytest.mark.parametrize(
    ("generated", "without", "unit", "kwh"),
    [
        (None, "10", "litre", "25"),
        ("30", None, "litre", "30"),
        ("30", "10", "litre", "55"),
        ("30", None, "kg", "30"),
        ("30", "10", "kg", None),
    ],
)
def test_generators_made_what_is_recorded_and_else_what_the_method_says_of_a_litre(
    generated: str | None, without: str | None, unit: str, kwh: str | None
) -> None:
    row = Recorded(
        category=Category.GENERATOR_FUEL,
        amount=Quantity(Decimal(20), unit),
        generated_kwh=None if generated is None else Decimal(generated),
        without_generated=None if without is None else Decimal(without),
    )

    assert generator_kwh([row]).value == (None if kwh is None else Decimal(kwh))


def test_indicators_have_the_same_figures_and_leave_out_what_is_missing() -> None:
    use = resource_use(recorded(("grid_electricity", "150", "MWh")), totals=totals(grid_electricity="12000"))
    stated_by = {PERSONNEL: Decimal(100), AREA: None}
    figures = intensities(
        use,
        denominator=lambda kind, topic: Denominator(
            kind=kind, topic=topic, value=stated_by[kind], days_stated=0, days=366, coverage_percent=None,
            statement_ids=(),
        ),
    )  # fmt: skip

    assert {item.name: (item.value, item.unit) for item in named_indicators(use, stated=figures)} == {
        "co2e": (12000, "kgCO2e"), "electricity": (150000, "kWh"), "energy": (150000, "kWh"),
        "co2e_per_person": (120, "kgCO2e/person"), "electricity_per_person": (1500, "kWh/person"),
    }  # fmt: skip
