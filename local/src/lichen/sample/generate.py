"""Writes the activity data of the sample Secretariat from its plan: `python -m lichen.sample.generate`.

The plan says how much of what a year has, and when in the year; air travel takes what is left of the location's total.
Nothing is random: the same plan gives the same files, byte for byte.
"""

import csv
import json
import math
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

import airportsdata
import xlsxwriter

__all__ = ["COLUMNS", "Row", "co2e_kg", "main", "rows_of", "rows_with_problems"]

DATA = Path(__file__).parent / "data"
YEAR = 2024
COLUMNS = (
    "site",
    "category",
    "item",
    "start",
    "end",
    "amount",
    "unit",
    "origin",
    "destination",
    "class",
    "passengers",
    "return",
    "treatment",
    "quality",
    "note",
)

Row = dict[str, str]
"""One row of activity data as text, by column."""

_EARTH_RADIUS_KM = Decimal("6371.009")
_BLANK: Mapping[str, str] = dict.fromkeys(COLUMNS, "")
_MONTHS = tuple(range(1, 13))


def _table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _plan(name: str, *, location: str) -> list[dict[str, str]]:
    return [line for line in _table(f"plan/{name}.csv") if line["location"] == location]


@cache
def _seasons() -> dict[str, tuple[Decimal, ...]]:
    lines = _table("plan/seasons.csv")
    return {line["season"]: tuple(Decimal(line[f"{month:02}"]) for month in _MONTHS) for line in lines}


@cache
def _coordinates() -> dict[str, tuple[Decimal, Decimal]]:
    found = airportsdata.load("IATA").items()
    return {code: (Decimal(str(airport["lat"])), Decimal(str(airport["lon"]))) for code, airport in found}


def _distance_km(origin: str, destination: str) -> Decimal:
    (north_1, east_1), (north_2, east_2) = _coordinates()[origin], _coordinates()[destination]
    latitude_1, latitude_2 = math.radians(north_1), math.radians(north_2)
    turn = math.sin(math.radians(east_2 - east_1) / 2) ** 2
    haversine = math.sin((latitude_2 - latitude_1) / 2) ** 2 + math.cos(latitude_1) * math.cos(latitude_2) * turn
    angle = Decimal(2 * math.asin(math.sqrt(haversine)))
    return (angle * _EARTH_RADIUS_KM).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)


@cache
def _factors() -> dict[tuple[str, str, str], Decimal]:
    lines = _table("plan/factors.csv")
    return {(line["category"], line["item"], line["place"]): Decimal(line["kgco2e_per_unit"]) for line in lines}


@cache
def _grids() -> dict[str, str]:
    return {line["id"]: line["grid"] for line in _table("locations.csv")}


def _passenger_km(row: Row) -> Decimal:
    legs = 2 if row["return"] == "yes" else 1
    return _distance_km(row["origin"], row["destination"]) * int(row["passengers"]) * legs


def co2e_kg(row: Row) -> Decimal:
    """KgCO2e of a row by the plan's own few factors; waste and water are optional, outside the total, and give 0."""
    category = row["category"]
    if category in ("waste", "water", "wastewater"):
        return Decimal(0)
    if category == "air_travel":
        return _passenger_km(row) * _factors()[category, row["class"], ""]
    place = _grids()[row["site"]] if category == "grid_electricity" else ""
    return Decimal(row["amount"]) * _factors()[category, row["item"], place]


def _month(month: int) -> dict[str, str]:
    """A month as the files state periods: the first and the last day."""
    last = monthrange(YEAR, month)[1]
    return {"start": date(YEAR, month, 1).isoformat(), "end": date(YEAR, month, last).isoformat()}


def _parts(annual: Decimal, *, season: str, shift: int) -> list[Decimal]:
    """Whole units a month that add up to the year. The shift keeps meters of one season from being copies."""
    weights = [weight * (100 + (7 * month + 5 * shift) % 9 - 4) for month, weight in enumerate(_seasons()[season])]
    whole = sum(weights)
    parts = [(annual * weight / whole).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) for weight in weights[:-1]]
    return [*parts, annual - sum(parts)]


