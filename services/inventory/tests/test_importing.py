"""A file read in bulk gives what its rows give one by one: the same lines, the same problems, in the same order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from random import Random

import pytest

from inventory import catalogue
from inventory.domain.activity_data import ActivityData, Category
from inventory.domain.checked_file import Checked
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.quantification import resolve_coefficient
from inventory.domain.rows import Cell, Column
from inventory.domain.workbook import Reference, read_rows
from inventory.importing import check
from inventory.spreadsheet import Sheet
from quantities import GwpSet


def a_catalogue_that_turns() -> Catalogue:
    """The shipped one, but that Kenya's grid has another factor from July on, and diesel has none on 31 December."""
    shipped = catalogue.emission_factors()
    grid, diesel = (Category.GRID_ELECTRICITY, "grid"), (Category.GENERATOR_FUEL, "diesel")
    july = date(2024, 7, 1)
    halves = [
        half
        for factor in shipped.by_category_and_key[grid]
        for half in (replace(factor, valid_to=july), replace(factor, id=f"{factor.id}:late", valid_from=july))
        if factor.place == "KEN"
    ]
    short = tuple(replace(factor, valid_to=date(2024, 12, 31)) for factor in shipped.by_category_and_key[diesel])
    others = tuple(factor for factor in shipped.by_category_and_key[grid] if factor.place != "KEN")
    changed = {grid: (*halves, *others), diesel: short}
    return replace(shipped, by_category_and_key={**shipped.by_category_and_key, **changed})


REFERENCE = Reference(
    places={
        "unon": Place(country="KEN", grid=None),
        "unon-gigiri": Place(country="KEN", grid=None),
        "escwa": Place(country="LBN", grid=None),
        "unhq": Place(country="USA", grid="US-NYCW"),
    },
    year=2024,
    catalogue=a_catalogue_that_turns(),
    gwp_set=GwpSet.named("AR5"),
    airports=catalogue.airports(),
    airports_by_city=catalogue.airports_by_city(),
)
COLUMNS = tuple(Column)
ODD: tuple[Cell, ...] = (
    None, "", " ", "x", "=1+1", "@a", "y" * 501, True, False, Decimal(1), Decimal("1.50"), Decimal(-2), Decimal(0),
    "1 000", "1,5", "1e3", "NaN", date(2024, 3, 5), datetime(2024, 3, 5, 10, 0),  # noqa: DTZ001 - cells have no zone
    date(2023, 3, 5), "2024-02-30",
    "2024-12-31", "2024-01-01", "yes", "no", "kWh", "litre", "ton", "grid_electricity", "NBO", "escwa", "1",
)  # fmt: skip
"""Cells that may stand anywhere: wrong mostly, and right in one column or another."""
LIKE: tuple[dict[Column, tuple[Cell, ...]], ...] = (
    {
        Column.CATEGORY: ("grid_electricity", "Electricity"),
        Column.SITE: ("unon", "UNHQ", "unon-gigiri"),
        Column.AMOUNT: ("10", "10.0", Decimal(10), "1 000.5", "0"),
        Column.UNIT: ("kWh", "MWh", "kwh"),
        Column.METER: (None, None, "1", "2"),
    },
    {
        Column.CATEGORY: ("generator_fuel", "vehicle_fuel", "heating_fuel"),
        Column.SITE: ("unon", "escwa"),
        Column.ITEM: ("diesel", "Petrol", "wood", "natural gas"),
        Column.AMOUNT: ("5", Decimal("5.25")),
        Column.UNIT: ("litre", "kg", "kWh_net"),
    },
    {
        Column.CATEGORY: ("air_travel", "flights"),
        Column.SITE: ("unon",),
        Column.ORIGIN: ("NBO", "gva"),
        Column.DESTINATION: ("GVA", "JFK", "NYC"),
        Column.CLASS: ("economy", "Business"),
        Column.PASSENGERS: ("1", Decimal(1), Decimal(1)),
        Column.RETURN: ("yes", "no", True, "y"),
    },
    {
        Column.CATEGORY: ("rail_travel", "taxi", "bus"),
        Column.SITE: ("unon", "unhq"),
        Column.AMOUNT: ("10", "20", Decimal(10)),
        Column.UNIT: ("km", "passenger_km", "mile"),
        Column.PASSENGERS: (None, "1", "2"),
    },
    {
        Column.CATEGORY: ("refrigerant",),
        Column.SITE: ("unon",),
        Column.ITEM: ("R-410A", "r22", "unobtainium"),
        Column.AMOUNT: ("5", "6"),
        Column.UNIT: ("kg", "tonne"),
        Column.PHASE: (None, "installation", "disposal"),
        Column.CAPACITY: (None, "0", "5"),
        Column.RECOVERED: (None, "0", "5"),
    },
    {
        Column.CATEGORY: ("on_site_renewables",),
        Column.SITE: ("unon",),
        Column.ITEM: ("solar",),
        Column.AMOUNT: ("5", "50"),
        Column.UNIT: ("kWh",),
        Column.GENERATED_KWH: ("10", "100"),
    },
    {
        Column.CATEGORY: ("waste", "water", "wastewater"),
        Column.SITE: ("unon",),
        Column.ITEM: ("food", "borehole"),
        Column.TREATMENT: ("landfill", "composting", "septic_tank"),
        Column.AMOUNT: ("3", "4"),
        Column.UNIT: ("kg", "m3", "tonne"),
    },
)
FREE = {
    Column.START: ("2024-01-01", "2024-03-05", date(2024, 6, 1), "2024-01-01", "2023-12-31"),
    Column.END: ("2024-06-30", "2024-12-31", date(2024, 7, 1), None),
    Column.QUALITY: ("measured", "measured", "Estimated"),
    Column.NOTE: (None, "a", " a ", "b", Decimal(7)),
    Column.UNCERTAINTY: (None, None, None, "5", Decimal("5.0"), "1001"),
}


