"""`quantify`: factors, GWP sets and blends that are given with the lines."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.inventory.tests.worksheets import answered, problems_of, refused, the_line


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
    mine.write_text(f'{header}\n{row}\n{row.replace("diesel", """ "a"b """.strip())}\n')
    assert refused([line], "--factors", str(mine)) == "BAD_WORKBOOK"
    mine.write_text(f"{header}\n{row[:30]}\n")
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
    # A comma at the end of each line is no cell.
    gwp.write_text(gwp.read_text().replace("\n", ",\n"))

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