def _meter_rows(location: str, *, note: str) -> Iterator[Row]:
    for shift, meter in enumerate(_plan("meters", location=location)):
        amounts = _parts(Decimal(meter["annual_amount"]), season=meter["season"], shift=shift)
        kept = {column: meter[column] for column in ("site", "category", "item", "treatment", "unit", "quality")}
        remark = f"{meter['status']}: {meter['basis']}" if meter["basis"] else note
        for month, amount in zip(_MONTHS, amounts, strict=True):
            yield {**_BLANK, **kept, **_month(month), "amount": str(amount), "note": remark}


def _refrigerant_rows(location: str, *, note: str) -> Iterator[Row]:
    for line in _plan("refrigerants", location=location):
        yield {
            **_BLANK,
            "site": line["site"],
            "category": "refrigerant",
            "item": line["item"],
            "start": line["day"],
            "end": line["day"],
            "amount": line["amount_kg"],
            "unit": "kg",
            "quality": "measured",
            "note": note,
        }


def _flight_rows(location: str, *, budget_kg: Decimal, note: str) -> Iterator[Row]:
    """Flights that emit the budget. A rounded passenger is made up for by the next row, so that the sum holds."""
    routes = _plan("flights", location=location)
    months = _seasons()["travel"]
    whole = sum(Decimal(route["weight"]) for route in routes) * sum(months)
    owed_kg = Decimal(0)
    for route in routes:
        kept = {column: route[column] for column in ("site", "origin", "destination", "class", "return")}
        one = {**_BLANK, **kept, "category": "air_travel", "passengers": "1", "quality": "measured", "note": note}
        each_kg = co2e_kg(one)
        for month in _MONTHS:
            owed_kg += budget_kg * Decimal(route["weight"]) * months[month - 1] / whole
            passengers = max(0, int((owed_kg / each_kg).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)))
            owed_kg -= passengers * each_kg
            if passengers:
                yield {**one, **_month(month), "passengers": str(passengers)}


