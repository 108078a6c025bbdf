"""Adapters of published files: small cuts of the real ones, what is wrong with rows, and the whole of what ships."""

import csv
import re
from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from inventory import catalogue
from inventory.domain.activity_data import Category
from inventory.domain.publications import Format, Publication, PublishedRow, parts_make_whole, read_publication

CUTS = Path(__file__).parent / "data/published"
Cells = dict[str, str]


def published(name: str) -> list[Cells]:
    return list(csv.DictReader((CUTS / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def taken(rows: list[Cells], of: str, *, year: int | None = None) -> Publication:
    lines = (PublishedRow(line=line, cells=cells) for line, cells in enumerate(rows, start=2))
    return read_publication(lines, of=Format(of), year=year)


@pytest.mark.parametrize(
    ("name", "factor_id", "co2e_kg", "gases"),
    [
        ("desnz", "desnz-2024:air_travel:economy:passenger_km:default", "0.07948", {"CO2", "CH4", "N2O"}),
        ("desnz", "desnz-2024:heating_fuel:lpg:litre:default", "1.55713", {"CO2", "CH4", "N2O"}),
        # In 2022 its name ends with the year of the data, in 2024 with the unit.
        ("desnz", "desnz-2022:purchased_heat:heat:kWh:default", "0.17073", {"CO2", "CH4", "N2O"}),
        ("desnz", "desnz-2024:purchased_heat:steam:kWh:default", "0.17965", {"CO2", "CH4", "N2O"}),
        ("desnz", "desnz-2024:bus_travel:bus:passenger_km:default", "0.10846", {"CO2", "CH4", "N2O"}),
        ("desnz", "desnz-2024:vehicle_distance:medium_car_diesel:km:default", "0.16807", {"CO2", "CH4", "N2O"}),
        # A factor of 0 is a figure: what charges it is electricity.
        ("desnz", "desnz-2024:vehicle_distance:average_car_electric:km:default", "0", {"CO2", "CH4", "N2O"}),
        ("desnz", "desnz-2024:waste:mixed/incineration:tonne:default", "6.41061", set()),
        ("ember", "ember-2024:grid_electricity:grid:MWh:KEN", "84.83", set()),
        ("ember", "ember-2024:grid_electricity:grid:MWh:Africa", "545.09", set()),
        ("un-sun", "un-sun-2023:vehicle_fuel:diesel:litre:default", "2.6265", set()),
    ],
)
def test_a_cut_of_the_real_file_gives_the_published_factor(
    name: str, factor_id: str, co2e_kg: str, gases: set[str]
) -> None:
    found = taken(published(name), name)

    (factor,) = [item for item in found.factors if item.id == factor_id]
    assert found.problems == ()
    assert factor.co2e_kg == Decimal(co2e_kg)
    assert set(factor.kg_by_gas) == gases
    assert re.match(r"0\.0026265|" + re.escape(co2e_kg), factor.published_as)


@pytest.mark.parametrize(
    ("name", "factor_id", "kg_by_gas"),
    [
        # 974.656 lb, 0.025 lb and 0.003 lb per MWh.
        (
            "epa",
            "epa-hub-2025:grid_electricity:grid:MWh:US-NYCW",
            {"CO2": "442.09652497472", "CH4": "0.01133980925", "N2O": "0.00136077711"},
        ),
        # 66.33 kg, 1.25 g and 0.125 g per mmBtu.
        (
            "epa",
            "epa-hub-2025:purchased_heat:steam:mmBtu:USA",
            {"CO2": "66.33", "CH4": "0.00125", "N2O": "0.000125"},
        ),
        # 300 and 4 kg per TJ at 15.6 TJ/Gg; the CO2 of wood is apart.
        ("ipcc", "ipcc-2006:heating_fuel:wood:tonne:default", {"CO2": "0", "CH4": "4.68", "N2O": "0.0624"}),
    ],
)
def test_masses_are_converted_exactly(name: str, factor_id: str, kg_by_gas: dict[str, str]) -> None:
    found = taken(published(name), name)

    (factor,) = [item for item in found.factors if item.id == factor_id]
    assert found.problems == ()
    assert factor.kg_by_gas == {gas: Decimal(kg) for gas, kg in kg_by_gas.items()}


def test_what_the_method_has_no_category_for_is_counted_and_left() -> None:
    found = taken(published("desnz"), "desnz")

    assert found.used < found.figures
    assert {factor.category for factor in found.factors} <= set(Category)
    assert not [factor for factor in found.factors if "hotel" in factor.table.lower()]
    assert not [factor for factor in taken(published("epa"), "epa").factors if "NON-BASELOAD" in factor.published_as]
    assert {factor.place for factor in taken(published("ember"), "ember").factors} == {"KEN", "CHE", "ETH", "Africa"}


def test_the_departments_own_flat_file_gives_the_same_factors_as_the_list() -> None:
    text = (CUTS / "desnz-flat-file.csv").read_text(encoding="utf-8").splitlines()
    flat = taken(list(csv.DictReader(text[3:])), "desnz")
    listed = {factor.id: factor for factor in taken(published("desnz"), "desnz").factors}

    assert flat.problems == ()
    assert len(flat.factors) == 3
    for factor in flat.factors:
        assert factor.co2e_kg == listed[factor.id].co2e_kg
        assert factor.kg_by_gas in ({}, listed[factor.id].kg_by_gas)


def test_a_year_of_a_file_with_several_is_one_release() -> None:
    assert taken(published("desnz"), "desnz").releases.keys() == {"desnz-2022", "desnz-2024"}
    assert taken(published("desnz"), "desnz", year=2024).releases.keys() == {"desnz-2024"}
    assert taken(published("desnz"), "desnz", year=1999).releases == {}


def _first(rows: list[Cells], **wanted: str) -> Cells:
    return next(row for row in rows if all(row[column] == value for column, value in wanted.items()))


WRONG: list[tuple[str, Callable[[list[Cells]], object], str, str]] = [
    ("un-sun", lambda rows: rows[2].update(value="much"), "value", "it is no number"),
    ("un-sun", lambda rows: rows[2].update(value="NaN"), "value", "it is no number"),
    ("un-sun", lambda rows: rows[2].update(year="23"), "year", "it is no year"),
    ("un-sun", lambda rows: rows[2].update(activity=" "), "activity", "it is blank"),
    ("un-sun", lambda rows: [row.pop("unit") for row in rows], "unit", "there is no column unit"),
    ("un-sun", lambda rows: rows.append(rows[2] | {"value": "1"}), "value", "line 4 gives 0.0024939 for the same"),
    (
        "desnz",
        lambda rows: _first(rows, gas="CO2e", activity="Gaseous fuels | LPG", year="2024").update(value="1.65713"),
        "value",
        "its gases sum to 1.55713",
    ),
    ("epa", lambda rows: rows.remove(_first(rows, unit="g CH4 per mmBtu", year="2025")), "gas", "no row for CH4"),
    ("ember", lambda rows: _first(rows, region="KEN").update(unit="t CO2e per MWh"), "unit", "not g CO2e per kWh"),
]


@pytest.mark.parametrize(("name", "spoil", "column", "reason"), WRONG, ids=[f"{row[0]} {row[3]}" for row in WRONG])
def test_a_wrong_row_is_named(name: str, spoil: Callable[[list[Cells]], object], column: str, reason: str) -> None:
    rows = published(name)
    assert taken(rows, name).problems == ()
    spoil(rows)

    problems = taken(rows, name).problems

    assert problems
    assert (problems[0].column, problems[0].line >= 2) == (column, True)
    assert reason in problems[0].reason


def test_every_wrong_row_is_named_not_the_first_alone() -> None:
    rows = published("un-sun")
    for row in rows:
        row["value"] = "?"

    assert [problem.line for problem in taken(rows, "un-sun").problems] == list(range(2, len(rows) + 2))


def test_the_printed_parts_of_every_shipped_uk_factor_sum_to_its_printed_whole() -> None:
    """As far as their rounding lets them, over every year that ships."""
    by_gas = 0
    for name in catalogue.editions()[catalogue.EDITION].releases:
        text = files("inventory.catalogue").joinpath(f"releases/{name}.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            if not name.startswith("desnz-") or row["gases_stated_in"] != "kgCO2e":
                continue
            printed = re.match(r"(\S+) .*\((\S+) CO2, (\S+) CH4, (\S+) N2O", row["published_as"])
            assert printed, row["id"]
            whole, *parts = [Decimal(figure) for figure in printed.groups()]
            assert whole == Decimal(row["co2e"]), row["id"]
            assert parts == [Decimal(row[gas]) for gas in ("co2", "ch4", "n2o")], row["id"]
            assert parts_make_whole(parts, whole), f"{row['id']}: {sum(parts)} of {whole}"
            by_gas += 1

    assert by_gas > 400


@pytest.mark.parametrize(
    ("parts", "whole", "sums"),
    [
        (("1.55491", "0.00129", "0.00093"), "1.55713", True),
        (("1.55491", "0.00129", "0.00093"), "1.55714", True),
        (("1.55491", "0.00129", "0.00093"), "1.55716", False),
        # A whole that is printed shorter than its parts, and one whose closing zeros a list leaves out.
        (("2.95", "0.01", "0.00571777"), "2.96572", True),
        (("0.49801", "0.00100", "0.00099"), "0.5", True),
        (("0.49801", "0.00100", "0.00099"), "0.501", False),
    ],
)
def test_parts_sum_to_a_whole_within_what_was_rounded(parts: tuple[str, ...], whole: str, *, sums: bool) -> None:
    assert parts_make_whole([Decimal(part) for part in parts], Decimal(whole)) is sums
