"""`quantify`: totals, their intervals, and scope 2 both ways."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.inventory.tests.worksheets import EPA, GOOD, answered, refused, run

REC = {"reference": "REC-1", "source": "wind", "market": "KEN", "year": 2024, "amount": 400, "unit": "kWh",
       "co2e_kg_per_kwh": "0.01"}  # fmt: skip
GRID = {"category": "electricity", "amount": 1000, "unit": "kWh", "year": 2024, "country": "KEN"}
HEAT = {"category": "steam", "item": "steam", "amount": 10, "unit": "kWh", "factor": {"per": "kWh", "co2e": "0.2"}}


def by_market(*instruments: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answered({"lines": [GRID, HEAT], "instruments": list(instruments)})["scope_2"]
    return found


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
        ({"year": None}, "INSTRUMENT_MALFORMED"),
        ({"redeemed_on": "31/12/2024"}, "INSTRUMENT_MALFORMED"),
        ({"kind": "promise"}, "INSTRUMENT_MALFORMED"),
        ({"colour": "green"}, "INSTRUMENT_MALFORMED"),
        ({"redeemed_on": "2023-12-31"}, "INSTRUMENT_REDEEMED_OUT_OF_TIME"),
    ],
)
def test_an_instrument_that_does_not_count_is_refused_by_what_it_is(change: dict[str, Any], code: str) -> None:
    assert refused({"lines": [GRID], "instruments": [REC | change]}) == code


def test_electricity_of_no_year_has_no_instrument_and_a_residual_mix_only_for_all_time() -> None:
    line = {
        "category": "electricity",
        "amount": 10,
        "unit": "kWh",
        "country": "KEN",
        "factor": {"per": "kWh", "co2": 1},
    }
    mix = {"category": "grid_electricity", "key": "residual_mix", "place": "KEN", "per": "kWh", "co2e": 3}
    figures = [
        answered({"lines": [line], "factors": [mix | valid], "instruments": [REC]})["scope_2"]["market_based"]["value"]
        for valid in ({}, {"valid_from": "2024-01-01", "valid_to": "2101-01-01"})
    ]

    assert figures == ["30", "10"]


def test_instruments_come_as_a_file_too(tmp_path: Path) -> None:
    mine = tmp_path / "bought.csv"
    mine.write_text("reference,source,market,year,amount,unit,co2e_kg_per_kwh\nREC-1,wind,KEN,2024,1,MWh,0\n")

    assert answered([GRID], "--instruments", str(mine))["scope_2"]["market_based"]["value"] == "0"
    mine.write_text("[5]")
    assert refused([GRID], "--instruments", str(mine)) == "WORKSHEET_MALFORMED"
