"""`quantify`: every bad line is named, and no figure is given."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from inventory.commands import quantify
from services.inventory.tests.worksheets import EPA, GOOD, answered, problems_of, refused


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"category": "cars"}, "category", "UNKNOWN_CATEGORY"),
        ({"category": None}, "category", "MISSING_VALUE"),
        ({"amount": -1}, "amount", "NEGATIVE_AMOUNT"),
        ({"amount": None}, "amount", "MISSING_VALUE"),
        ({"amount": "12,5"}, "amount", "NOT_A_NUMBER"),
        ({"amount": "=1+1"}, "amount", "FORMULA_NOT_ALLOWED"),
        ({"amount": True}, "amount", "NOT_A_NUMBER"),
        ({"unit": "gallon"}, "unit", "AMBIGUOUS_UNIT"),
        ({"unit": "furlong"}, "unit", "UNKNOWN_UNIT"),
        ({"unit": "kWh"}, "unit", "UNITS_NOT_CONVERTIBLE"),
        ({"unit": "kg"}, "unit", "UNITS_NOT_CONVERTIBLE"),
        ({"origin": "JFK"}, "origin", "CONFLICTING_VALUES"),
        ({"colour": "red"}, "colour", "UNKNOWN_COLUMN"),
        ({"year": "soon"}, "year", "NOT_A_DATE"),
        ({"year": 2024, "start": "2024-01-01", "end": "2024-02-01"}, "year", "CONFLICTING_VALUES"),
        ({"start": "2024-02-01", "end": "2024-01-01"}, "end", "PERIOD_ENDS_BEFORE_START"),
        ({"start": "03/04/2024", "end": "2024-05-01"}, "start", "NOT_A_DATE"),
        ({"start": "2024-04-03", "end": "9999-12-31"}, "end", "NOT_A_DATE"),
        ({"factor": EPA | {"co2e": "10.3 kg"}}, "factor_co2e", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"year": 100000}}, "factor_year", "FACTOR_MALFORMED"),
        ({"country": "Kenya"}, "country", "UNKNOWN_SITE"),
        ({"quality": "good"}, "quality", "UNKNOWN_QUALITY"),
        ({"amount_uncertainty_percent": -5}, "uncertainty", "PERCENT_OUT_OF_RANGE"),
        ({"factor_uncertainty_percent": 1000.5}, "factor_uncertainty_percent", "PERCENT_OUT_OF_RANGE"),
        ({"uncertainty": 5, "amount_uncertainty_percent": 5}, "amount_uncertainty_percent", "DUPLICATE_COLUMN"),
        ({"factor": EPA | {"per": None}}, "factor_per", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"per": "ton"}}, "factor_per", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"co2": "10.21 km"}}, "factor_co2", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"co2": "-10.21 kg"}}, "factor_co2", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"unobtainium": "1 kg"}}, "factor_unobtainium", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"ch4": "0.01 kgCO2e"}}, "factor_ch4", "FACTOR_MALFORMED"),
        ({"factor": {"per": "us_gallon"}}, "factor_co2e", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"gwp_set": "AR9"}}, "factor_gwp_set", "FACTOR_MALFORMED"),
        ({"factor": EPA | {"year": "last"}}, "factor_year", "FACTOR_MALFORMED"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_line_column_and_code_and_no_figure_is_given(
    change: dict[str, Any], column: str, code: str
) -> None:
    other = GOOD | {"note": "another tank"}

    assert problems_of([GOOD, other | change]) == [(2, column, code)]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ({"category": "vehicle_fuel", "item": "diesel", "amount": 5, "unit": "litre"}, "start", "MISSING_VALUE"),
        # An optional source is recorded without a factor, but never because its time is not known.
        ({"category": "waste", "item": "food", "treatment": "landfill", "amount": 5, "unit": "kg"}, "start",
         "MISSING_VALUE"),
        ({"category": "vehicle_fuel", "item": "diesel", "amount": 5, "unit": "litre", "year": 1990}, "category",
         "FACTOR_MISSING"),
        ({"category": "refrigerant", "item": "R-9999", "amount": 5, "unit": "kg"}, "item", "UNKNOWN_ITEM"),
        # The form's own dimensions hold whatever the factor is per: kilometres are of vehicle_distance.
        ({"category": "vehicle_fuel", "item": "diesel", "amount": 5, "unit": "km", "factor": {"per": "km", "co2": 1}},
         "unit", "UNITS_NOT_CONVERTIBLE"),
        # A formula holds; a factor that would be passed over is refused instead.
        ({"category": "refrigerant", "item": "R-410A", "amount": 5, "unit": "kg", "factor": {"per": "kg", "co2e": 1}},
         "factor_per", "FACTOR_NOT_USED"),
        ({"category": "refrigerant", "item": "R-410A", "phase": "installation", "amount": 5, "unit": "kg",
          "capacity": 6}, "capacity", "CONFLICTING_VALUES"),
        ({"category": "wastewater", "treatment": "septic_system", "bod_kg": 1, "recovered_ch4_kg": 5}, "",
         "NEGATIVE_AMOUNT"),
        ({"category": "air_travel", "origin": "NBO", "destination": "LON", "class": "economy", "passengers": 1,
          "return": "no", "year": 2024}, "destination", "UNKNOWN_AIRPORT"),
        ({"category": "air_travel", "origin": "NBO", "destination": "NBO", "class": "economy", "passengers": 1,
          "return": "no", "year": 2024}, "destination", "SAME_AIRPORT"),
        ({"category": "air_travel", "origin": "NBO", "destination": "GVA", "class": "economy", "passengers": "1.5",
          "return": "maybe", "year": 2024}, "passengers", "NOT_A_NUMBER"),
    ],
)  # fmt: skip
def test_what_a_form_does_not_bear_is_refused(line: dict[str, Any], column: str, code: str) -> None:
    assert (1, column, code) in problems_of([line])


def test_the_same_line_twice_is_named() -> None:
    assert problems_of([GOOD, GOOD]) == [(2, "", "DUPLICATE_ROW")]
    long = "a note that goes on and on " * 5
    assert len(answered([GOOD | {"note": f"{long}one"}, GOOD | {"note": f"{long}two"}])["lines"]) == 2


def test_no_lines_are_no_answer() -> None:
    assert problems_of([]) == [(1, "", "NO_ROWS")]
    assert problems_of(b"category,amount\n") == [(1, "", "NO_ROWS")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "WORKSHEET_MALFORMED"),
        (b'[{"category": "waste", "category": "water"}]', "WORKSHEET_MALFORMED"),
        (b'[{"amount": NaN}]', "WORKSHEET_MALFORMED"),
        (b'[{"amount": [1]}]', "WORKSHEET_MALFORMED"),
        (b"[1]", "WORKSHEET_MALFORMED"),
        (b'{"rows": []}', "WORKSHEET_MALFORMED"),
        (b'{"lines": {}}', "WORKSHEET_MALFORMED"),
        (b"[" * 100_000, "WORKSHEET_MALFORMED"),
        (b"\xff\xfe\x00", "BAD_WORKBOOK"),
        (b"\xd0\xcf\x11\xe0", "BAD_WORKBOOK"),
        (b" [" + b" " * 10_000_001, "FILE_TOO_LARGE"),
        (b'{"lines": [], "gwp": "AR9"}', "GWP_SET_UNKNOWN"),
        (b'{"lines": [], "gwp": {"gases": {"CO2": 2}}}', "GWP_SET_MALFORMED"),
        (b'{"lines": [], "gwp": {"gases": {"CO2": 1, "CH4": "many"}}}', "GWP_SET_MALFORMED"),
        (b'{"lines": [], "gwp": {"gasses": {}}}', "GWP_SET_MALFORMED"),
        (b'{"lines": [], "blends": {"X": {"R-32": 50}}}', "BLEND_MALFORMED"),
        (b'{"lines": [], "blends": {"X": {"R-32": 50, "R-999": 50}}}', "BLEND_MALFORMED"),
        (b'{"lines": [], "blends": {"X": 5}}', "BLEND_MALFORMED"),
        (b'{"lines": [], "factors": [{"category": "waste"}]}', "CATALOGUE_MALFORMED"),
        (b'{"lines": [], "factors": [{"category": "vehicle_fuel", "item": "x", "per": "ton", "co2": 1}]}',
         "CATALOGUE_MALFORMED"),
        (b'{"lines": [], "factors": [], "place": "KEN"}', "WORKSHEET_MALFORMED"),
        (b'{"lines": [], "year": "MMXXIV"}', "WORKSHEET_MALFORMED"),
        (b'{"lines": [], "year": 99999}', "WORKSHEET_MALFORMED"),
        (b'{"lines": [], "place": {"country": 5}}', "WORKSHEET_MALFORMED"),
        (b'[{"amount": 1e999999999}]', "WORKSHEET_MALFORMED"),
        (b'{"lines": [], "gwp": {"name": "AR5", "gases": {"CO2": 1}}}', "GWP_SET_MALFORMED"),
        (b'{"lines": [], "edition": "un-1900"}', "METHOD_EDITION_UNKNOWN"),
    ],
)  # fmt: skip
def test_what_is_no_worksheet_is_refused_by_what_it_is(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    out = io.StringIO()

    assert quantify.main([str(tmp_path / "none.csv"), "--format", "json"], stdout=out) == 1
    assert json.loads(out.getvalue())["refused"]["code"] == "FILE_NOT_READABLE"


@pytest.mark.parametrize(
    ("option", "content", "code"),
    [
        ("--gwp", "kg_co2e_per_kg,gas\n1\n", "GWP_SET_MALFORMED"),
        ("--blends", "mass_percent,gas,blend\n50\n", "BLEND_MALFORMED"),
        ("--gwp", "gas,kg_co2e_per_kg\nCO2,1,7\n", "BAD_WORKBOOK"),
        ("--blends", "blend,gas,mass_percent\nR-1X,HFC-32,100,7\n", "BAD_WORKBOOK"),
        ("--factors", "category,item,per,co2\nvehicle_fuel,diesel,litre,2.7 kg,7\n", "BAD_WORKBOOK"),
        ("--instruments", "kind,market\nx,KEN,7\n", "BAD_WORKBOOK"),
        ("--factors", f"category,item,per,co2\n{'x' * 200_000},diesel,litre,2.7 kg\n", "BAD_WORKBOOK"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_beside_the_lines_whose_rows_do_not_fit_its_header_is_refused(
    tmp_path: Path, option: str, content: str, code: str
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(content)

    assert refused([GOOD], option, str(mine)) == code
