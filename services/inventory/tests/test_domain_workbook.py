"""Rows are read, or refused cell by cell with all that is wrong in them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from inventory.domain.activity_data import Category, DataQuality, Period, SourceRow
from inventory.domain.air_travel import Airport
from inventory.domain.emission_factor import Catalogue, Place, parse_catalogue
from inventory.domain.rows import Cell, Column, Problem, ProblemCode, RawRow, column_named
from inventory.domain.workbook import Reference, read_rows
from quantities import GwpSet, Quantity, Unit

HEADER = (
    "id,release,category,key,place,valid_from,valid_to,unit,gases_stated_in,co2,ch4,n2o,co2e,biogenic_co2,gwp_set,"
    "published_as,publisher,document,table,year,licence,status"
)


def a_catalogue() -> Catalogue:
    lines = [
        f"{category}:{key},test,{category},{key},{place},2024-01-01,2025-01-01,{unit},,,,,1,,AR5,1,P,D,T,2024,L,published"
        for category, key, place, unit in (
            ("grid_electricity", "grid", "KEN", "kWh"),
            ("generator_fuel", "diesel", "default", "litre"),
            ("heating_fuel", "natural_gas", "default", "kWh_net"),
            ("vehicle_fuel", "petrol", "default", "litre"),
            ("air_travel", "economy", "default", "passenger_km"),
            ("air_travel", "business", "default", "passenger_km"),
            ("rail_travel", "train", "default", "passenger_km"),
            ("taxi_travel", "taxi", "default", "km"),
            ("waste", "food/landfill", "default", "tonne"),
        )
    ]
    return parse_catalogue([HEADER, *lines])


def a_reference() -> Reference:
    airports = [
        Airport(iata="NBO", latitude=Decimal("-1.31924"), longitude=Decimal("36.9278")),
        Airport(iata="GVA", latitude=Decimal("46.23806"), longitude=Decimal("6.10895")),
    ]
    return Reference(
        places={"unon": Place(country="KEN", grid=None), "escwa": Place(country="LBN", grid=None)},
        year=2024,
        catalogue=a_catalogue(),
        gwp_set=GwpSet.named("AR5"),
        airports={airport.iata: airport for airport in airports},
        airports_by_city={"NYC": ("EWR", "JFK", "LGA")},
    )


ELECTRICITY: Mapping[str, Cell] = {
    "site": "unon",
    "category": "grid_electricity",
    "item": None,
    "start": date(2024, 1, 1),
    "end": "2024-12-31",
    "amount": Decimal(1000),
    "unit": "kWh",
    "quality": "measured",
    "note": None,
}
FLIGHT: Mapping[str, Cell] = {
    "site": "unon",
    "category": "air_travel",
    "start": "2024-03-01",
    "end": None,
    "amount": None,
    "unit": None,
    "origin": "NBO",
    "destination": "GVA",
    "class": "economy",
    "passengers": "2",
    "return": "yes",
    "quality": "measured",
}
WASTE: Mapping[str, Cell] = {
    **ELECTRICITY,
    "category": "waste",
    "item": "food",
    "treatment": "landfill",
    "unit": "kg",
}


def a_row(like: Mapping[str, Cell] = ELECTRICITY, *, row: int = 2, sheet: str = "Data", **cells: Cell) -> RawRow:
    """A sound row, with these cells instead; `of` stands for a column that is a Python word."""
    named = {name.rstrip("_"): cell for name, cell in cells.items()}
    return RawRow(sheet=sheet, row=row, cells=tuple({**like, **named}.items()))


def problems_of(*rows: RawRow) -> tuple[Problem, ...]:
    return read_rows(rows, reference=a_reference())[1]


def test_a_sound_row_becomes_an_activity() -> None:
    activities, problems = read_rows([a_row(note=" main meter ")], reference=a_reference())

    assert problems == ()
    (activity,) = activities
    assert (activity.location_id, activity.category, activity.key) == ("unon", Category.GRID_ELECTRICITY, "grid")
    assert activity.period == Period(start=date(2024, 1, 1), end=date(2025, 1, 1))
    assert activity.amount == Quantity(Decimal(1000), Unit.KILOWATT_HOUR)
    assert (activity.quality, activity.note) == (DataQuality.MEASURED, "main meter")
    assert activity.source == SourceRow(sheet="Data", row=2)


def test_a_flight_becomes_passenger_kilometres_there_and_back() -> None:
    (activity,), problems = read_rows([a_row(FLIGHT)], reference=a_reference())

    assert problems == ()
    assert activity.flight is not None
    assert activity.amount == Quantity(activity.flight.distance_km * 4, Unit.PASSENGER_KILOMETRE)
    assert activity.period == Period(start=date(2024, 3, 1), end=date(2024, 3, 2))
    assert activity.details == {
        "origin": "NBO",
        "destination": "GVA",
        "passengers": "2",
        "return": "yes",
        "distance_km": "6087.4",
    }


@pytest.mark.parametrize(
    ("row", "key", "amount"),
    [
        (a_row(FLIGHT, return_="no"), "economy", "12174.8 passenger_km"),
        (
            a_row(FLIGHT, origin=None, destination=None, passengers=None, return_=None, amount="500", unit="pkm"),
            "economy",
            "500 passenger_km",
        ),
        (a_row(category="Train", amount="100", unit="km", passengers="3"), "train", "300 passenger_km"),
        (a_row(category="rail travel", amount="100", unit="passenger_km"), "train", "100 passenger_km"),
        (a_row(category="taxi", amount="5", unit="miles"), "taxi", "5 mile"),
        (a_row(category="Generator Fuel", item="Diesel", amount="1 234.5", unit="L"), "diesel", "1234.5 litre"),
        (a_row(category="vehicle", item="gasoline", unit="litre"), "petrol", "1000 litre"),
        (a_row(category="refrigerant", item="R22", amount="2.5", unit="kg"), "HCFC-22", "2.5 kg"),
        (a_row(category="refrigerant", item="r-410a", amount="2.5", unit="kg"), "R-410A", "2.5 kg"),
        (a_row(WASTE), "food/landfill", "1000 kg"),
        (a_row(WASTE, item="Hazardous", treatment="stored"), "hazardous/stored", "1000 kg"),
        (a_row(category="water", item="borehole", unit="m3"), "borehole", "1000 m3"),
        (a_row(category="wastewater", treatment="septic tank", unit="m3"), "septic_tank", "1000 m3"),
        (a_row(amount="0"), "grid", "0 kWh"),
    ],
)
def test_every_kind_of_activity_can_be_recorded(row: RawRow, key: str, amount: str) -> None:
    (activity,), problems = read_rows([row], reference=a_reference())

    assert problems == ()
    assert (activity.key, str(activity.amount)) == (key, amount)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (a_row(site=None), "site", ProblemCode.MISSING_VALUE),
        (a_row(site="  "), "site", ProblemCode.MISSING_VALUE),
        (a_row(amount=None), "amount", ProblemCode.MISSING_VALUE),
        (a_row(unit=None), "unit", ProblemCode.MISSING_VALUE),
        (a_row(start=None), "start", ProblemCode.MISSING_VALUE),
        (a_row(end=None), "end", ProblemCode.MISSING_VALUE),
        (a_row(quality=None), "quality", ProblemCode.MISSING_VALUE),
        (a_row(category="generator_fuel", item=None, unit="litre"), "item", ProblemCode.MISSING_VALUE),
        (a_row(FLIGHT, class_=None), "class", ProblemCode.MISSING_VALUE),
        (a_row(FLIGHT, passengers=None), "passengers", ProblemCode.MISSING_VALUE),
        (a_row(FLIGHT, return_=None), "return", ProblemCode.MISSING_VALUE),
        (a_row(FLIGHT, origin=None), "origin", ProblemCode.MISSING_VALUE),
        (a_row(WASTE, treatment=None), "treatment", ProblemCode.MISSING_VALUE),
        (a_row(category="rail_travel", unit="km"), "unit", ProblemCode.UNITS_NOT_CONVERTIBLE),
        (a_row(category="rail_travel", unit="km", passengers=" "), "unit", ProblemCode.UNITS_NOT_CONVERTIBLE),
        (a_row(origin="NBO"), "origin", ProblemCode.CONFLICTING_VALUES),
        (a_row(WASTE, meter="1"), "meter", ProblemCode.CONFLICTING_VALUES),
        (a_row(amount="1,000"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount="1.234,5"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount="about 5"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount="NaN"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount="1e99"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount="12 34"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount="٣"), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount=date(2024, 1, 1)), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(amount=True), "amount", ProblemCode.NOT_A_NUMBER),
        (a_row(uncertainty="5 %"), "uncertainty", ProblemCode.NOT_A_NUMBER),
        (a_row(uncertainty="-0.1"), "uncertainty", ProblemCode.PERCENT_OUT_OF_RANGE),
        (a_row(FLIGHT, uncertainty="1000.1"), "uncertainty", ProblemCode.PERCENT_OUT_OF_RANGE),
        (a_row(FLIGHT, passengers="1.5"), "passengers", ProblemCode.NOT_A_NUMBER),
        (a_row(FLIGHT, passengers="0"), "passengers", ProblemCode.NEGATIVE_AMOUNT),
        (a_row(start="03/04/2024"), "start", ProblemCode.NOT_A_DATE),
        (a_row(start="20240401"), "start", ProblemCode.NOT_A_DATE),
        (a_row(start="2024-02-30"), "start", ProblemCode.NOT_A_DATE),
        (a_row(end="9999-12-31"), "end", ProblemCode.NOT_A_DATE),
        (a_row(start=Decimal(45292)), "start", ProblemCode.NOT_A_DATE),
        (a_row(FLIGHT, return_="maybe"), "return", ProblemCode.NOT_YES_OR_NO),
        (a_row(site="unog"), "site", ProblemCode.UNKNOWN_SITE),
        (a_row(category="commuting"), "category", ProblemCode.UNKNOWN_CATEGORY),
        (a_row(category="generator_fuel", item="unobtainium", unit="litre"), "item", ProblemCode.UNKNOWN_ITEM),
        (a_row(category="refrigerant", item="R-9999", unit="kg"), "item", ProblemCode.UNKNOWN_ITEM),
        (a_row(WASTE, item="moon dust"), "item", ProblemCode.UNKNOWN_ITEM),
        (a_row(FLIGHT, class_="steerage"), "class", ProblemCode.UNKNOWN_CLASS),
        (a_row(WASTE, treatment="magic"), "treatment", ProblemCode.UNKNOWN_TREATMENT),
        (a_row(quality="guessed"), "quality", ProblemCode.UNKNOWN_QUALITY),
        (a_row(FLIGHT, destination="XXX"), "destination", ProblemCode.UNKNOWN_AIRPORT),
        (a_row(FLIGHT, destination="NBO"), "destination", ProblemCode.SAME_AIRPORT),
        (a_row(unit="bushel"), "unit", ProblemCode.UNKNOWN_UNIT),
        (a_row(WASTE, unit="ton"), "unit", ProblemCode.AMBIGUOUS_UNIT),
        (a_row(unit="litre"), "unit", ProblemCode.UNITS_NOT_CONVERTIBLE),
        (a_row(category="heating", item="gas", unit="kWh"), "unit", ProblemCode.UNITS_NOT_CONVERTIBLE),
        (a_row(WASTE, item="hazardous", unit="m3"), "unit", ProblemCode.UNITS_NOT_CONVERTIBLE),
        (a_row(category="refrigerant", item="R-410A", unit="litre"), "unit", ProblemCode.UNITS_NOT_CONVERTIBLE),
        (a_row(amount="-1"), "amount", ProblemCode.NEGATIVE_AMOUNT),
        (a_row(start="2024-06-02", end="2024-06-01"), "end", ProblemCode.PERIOD_ENDS_BEFORE_START),
        (a_row(start="2023-12-31"), "start", ProblemCode.PERIOD_OUTSIDE_YEAR),
        (a_row(end="2025-01-01"), "end", ProblemCode.PERIOD_OUTSIDE_YEAR),
        (a_row(FLIGHT, start="2025-01-01"), "start", ProblemCode.PERIOD_OUTSIDE_YEAR),
        (a_row(site="escwa"), "category", ProblemCode.FACTOR_MISSING),
        (a_row(amount="=SUM(A1:A9)"), "amount", ProblemCode.FORMULA_NOT_ALLOWED),
        (a_row(note="=cmd"), "note", ProblemCode.FORMULA_NOT_ALLOWED),
        (a_row(note="x" * 501), "note", ProblemCode.TEXT_TOO_LONG),
    ],
)
def test_one_thing_wrong_is_one_problem_named_by_row_column_and_code(
    row: RawRow, column: str, code: ProblemCode
) -> None:
    activities, problems = read_rows([row], reference=a_reference())

    assert activities == ()
    assert [(problem.sheet, problem.row, problem.column, problem.code) for problem in problems] == [
        ("Data", 2, column, code)
    ]
    assert problems[0].reason
    assert problems[0].hint


def test_all_that_is_wrong_is_said_at_once_and_sound_rows_pass() -> None:
    rows = [
        a_row(row=2, site="nowhere", amount="many", unit="ton", start="soon", quality=""),
        a_row(row=3),
        a_row(FLIGHT, row=4, origin="XXX", class_="steerage", passengers="no", return_="perhaps"),
    ]

    activities, problems = read_rows(rows, reference=a_reference())

    assert [activity.source.row for activity in activities] == [3]
    assert {(problem.row, problem.column) for problem in problems} == {
        (2, "site"),
        (2, "amount"),
        (2, "unit"),
        (2, "start"),
        (2, "quality"),
        (4, "origin"),
        (4, "class"),
        (4, "passengers"),
        (4, "return"),
    }


def test_readings_of_one_meter_that_share_a_day_are_named_both() -> None:
    half = {"start": "2024-06-30", "end": "2024-12-31"}
    activities, problems = read_rows(
        [
            a_row(row=2, end="2024-06-30"),
            a_row(row=3, **half),
            a_row(row=4, meter="B 2", **half),
            a_row(row=5, meter=" b  2", start="2024-01-01", end="2024-07-01"),
            a_row(row=6, start="2024-07-01", end="2024-12-31"),
            a_row(row=7, category="vehicle", item="petrol", unit="litre"),
            a_row(row=8, category="vehicle", item="petrol", unit="litre", amount="2"),
        ],
        reference=a_reference(),
    )

    assert [activity.source.row for activity in activities] == [2, 4, 6, 7, 8]
    assert [(problem.row, problem.code) for problem in problems] == [
        (3, ProblemCode.OVERLAPPING_PERIOD),
        (5, ProblemCode.OVERLAPPING_PERIOD),
    ]
    assert problems[0].reason == (
        "row 3 and row 2 of sheet 'Data' (2024-01-01 to 2024-06-30) are of the same days of grid_electricity of unon"
    )
    assert "row 5 and row 4 of sheet 'Data'" in problems[1].reason
    assert "meter 'b 2'" in problems[1].reason


def test_what_only_a_form_has_is_kept_with_the_line() -> None:
    (activity,), problems = read_rows(
        [a_row(category="refrigerant", item="R22", amount="12", unit="kg", phase="Installation", capacity="10")],
        reference=a_reference(),
    )

    assert problems == ()
    assert (activity.key, str(activity.amount)) == ("HCFC-22/installation", "2 kg")
    assert activity.details == {
        "form": "installation", "amount": "12", "unit": "kg", "capacity": "10", "phase": "installation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "comma", "percent"),
    [
        ("0", False, "0"),
        ("1000", False, "1000"),
        (Decimal("2.5"), False, "2.5"),
        ("2,5", True, "2.5"),
        (" ", False, None),
    ],
)
def test_a_row_of_any_kind_states_how_well_its_amount_is_known(cell: Cell, comma: bool, percent: str | None) -> None:  # noqa: FBT001
    reference = replace(a_reference(), decimal_comma=comma)

    activities, problems = read_rows([a_row(uncertainty=cell), a_row(FLIGHT, uncertainty=cell)], reference=reference)

    assert problems == ()
    assert [item.uncertainty_percent for item in activities] == [None if percent is None else Decimal(percent)] * 2


def test_a_duplicate_row_names_the_other_row() -> None:
    activities, problems = read_rows(
        [a_row(row=2), a_row(row=7, amount="1000.0", end=datetime(2024, 12, 31))],  # noqa: DTZ001 - as cells are
        reference=a_reference(),
    )

    assert [activity.source.row for activity in activities] == [2]
    (problem,) = problems
    assert (problem.row, problem.column, problem.code) == (7, "", ProblemCode.DUPLICATE_ROW)
    assert "row 2" in problem.reason


@pytest.mark.parametrize(
    ("column", "cell"), [("note", "second lorry"), ("amount", "1001"), ("unit", "tonne"), ("start", "2024-01-02")]
)
def test_rows_that_differ_in_anything_that_counts_are_no_duplicates(column: str, cell: str) -> None:
    assert problems_of(a_row(WASTE, row=2), a_row({**WASTE, column: cell}, row=3)) == ()


def test_a_city_code_is_answered_with_its_airports() -> None:
    (problem,) = problems_of(a_row(FLIGHT, destination="NYC"))

    assert problem.hint == "one of EWR, JFK, LGA"


def test_an_optional_source_without_a_factor_is_recorded_and_a_counted_one_is_refused() -> None:
    assert problems_of(a_row(WASTE, item="medical", treatment="incineration")) == ()
    assert [problem.code for problem in problems_of(a_row(site="escwa"))] == [ProblemCode.FACTOR_MISSING]


def test_a_column_that_is_none_of_ours_is_one_problem_for_its_sheet() -> None:
    problems = problems_of(a_row(row=2, colour="red"), a_row(row=3, colour="blue", meter="b"))

    assert [(problem.row, problem.column, problem.code) for problem in problems] == [
        (1, "colour", ProblemCode.UNKNOWN_COLUMN)
    ]


def test_a_column_that_a_sheet_lacks_is_one_problem_not_one_a_row() -> None:
    without = {name: cell for name, cell in ELECTRICITY.items() if name != "quality"}

    problems = problems_of(a_row(without, row=2), a_row(without, row=3))

    assert [(problem.row, problem.column, problem.code) for problem in problems] == [
        (1, "quality", ProblemCode.MISSING_COLUMN)
    ]


def test_two_columns_for_one_thing_are_refused() -> None:
    assert [problem.code for problem in problems_of(a_row(location="unon"))] == [ProblemCode.DUPLICATE_COLUMN]


def test_a_value_below_no_header_is_not_passed_over() -> None:
    row = a_row()
    stray = RawRow(sheet=row.sheet, row=row.row, cells=(*row.cells, ("", "lost")))

    (problem,) = problems_of(stray)

    assert (problem.row, problem.value, problem.code) == (2, "lost", ProblemCode.UNKNOWN_COLUMN)


def test_blank_rows_and_sheets_of_another_kind_are_passed_over() -> None:
    blank = RawRow(sheet="Data", row=3, cells=(("site", None), ("category", " ")))
    guidance = RawRow(sheet="Read me", row=2, cells=(("Guidance", "fill in the sheet Data"),))

    activities, problems = read_rows([guidance, a_row(), blank], reference=a_reference())

    assert (len(activities), problems) == (1, ())


def test_a_file_without_activity_data_is_a_problem() -> None:
    assert [problem.code for problem in problems_of()] == [ProblemCode.NO_ROWS]
    assert [problem.code for problem in problems_of(RawRow(sheet="x", row=2, cells=(("a", "b"),)))] == [
        ProblemCode.NO_ROWS
    ]


def test_a_problem_quotes_what_was_found_shortened() -> None:
    (problem,) = problems_of(a_row(amount="9" * 300))

    assert problem.value == "9" * 79 + "…"


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("SITE", Column.SITE),
        (" Location  code ", Column.SITE),
        ("last_day", Column.END),
        ("Cabin class", Column.CLASS),
        ("Amount_uncertainty percent", Column.UNCERTAINTY),
        ("Incertitude", Column.UNCERTAINTY),
        ("incertidumbre en porcentaje", Column.UNCERTAINTY),
        ("", None),
        ("colour", None),
    ],
)
def test_a_header_is_known_by_its_usual_names(header: str, column: Column | None) -> None:
    assert column_named(header) is column
