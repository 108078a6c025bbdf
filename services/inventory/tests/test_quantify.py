"""`quantify`: a worksheet in, figures with their lineage out; or every bad line named, and no figure."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from inventory.catalogue import airports, airports_by_city, emission_factors, region_of
from inventory.commands import quantify
from inventory.domain.emission_factor import Place
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.quantification import multiply, resolve_coefficient
from inventory.domain.workbook import Reference, read_rows
from inventory.spreadsheet import read_spreadsheet
from quantities import GwpSet

Run = tuple[int, str, str]
EPA = {
    "per": "us_gallon", "co2": "10.21 kg", "ch4": "0.41 g", "n2o": "0.08 g",
    "publisher": "US EPA", "document": "GHG Emission Factors Hub 2025", "table": "table 1", "year": 2025,
}  # fmt: skip
GOOD = {"category": "heating_fuel", "item": "distillate no 2", "amount": 100, "unit": "us_gallon", "factor": EPA}


def run(lines: Any, *options: str) -> Run:
    content = lines if isinstance(lines, bytes) else json.dumps(lines).encode()
    out, err = io.StringIO(), io.StringIO()
    code = quantify.main(["-", *options], stdin=io.BytesIO(content), stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


def answered(lines: Any, *options: str) -> dict[str, Any]:
    code, out, err = run(lines, "--format", "json", *options)
    assert (code, err) == (0, ""), out
    return json.loads(out)


def the_line(line: Mapping[str, Any], *options: str) -> dict[str, Any]:
    (found,) = answered([line], *options)["lines"]
    return found


def problems_of(lines: Any, *options: str) -> list[tuple[int, str, str]]:
    code, out, _ = run(lines, "--format", "json", *options)
    assert code == 1
    assert "totals" not in out
    assert "emissions" not in out
    return [(item["line"], item["column"], item["code"]) for item in json.loads(out)["problems"]]


def refused(lines: Any, *options: str) -> str:
    code, out, _ = run(lines, "--format", "json", *options)
    assert code == 1
    return json.loads(out)["refused"]["code"]


def as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list({name: None for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_a_factor_given_with_the_line_is_taken_as_published_and_traced() -> None:
    found = the_line(GOOD)

    # 100 gal x (10.21 kg CO2, 0.41 g CH4, 0.08 g N2O); AR5: 28 and 265.
    assert found["emissions"]["by_gas"] == {
        "CO2": {"value": "1021", "unit": "kg"},
        "CH4": {"value": "0.041", "unit": "kg"},
        "N2O": {"value": "0.008", "unit": "kg"},
    }
    assert found["emissions"]["co2e"] == {"value": "1024.268", "unit": "kgCO2e"}
    assert (found["scope"], found["optional"]) == (1, False)
    lineage = found["lineage"]
    assert lineage["publisher"] == "US EPA"
    assert lineage["table"] == "table 1"
    assert lineage["published_as"] == "10.21 kg co2, 0.41 g ch4, 0.08 g n2o per us_gallon"
    assert lineage["conversion"]["to"] == {"value": "1", "unit": "us_gallon"}
    assert (lineage["gwp_set"], lineage["gwp"]["CH4"]["value"]) == ("AR5", "28")


def test_the_lineage_alone_gives_the_figure_again() -> None:
    found = the_line(GOOD | {"amount": "378.5411784", "unit": "litre"}, "--gwp", "AR6")
    lineage = found["lineage"]

    gallons = Decimal("378.5411784") * Decimal(lineage["conversion"]["to"]["value"])
    by_gas = {gas: Decimal(kg["value"]) for gas, kg in lineage["coefficient"]["by_gas"].items()}
    assert gallons.quantize(Decimal("1e-9")) == 100
    by_hand = sum(Decimal("378.5411784") * kg * Decimal(lineage["gwp"][gas]["value"]) for gas, kg in by_gas.items())
    assert by_hand.quantize(Decimal("1e-9")) == Decimal(found["emissions"]["co2e"]["value"]).quantize(Decimal("1e-9"))


def test_csv_and_json_say_the_same() -> None:
    flat = {"category": "heating_fuel", "item": "distillate no 2", "amount": "100", "unit": "us_gallon"}
    rows = [flat | {f"factor_{name}": str(value) for name, value in EPA.items()}]

    from_csv, from_json = answered(as_csv(rows)), answered([GOOD])

    assert from_csv["totals"] == from_json["totals"]
    assert from_csv["lines"][0]["lineage"] == from_json["lines"][0]["lineage"]


def test_a_workbook_is_read_like_a_csv_file(tmp_path: Path) -> None:
    mine = tmp_path / "lines.xlsx"
    with xlsxwriter.Workbook(str(mine)) as workbook:
        sheet = workbook.add_worksheet("Mine")
        sheet.write_row(0, 0, ["category", "item", "year", "amount", "unit"])
        sheet.write_row(1, 0, ["vehicle_fuel", "diesel", 2024, 10.5, "litre"])
    out = io.StringIO()

    assert quantify.main([str(mine), "--format", "json"], stdout=out) == 0
    (found,) = json.loads(out.getvalue())["lines"]
    assert (found["sheet"], found["line"], found["amount"]["value"]) == ("Mine", 2, "10.5")


def test_a_line_without_a_factor_of_its_own_takes_the_catalogues_of_its_place_and_year() -> None:
    line = {"category": "electricity", "amount": 1, "unit": "MWh", "year": 2024, "country": "USA", "grid": "US-NYCW"}

    # EPA Hub 2025, table 6, NYCW: 974.656 lb CO2, 0.025 lb CH4, 0.003 lb N2O per MWh.
    pounds = Decimal("974.656") + Decimal("0.025") * 28 + Decimal("0.003") * 265
    assert Decimal(the_line(line)["emissions"]["co2e"]["value"]) == pounds * Decimal("0.45359237")
    assert the_line(line)["lineage"]["factor_id"].startswith("epa-hub-2025:")
    assert the_line(line | {"country": "", "grid": ""}, "--place", "KEN")["lineage"]["place"] == "KEN"


def test_a_country_without_a_factor_takes_its_regions_average_as_in_an_inventory() -> None:
    line = {"category": "electricity", "amount": 1, "unit": "MWh", "year": 2024}

    by_line, by_option = the_line(line | {"country": "LIE"}), the_line(line, "--place", "LIE")

    assert by_line["lineage"]["place"] == "Europe"
    assert "average of a region" in by_line["lineage"]["explanation"]
    assert by_line["emissions"] == by_option["emissions"]


def test_it_says_what_the_import_of_the_service_says() -> None:
    """The same lines read for an inventory, and quantified as an import does."""
    rows = [
        "site,category,item,start,end,amount,unit,treatment,origin,destination,class,passengers,return,quality",
        "unon,grid_electricity,grid,2024-01-01,2024-03-31,1000.5,kWh,,,,,,,measured",
        "unon,generator_fuel,diesel,2024-01-01,2024-06-30,12.5,us_gallon,,,,,,,measured",
        "unon,heating_fuel,wood,2024-01-01,2024-06-30,2,short_ton,,,,,,,measured",
        "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,,,,,measured",
        "unon,air_travel,,2024-05-05,,,,,NBO,JFK,business,2,yes,measured",
        "unon,rail_travel,train,2024-05-05,,120,mile,,,,,3,,measured",
    ]
    content = "\n".join(rows).encode()
    here = Place(country="KEN", grid=None, region=region_of("KEN"))
    reference = Reference(
        places={"unon": here}, year=2024, catalogue=emission_factors(), gwp_set=GwpSet.named(GWP_SET_NAME),
        airports=airports(), airports_by_city=airports_by_city(),
    )  # fmt: skip
    activities, problems = read_rows(read_spreadsheet(content), reference=reference)
    assert not problems
    imported = []
    for activity in activities:
        coefficient = resolve_coefficient(
            category=activity.category, key=activity.key, unit=activity.amount.unit, place=here,
            period=activity.period, catalogue=reference.catalogue, gwp_set=reference.gwp_set,
        )  # fmt: skip
        assert coefficient is not None
        found = multiply(coefficient, amount=activity.amount)
        imported.append((found.co2e_kg, dict(found.kg_by_gas), coefficient.explanation))

    lines = answered(content, "--place", "KEN")["lines"]

    assert [
        (
            Decimal(line["emissions"]["co2e"]["value"]),
            {gas: Decimal(kg["value"]) for gas, kg in line["emissions"]["by_gas"].items()},
            line["lineage"]["explanation"],
        )
        for line in lines
    ] == imported


@pytest.mark.parametrize(
    ("line", "co2e"),
    [
        # 12 kg charged into equipment that holds 11.5 kg; R-410A by AR5 1 923.5.
        ({"category": "refrigerant", "item": "R410A", "phase": "installation", "amount": 12, "unit": "kg",
          "capacity": 11.5}, "961.75"),
        ({"category": "refrigerant", "item": "HCFC-22", "phase": "disposal", "amount": 10, "unit": "kg",
          "recovered": 10}, "0"),
        # ICAO's figure as given: 500.5 kg x 2 passengers x 2 ways.
        ({"category": "air_travel", "origin": "NBO", "destination": "GVA", "passengers": 2, "return": "yes",
          "co2_kg_per_passenger": "500.5", "calculator_version": "5.0.8"}, "2002"),
        # BOD 100 kg x Bo 0.6 x MCF 0.5, less 5 kg recovered; CH4 by AR5 28.
        ({"category": "wastewater", "treatment": "septic_system", "bod_kg": 100, "recovered_ch4_kg": 5}, "700"),
        ({"category": "generator_fuel", "item": "diesel", "generated_kwh": 2500, "year": 2024}, "2690.8"),
        ({"category": "on_site_renewables", "item": "solar", "amount": 5, "unit": "kWh", "generated_kwh": 6}, None),
    ],
)  # fmt: skip
def test_every_form_of_the_method_is_read(line: dict[str, Any], co2e: str | None) -> None:
    found = the_line(line)

    assert (found["emissions"] and found["emissions"]["co2e"]["value"]) == co2e


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
        ({"amount_uncertainty_percent": -5}, "amount_uncertainty_percent", "PERCENT_OUT_OF_RANGE"),
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


def test_a_part_is_quantified_only_when_asked_for_and_says_so() -> None:
    lines = [GOOD, GOOD | {"unit": "ton", "note": "b"}]

    code, out, err = run(lines, "--format", "json", "--partial")

    assert code == 3
    found = json.loads(out)
    assert [line["line"] for line in found["lines"]] == [1]
    assert found["totals"]["co2e"]["value"] == "1024.268"
    assert [item["code"] for item in found["left_out"]] == ["AMBIGUOUS_UNIT"]
    assert "AMBIGUOUS_UNIT" in err
    assert run([lines[1]], "--partial")[0] == 1


def test_only_the_factors_that_are_asked_for_are_used(tmp_path: Path) -> None:
    line = {"category": "vehicle_fuel", "item": "diesel", "amount": 10, "unit": "litre", "year": 2024}
    mine = tmp_path / "mine.csv"
    mine.write_text("category,item,per,co2,uncertainty_percent\nvehicle_fuel,diesel,litre,2.7 kg,5\n")

    assert problems_of([line], "--factors", "inline") == [(1, "category", "FACTOR_MISSING")]
    found = the_line(line | {"amount_uncertainty_percent": 0}, "--factors", str(mine))
    assert found["emissions"]["co2e"]["value"] == "27"
    assert found["emissions"]["interval"]["percent"] == "5"
    # Without a time of its own a factor holds always, and a line needs none.
    assert the_line(line | {"year": None}, "--factors", str(mine))["emissions"]["co2e"]["value"] == "27"
    document = {"lines": [line], "factors": [{"category": "vehicle_fuel", "key": "diesel", "per": "litre", "co2e": 3}]}
    assert answered(document)["totals"]["co2e"]["value"] == "30"
    assert refused(document, "--factors", str(mine)) == "WORKSHEET_MALFORMED"


def test_the_catalogue_itself_can_be_given(tmp_path: Path) -> None:
    header = (
        "id,release,category,key,place,valid_from,valid_to,unit,gases_stated_in,co2,ch4,n2o,co2e,biogenic_co2,gwp_set,"
        "published_as,publisher,document,table,year,licence,status"
    )
    mine = tmp_path / "mine.csv"
    row = "x,y,vehicle_fuel,diesel,default,2024-01-01,2025-01-01,litre,kg,2,0,0,,,,2 kg,p,d,t,2024,l,published"
    mine.write_text(f"{header}\n{row}\n")
    line = {"category": "vehicle_fuel", "item": "diesel", "amount": 10, "unit": "litre", "year": 2024}

    assert the_line(line, "--factors", str(mine))["lineage"]["factor_id"] == "x"
    mine.write_text(f"{header}\n{row.replace('litre', 'ton')}\n")
    assert refused([line], "--factors", str(mine)) == "CATALOGUE_MALFORMED"


@pytest.mark.parametrize(("gwp", "co2e"), [("AR4", "25"), ("AR5", "28"), ("AR6", "27.9")])
def test_the_gwp_set_is_the_one_that_is_asked_for(gwp: str, co2e: str) -> None:
    line = {"category": "heating_fuel", "item": "x", "amount": 1, "unit": "kg", "factor": {"per": "kg", "ch4": "1 kg"}}

    assert the_line(line, "--gwp", gwp)["emissions"]["co2e"]["value"] == co2e
    assert answered({"lines": [line], "gwp": gwp})["totals"]["co2e"]["value"] == co2e


def test_a_gwp_set_and_blends_of_ones_own_hold(tmp_path: Path) -> None:
    line = {"category": "refrigerant", "item": "R-1X", "amount": 2, "unit": "kg"}
    gwp, blends = tmp_path / "gwp.csv", tmp_path / "blends.csv"
    gwp.write_text("gas,kg_co2e_per_kg\nCO2,1\nHFC-32,700\nHC-290,3\n")
    blends.write_text("blend,gas,mass_percent\nR-1X,HFC-32,90\nR-1X,HC-290,10\n")

    found = the_line(line, "--gwp", str(gwp), "--blends", str(blends))

    # 2 kg x (0.9 x 700 + 0.1 x 3)
    assert found["emissions"]["co2e"]["value"] == "1260.6"
    assert found["emissions"]["by_gas"]["HC-290"] == {"value": "0.2", "unit": "kg"}
    document = {
        "lines": [line],
        "gwp": {"name": "AR5 with propane", "extends": "AR5", "gases": {"HC-290": "3"}},
        "blends": {"R-1X": {"R-32": 90, "HC-290": 10}},
    }
    # AR5 has HFC-32 at 677.
    assert answered(document)["totals"]["co2e"]["value"] == "1219.2"


def test_co2e_as_published_by_another_gwp_set_is_worked_out_anew_from_its_gases() -> None:
    # UK 2022, diesel mineral per litre, by AR4: kgCO2e of CO2, CH4 and N2O.
    factor = {"per": "litre", "co2": "2.66134 kgCO2e", "ch4": "0.00026 kgCO2e", "n2o": "0.0372 kgCO2e",
              "co2e": "2.6988", "gwp_set": "AR4"}  # fmt: skip
    line = {"category": "vehicle_fuel", "item": "mineral diesel", "amount": 1, "unit": "litre", "factor": factor}

    assert the_line(line, "--gwp", "AR4")["emissions"]["co2e"]["value"] == "2.6988"
    by_ar5 = Decimal(the_line(line, "--gwp", "AR5")["emissions"]["co2e"]["value"])
    by_hand = Decimal("2.66134") + Decimal("0.00026") / 25 * 28 + Decimal("0.0372") / 298 * 265
    assert abs(by_ar5 - by_hand) < Decimal("1e-20")


def test_biogenic_co2_is_beside_the_total_and_optional_emissions_apart() -> None:
    wood = {"category": "heating_fuel", "item": "wood", "amount": 1, "unit": "tonne", "year": 2024}
    waste = {"category": "waste", "item": "mixed", "treatment": "landfill", "amount": 1, "unit": "tonne", "year": 2024}

    totals = answered([wood, waste])["totals"]

    # IPCC 2006: 0.0156 TJ x (300 kg CH4, 4 kg N2O, 112 000 kg CO2); UK 2024, mixed waste to landfill.
    assert totals["co2e"]["value"] == "147.576"
    assert totals["biogenic_co2"]["value"] == "1747.2"
    assert list(totals["optional_by_category"]) == ["waste"]
    assert Decimal(totals["optional"]["value"]) > 0


def test_the_edition_says_whether_hcfc_is_in_the_total() -> None:
    line = {"category": "refrigerant", "item": "R-22", "amount": 1, "unit": "kg"}

    assert answered([line])["totals"]["co2e"]["value"] == "1760"
    before = answered([line], "--edition", "un-2008")["totals"]
    assert (before["co2e"]["value"], before["optional"]["value"]) == ("0", "1760")


def test_lines_of_one_factor_are_wrong_together_and_those_of_two_are_not() -> None:
    percents = {"amount_uncertainty_percent": 0, "factor_uncertainty_percent": 10}
    same = [GOOD | percents | {"note": note} for note in ("a", "b")]
    others = [same[0], GOOD | percents | {"factor": EPA | {"table": "another"}}]

    together, apart = answered(same)["totals"]["interval"], answered(others)["totals"]["interval"]

    assert together["percent"] == "10"
    # 10 % / sqrt(2), by approach 1.
    assert apart["percent"] == "7.071068"
    assert (together["covered_percent"], together["of"]["value"]) == ("100", "2048.536")


def test_an_interval_covers_what_is_stated_and_is_not_there_where_nothing_is() -> None:
    stated = GOOD | {"amount_uncertainty_percent": 3, "factor_uncertainty_percent": 4}

    assert answered([GOOD])["totals"]["interval"] is None
    found = answered([stated, GOOD | {"note": "b"}])["totals"]["interval"]
    assert (found["percent"], found["covered_percent"]) == ("5", "50")


REC = {"reference": "REC-1", "source": "wind", "market": "KEN", "year": 2024, "amount": 400, "unit": "kWh",
       "co2e_kg_per_kwh": "0.01"}  # fmt: skip
GRID = {"category": "electricity", "amount": 1000, "unit": "kWh", "year": 2024, "country": "KEN"}
HEAT = {"category": "steam", "item": "steam", "amount": 10, "unit": "kWh", "factor": {"per": "kWh", "co2e": "0.2"}}


def by_market(*instruments: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answered({"lines": [GRID, HEAT], "instruments": list(instruments)})["scope_2"]
    return found


def test_scope_2_is_given_both_ways_by_the_rules_of_the_service() -> None:
    found = by_market(REC)

    # Ember 2024, Kenya: 84.83 g per kWh; heat has no instruments.
    assert found["location_based"]["value"] == "86.83"
    assert Decimal(found["market_based"]["value"]) == 600 * Decimal("0.08483") + 400 * Decimal("0.01") + 2
    assert [(part["line"], part["basis"], part["amount"]["value"]) for part in found["parts"]] == [
        (1, "instrument", "400"),
        (1, "location_based", "600"),
    ]
    assert found["excess"] == []
    assert answered([GRID])["scope_2"]["market_based"]["value"] == "84.83"
    assert answered([GOOD])["scope_2"] is None
    assert "market-based, beside it" in run([GRID])[1]


def test_an_instrument_covers_the_load_of_its_market_and_year_and_no_more() -> None:
    assert by_market(REC | {"amount": "2", "unit": "MWh"})["market_based"]["value"] == "12"
    assert by_market(REC | {"amount": "2", "unit": "MWh"})["excess"][0]["amount"] == {"value": "1000", "unit": "kWh"}
    earlier = by_market(REC | {"year": 2023})
    assert (earlier["market_based"]["value"], earlier["excess"][0]["amount"]["value"]) == ("86.83", "400")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"market": "FRA"}, "INSTRUMENT_OUTSIDE_MARKET"),
        ({"source": "hope"}, "INSTRUMENT_SOURCE_UNKNOWN"),
        ({"amount": 0}, "INSTRUMENT_AMOUNT_NOT_POSITIVE"),
        ({"amount": "much"}, "INSTRUMENT_MALFORMED"),
        ({"unit": "litre"}, "UNITS_NOT_CONVERTIBLE"),
        ({"co2e_kg_per_kwh": -1}, "INSTRUMENT_RATE_NEGATIVE"),
        ({"co2e_kg_per_kwh": None}, "INSTRUMENT_MALFORMED"),
        ({"year": 99999}, "INSTRUMENT_MALFORMED"),
        ({"kind": "promise"}, "INSTRUMENT_MALFORMED"),
        ({"colour": "green"}, "INSTRUMENT_MALFORMED"),
        ({"redeemed_on": "2023-12-31"}, "INSTRUMENT_REDEEMED_OUT_OF_TIME"),
    ],
)
def test_an_instrument_that_does_not_count_is_refused_by_what_it_is(change: dict[str, Any], code: str) -> None:
    assert refused({"lines": [GRID], "instruments": [REC | change]}) == code


def test_instruments_come_as_a_file_too(tmp_path: Path) -> None:
    mine = tmp_path / "bought.csv"
    mine.write_text("reference,source,market,year,amount,unit,co2e_kg_per_kwh\nREC-1,wind,KEN,2024,1,MWh,0\n")

    assert answered([GRID], "--instruments", str(mine))["scope_2"]["market_based"]["value"] == "0"
    mine.write_text("[5]")
    assert refused([GRID], "--instruments", str(mine)) == "WORKSHEET_MALFORMED"


def test_a_table_rounds_and_the_document_does_not() -> None:
    line = GOOD | {"amount": "0.0000001"}

    code, out, err = run([line])

    assert (code, err) == (0, "")
    assert "0.000001024" in out
    assert "table 1" in out
    assert "No interval" in out
    assert the_line(line)["emissions"]["co2e"]["value"] == "0.000001024268"
    _, problems, err = run([GOOD | {"unit": "ton"}])
    assert problems == ""
    assert "AMBIGUOUS_UNIT" in err
    assert "nothing was quantified" in err


def test_wrong_options_exit_with_their_own_code() -> None:
    with pytest.raises(SystemExit) as caught:
        quantify.main(["-", "--format", "poem"])

    assert caught.value.code == 2
