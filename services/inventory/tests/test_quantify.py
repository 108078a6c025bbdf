"""`quantify`: a worksheet in, figures with their lineage out."""

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
from services.inventory.tests.worksheets import EPA, GOOD, answered, run, the_line


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