def rows_of(location: str) -> list[Row]:
    """Every row of a location's year."""
    (totals,) = _plan("totals", location=location)
    note = totals["note"]
    rows = [*_meter_rows(location, note=note), *_refrigerant_rows(location, note=note)]
    budget_kg = Decimal(totals["total_tonnes"]) * 1000 - sum(map(co2e_kg, rows))
    return [*rows, *_flight_rows(location, budget_kg=budget_kg, note=note)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """A cell to spoil: in the n-th row of a category."""

    category: str
    nth: int
    column: str
    found: str
    code: str
    what: str


_DUPLICATED_ROW = 3
_FAULTS = (
    _Fault(
        category="grid_electricity",
        nth=4,
        column="amount",
        found="",
        code="MISSING_VALUE",
        what="the reading is missing",
    ),
    _Fault(
        category="generator_fuel", nth=2, column="amount", found="abc", code="NOT_A_NUMBER", what="letters for a number"
    ),
    _Fault(
        category="water",
        nth=3,
        column="amount",
        found="1.064,5",
        code="NOT_A_NUMBER",
        what="a decimal comma, with a point for thousands",
    ),
    _Fault(
        category="generator_fuel",
        nth=9,
        column="unit",
        found="kWh",
        code="UNITS_NOT_CONVERTIBLE",
        what="diesel is bought by volume, not by energy",
    ),
    _Fault(
        category="waste", nth=19, column="unit", found="ton", code="AMBIGUOUS_UNIT", what="short, long or metric ton"
    ),
    _Fault(
        category="grid_electricity",
        nth=19,
        column="site",
        found="unon-annex-z",
        code="UNKNOWN_SITE",
        what="a site that is not in the register",
    ),
    _Fault(
        category="vehicle_fuel",
        nth=5,
        column="site",
        found="escwa",
        code="UNKNOWN_SITE",
        what="another location's site",
    ),
    _Fault(
        category="vehicle_fuel",
        nth=12,
        column="start",
        found="2023-12-15",
        code="PERIOD_OUTSIDE_YEAR",
        what="begins in the year before",
    ),
    _Fault(
        category="wastewater",
        nth=1,
        column="end",
        found="2024-01-15",
        code="PERIOD_ENDS_BEFORE_START",
        what="ends before it starts",
    ),
    _Fault(
        category="air_travel",
        nth=6,
        column="origin",
        found="NYC",
        code="UNKNOWN_AIRPORT",
        what="a city, not an airport",
    ),
    _Fault(
        category="air_travel",
        nth=14,
        column="class",
        found="coach",
        code="UNKNOWN_CLASS",
        what="not a class that is known",
    ),
    _Fault(
        category="taxi_travel", nth=2, column="amount", found="-120", code="NEGATIVE_AMOUNT", what="a negative distance"
    ),
    _Fault(
        category="refrigerant",
        nth=1,
        column="item",
        found="R-41OA",
        code="UNKNOWN_ITEM",
        what="the letter O where a zero belongs",
    ),
    _Fault(
        category="generator_fuel",
        nth=19,
        column="amount",
        found="=SUM(F2:F13)",
        code="FORMULA_NOT_ALLOWED",
        what="a formula as text",
    ),
)


def rows_with_problems() -> tuple[list[Row], list[dict[str, str | int]]]:
    """UNON's rows with planted problems, and the list of what is planted where; rows count from 1, the header's."""
    rows = [dict(row) for row in rows_of("unon")]
    planted: list[dict[str, str | int]] = []
    for fault in _FAULTS:
        index = [place for place, row in enumerate(rows) if row["category"] == fault.category][fault.nth]
        rows[index][fault.column] = fault.found
        planted.append(
            {
                "row": index + 2,
                "column": fault.column,
                "found": fault.found,
                "code": fault.code,
                "what": fault.what,
            }
        )
    rows.append(dict(rows[_DUPLICATED_ROW - 2]))
    planted.append(
        {
            "row": len(rows) + 1,
            "column": "",
            "found": "",
            "code": "DUPLICATE_ROW",
            "what": f"the same as row {_DUPLICATED_ROW}",
        }
    )
    return rows, sorted(planted, key=lambda problem: int(problem["row"]))


def _write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_workbook(path: Path, rows: Iterable[Row]) -> None:
    """A workbook as people keep it: numbers and dates as such, whatever is neither as text."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        # A fixed time of creation, so that the same rows give the same bytes.
        workbook.set_properties({"title": path.stem, "created": datetime(2025, 1, 15, tzinfo=UTC).replace(tzinfo=None)})
        bold = workbook.add_format({"bold": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet = workbook.add_worksheet("Activity data")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(COLUMNS) - 1, 14)
        sheet.write_row(0, 0, COLUMNS, bold)
        for number, row in enumerate(rows, start=1):
            for place, column in enumerate(COLUMNS):
                text = row[column]
                if column in ("start", "end"):
                    sheet.write_datetime(number, place, datetime.fromisoformat(text), day)
                elif column in ("amount", "passengers") and text.lstrip("-").replace(".", "", 1).isdigit():
                    sheet.write_number(number, place, Decimal(text))
                elif text:
                    sheet.write_string(number, place, text)
        about = workbook.add_worksheet("About")
        about.set_column(0, 0, 100)
        about.write_string(0, 0, "Illustrative activity data of the sample Secretariat, scaled to a published total.")
        about.write_string(1, 0, "Periods are given by their first and their last day.")


def _locations_with_data() -> list[str]:
    return [line["location"] for line in _table("plan/totals.csv")]


def main(*, into: Path = DATA) -> None:
    """Write every file of activity data into the folder."""
    for location in _locations_with_data():
        _write_csv(into / f"activity-{location}-{YEAR}.csv", rows_of(location))
    _write_workbook(into / f"activity-unon-{YEAR}.xlsx", rows_of("unon"))
    rows, planted = rows_with_problems()
    name = f"activity-unon-{YEAR}-with-problems"
    _write_csv(into / f"{name}.csv", rows)
    _write_workbook(into / f"{name}.xlsx", rows)
    (into / f"{name}.json").write_text(json.dumps(planted, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