METERS: tuple[Cell, ...] = (
    None,
    "",
    "1",
    "2",
    "3",
    "A 1",
    " 2",
    "A  1",
    "a 1",
    "y" * 300,
    Decimal(1),
    Decimal(2),
    "=1",
)


def a_table(chance: Random) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """Rows of a few shapes, mostly sound, on few days and in few amounts, so that many are alike but for one cell."""
    headers = [column.value for column in COLUMNS if chance.random() > 0.01]
    headers += chance.choice(([], [], [], [], [""], ["surprise"], ["amount"]))
    shapes = [
        {column: chance.choice(cells) for column, cells in chance.choice(LIKE).items()}
        for _ in range(chance.randint(1, 3))
    ]
    rows: list[list[Cell]] = []
    for _ in range(chance.randint(1, 30)):
        cells = dict(chance.choice(shapes)) | {column: chance.choice(choices) for column, choices in FREE.items()}
        if Column.METER in cells:
            cells[Column.METER] = chance.choice(METERS)
        if Column.AMOUNT in cells:
            like = next(like for like in LIKE if cells[Column.CATEGORY] in like[Column.CATEGORY])
            cells[Column.AMOUNT] = chance.choice(like[Column.AMOUNT])
        if chance.random() < 0.2:
            cells[chance.choice([*cells, *cells, *COLUMNS])] = chance.choice(ODD)
        row = [cells.get(Column(header)) if header in set(Column) else None for header in headers]
        if chance.random() < 0.03:
            row.append(chance.choice((None, "stray")))
        rows.append(row[: chance.randint(0, len(row))] if chance.random() < 0.03 else row)
    return tuple(headers), rows


def sheet_of(headers: tuple[str, ...], rows: list[list[Cell]], *, name: str = "Data") -> Sheet:
    numbered: Iterator[tuple[int, list[Cell]]] = iter(list(enumerate(rows, start=2)))
    return Sheet(name=name, header_row=1, headers=headers, rows=numbered)


def as_lines(activities: tuple[ActivityData, ...]) -> list[tuple[object, ...]]:
    return [
        (
            *(item.location_id, item.category, item.item, item.key, item.amount.unit, dict(item.details), item.quality),
            item.uncertainty_percent,
            *(item.period.start, item.period.end, str(item.amount.value), item.note),
            *(item.source.sheet, item.source.row),
            resolve_coefficient(
                category=item.category, key=item.key, unit=item.amount.unit, place=REFERENCE.places[item.location_id],
                period=item.period, catalogue=REFERENCE.catalogue, gwp_set=REFERENCE.gwp_set,
            ),
        )
        for item in activities
    ]  # fmt: skip


def lines_of(checked: Checked) -> list[tuple[object, ...]]:
    found = []
    for line in checked.lines:
        kind = checked.kinds[line.kind]
        coefficient = None if line.coefficient is None else checked.coefficients[line.coefficient]
        found.append(
            (
                *(kind.location_id, kind.category, kind.item, kind.key, kind.unit, dict(kind.details), kind.quality),
                kind.uncertainty_percent,
                *(line.start, line.end, str(line.amount), line.note, line.sheet, line.row, coefficient),
            )
        )
    return found


@pytest.mark.parametrize("seed", range(40))
def test_in_bulk_a_file_gives_what_its_rows_give_one_by_one(seed: int) -> None:
    chance = Random(seed)
    for _ in range(20):
        sheets = [(name, a_table(chance)) for name in ("One", "Two")]
        assert_alike(sheets)


def assert_alike(sheets: list[tuple[str, tuple[tuple[str, ...], list[list[Cell]]]]]) -> None:
    rows = [
        raw
        for name, table in sheets
        for sheet in [sheet_of(*table, name=name)]
        for raw in [sheet.raw(number, cells) for number, cells in sheet.rows]
    ]
    activities, problems = read_rows(rows, reference=REFERENCE)

    checked = check([sheet_of(*table, name=name) for name, table in sheets], reference=REFERENCE)

    assert lines_of(checked) == as_lines(activities)
    # Sheet by sheet here, all headers first there.
    assert sorted(map(repr, checked.problems)) == sorted(map(repr, problems))


def test_a_cell_that_says_yes_is_no_number_though_python_takes_it_for_1() -> None:
    headers = ("site", "category", "start", "origin", "destination", "class", "passengers", "return", "quality")
    flight: list[Cell] = ["unon", "air_travel", "2024-03-01", "NBO", "GVA", "economy", Decimal(1), "no", "measured"]
    no_flight: list[Cell] = [*flight[:6], True, *flight[7:]]

    assert_alike([("Data", (headers, [flight, no_flight]))])
