"""The activity data of the sample Secretariat: true to its plan, to the published totals, and to the import."""

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from inventory import catalogue
from inventory.domain.activity_data import ActivityData
from inventory.domain.emission_factor import Place
from inventory.domain.inventory import Line, total
from inventory.domain.quantification import quantify
from inventory.domain.rows import Problem
from inventory.domain.workbook import Reference, read_rows
from inventory.spreadsheet import read_spreadsheet
from lichen import sample
from lichen.sample import generate
from quantities import GwpSet


def _file_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _places(root: str) -> Mapping[str, Place]:
    """A location and all under it; parents come before their children."""
    found: dict[str, Place] = {}
    for row in sample.locations():
        if row.id == root or row.parent in found:
            found[row.id] = Place(country=row.country, grid=row.grid)
    return found


def _reference(location: str) -> Reference:
    return Reference(
        places=_places(location),
        year=sample.YEAR,
        catalogue=catalogue.emission_factors(),
        gwp_set=GwpSet.named("AR5"),
        airports=catalogue.airports(),
        airports_by_city=catalogue.airports_by_city(),
    )


def _imported(location: str, path: Path) -> tuple[tuple[ActivityData, ...], tuple[Problem, ...]]:
    return read_rows(read_spreadsheet(path.read_bytes()), reference=_reference(location))


@pytest.mark.parametrize("location", sample.LOCATIONS_WITH_DATA)
def test_rows_are_between_150_and_600_and_have_the_columns_of_the_import(location: str):
    rows = _file_rows(sample.activity_file(location))

    assert 150 <= len(rows) <= 600
    assert tuple(rows[0]) == generate.COLUMNS


@pytest.mark.parametrize("location", sample.published_total_tonnes())
def test_rows_sum_to_the_published_total_by_the_stated_arithmetic(location: str):
    tonnes = sum((generate.co2e_kg(row) for row in _file_rows(sample.activity_file(location))), Decimal(0)) / 1000

    published = sample.published_total_tonnes()[location]
    assert abs(tonnes - published) <= published * Decimal("0.02")


@pytest.mark.parametrize("location", sample.published_total_tonnes())
def test_the_platform_itself_quantifies_them_to_the_published_total(location: str):
    reference = _reference(location)

    activities, problems = _imported(location, sample.activity_file(location))
    lines = [
        Line(
            activity=activity,
            quantification=quantify(
                activity,
                place=reference.places[activity.location_id],
                catalogue=reference.catalogue,
                gwp_set=reference.gwp_set,
            ),
        )
        for activity in activities
    ]

    assert problems == ()
    published = sample.published_total_tonnes()[location]
    assert abs(total(lines).co2e_kg / 1000 - published) <= published * Decimal("0.02")


def test_unifil_has_data_of_three_sites_and_imports_without_a_problem():
    activities, problems = _imported("unifil", sample.activity_file("unifil"))

    assert problems == ()
    assert {activity.location_id for activity in activities} == {
        "unifil", "unifil-naqoura", "unifil-shama", "unifil-marjayoun",
    }  # fmt: skip


def test_the_workbook_says_the_same_as_the_file():
    from_workbook, problems = _imported("unon", sample.activity_workbook())
    from_file, _ = _imported("unon", sample.activity_file("unon"))

    assert problems == ()
    assert [_without_source(activity) for activity in from_workbook] == [
        _without_source(activity) for activity in from_file
    ]


def _without_source(activity: ActivityData) -> tuple[object, ...]:
    return (
        activity.location_id,
        activity.category,
        activity.key,
        activity.period,
        activity.amount,
        activity.flight,
        activity.quality,
        activity.note,
    )


@pytest.mark.parametrize("path", [sample.faulty_activity_file(), sample.faulty_activity_workbook()])
def test_the_import_finds_every_planted_problem_and_no_other(path: Path):
    _, problems = _imported("unon", path)

    found = {(problem.row, problem.column, problem.code.value) for problem in problems}
    assert found == {(planted.row, planted.column, planted.code) for planted in sample.planted_problems()}


def test_planted_problems_stand_where_the_list_says():
    rows = _file_rows(sample.faulty_activity_file())
    sound = {tuple(row.items()) for row in _file_rows(sample.activity_file("unon"))}

    assert len(sample.planted_problems()) >= 12
    for planted in sample.planted_problems():
        row = rows[planted.row - 2]
        if planted.column:
            assert row[planted.column] == planted.found
            assert tuple(row.items()) not in sound
        else:
            assert rows.count(row) == 2


def test_the_committed_files_are_what_the_plan_gives(tmp_path: Path):
    generate.main(into=tmp_path)

    made = sorted(tmp_path.iterdir())
    assert len(made) == 8
    for path in made:
        assert path.read_bytes() == (generate.DATA / path.name).read_bytes(), path.name


@pytest.mark.parametrize("location", sample.LOCATIONS_WITH_DATA)
def test_every_row_says_that_it_is_no_measurement(location: str):
    for row in _file_rows(sample.activity_file(location)):
        assert row["note"].startswith(("illustrative", "derived")), row


@pytest.mark.parametrize("location", sample.LOCATIONS_WITH_DATA)
def test_sites_are_in_the_register_and_open_at_the_time(location: str):
    by_id = {row.id: row for row in sample.locations()}
    for row in _file_rows(sample.activity_file(location)):
        site = by_id[row["site"]]
        assert site.valid_from <= date.fromisoformat(row["start"])
        assert site.valid_to is None or date.fromisoformat(row["end"]) < site.valid_to


def test_unon_facilities_and_electricity_meet_the_published_intensities():
    rows = _file_rows(sample.activity_file("unon"))
    (profile,) = [row for row in sample.profiles() if (row.location, row.year) == ("unon", 2024)]
    assert profile.floor_area_m2 is not None

    facilities_kg = sum(
        generate.co2e_kg(row)
        for row in rows
        if row["category"] in {"grid_electricity", "generator_fuel", "heating_fuel", "refrigerant"}
    )
    electricity_kwh = sum(Decimal(row["amount"]) for row in rows if row["category"] == "grid_electricity")

    assert round(facilities_kg / profile.floor_area_m2) == 34
    assert 48 < electricity_kwh / profile.floor_area_m2 < 100


def test_a_location_without_data_is_named_in_the_refusal():
    with pytest.raises(FileNotFoundError, match="activity-unog-2024"):
        sample.activity_file("unog")
