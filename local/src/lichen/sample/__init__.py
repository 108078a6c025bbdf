"""The sample Secretariat: the real tree of locations, and one year of four of them. `README.md` says what is real.

Figures are read as they stand in `data/`; a missing one is None.
"""

import csv
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

__all__ = [
    "LOCATIONS_WITH_DATA",
    "YEAR",
    "CreditBlock",
    "FuelStockRow",
    "LocationRow",
    "PlantedProblem",
    "ProfileRow",
    "ReportingCycle",
    "TargetRow",
    "activity_file",
    "activity_workbook",
    "credits",
    "cycle",
    "faulty_activity_file",
    "faulty_activity_workbook",
    "fuel_stocks",
    "locations",
    "planted_problems",
    "profiles",
    "published_total_tonnes",
    "targets",
]

YEAR = 2024
LOCATIONS_WITH_DATA = ("unhq", "unon", "escwa", "unifil")

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRow:
    """A line of the register of locations."""

    id: str
    name: str
    kind: str
    parent: str | None
    country: str | None
    """ISO 3166-1 alpha-3; None where the source names none."""
    city: str | None
    latitude: Decimal | None
    """Degrees north, of the city or headquarters."""
    longitude: Decimal | None
    """Degrees east, of the city or headquarters."""
    valid_from: date
    valid_to: date | None
    """First day on which it is no longer a location."""
    grid: str | None
    """Electricity grid for the choice of factors; no statement on the status of a territory."""
    status: str
    """published, derived or illustrative."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """Persons and floor area of a location in a year."""

    location: str
    year: int
    personnel: Decimal | None
    personnel_status: str
    """published, derived or illustrative."""
    floor_area_m2: Decimal | None
    floor_area_status: str
    """published, derived or illustrative."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target that a local steering group sets."""

    location: str
    indicator: str
    unit: str
    base_year: int
    base_value: Decimal
    target_year: int
    target_value: Decimal
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelStockRow:
    """What a site stores of a fuel, for a technical team to state. All of it is invented."""

    location: str
    fuel: str
    capacity: Decimal
    stock: Decimal
    unit: str
    as_of: date
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBlock:
    """Carbon credits on offer: one serial, one tonne. All of it is invented."""

    registry: str
    project: str
    project_name: str
    vintage: int
    serial_first: int
    serial_last: int
    """Inclusive."""
    price_per_tonne: Decimal
    currency: str
    """ISO 4217."""
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingCycle:
    """A reporting year, its dates, and who owes a report."""

    year: int
    opens: date
    due: date
    locations: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedProblem:
    """A fault that was put into the faulty files on purpose."""

    row: int
    """As a spreadsheet counts: the header is row 1."""
    column: str
    """Empty when the whole row is meant."""
    found: str
    code: str
    """By which the import names it."""
    what: str


def _lines(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _document(name: str) -> Any:
    return json.loads((_DATA / name).read_text(encoding="utf-8"))


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def locations() -> tuple[LocationRow, ...]:
    """The register of locations; a parent comes before its children."""
    return tuple(
        LocationRow(
            id=line["id"],
            name=line["name"],
            kind=line["kind"],
            parent=line["parent"] or None,
            country=line["country"] or None,
            city=line["city"] or None,
            latitude=_number(line["latitude"]),
            longitude=_number(line["longitude"]),
            valid_from=date.fromisoformat(line["valid_from"]),
            valid_to=date.fromisoformat(line["valid_to"]) if line["valid_to"] else None,
            grid=line["grid"] or None,
            status=line["status"],
            source=line["source"],
        )
        for line in _lines("locations.csv")
    )


def profiles() -> tuple[ProfileRow, ...]:
    """Persons and floor areas, by location and year."""
    return tuple(
        ProfileRow(
            location=line["location"],
            year=int(line["year"]),
            personnel=_number(line["personnel"]),
            personnel_status=line["personnel_status"],
            floor_area_m2=_number(line["floor_area_m2"]),
            floor_area_status=line["floor_area_status"],
            source=line["source"],
        )
        for line in _lines("profiles.csv")
    )


def activity_file(location: str) -> Path:
    """CSV of a location's activity data; only `LOCATIONS_WITH_DATA` have one."""
    return _existing(f"activity-{location}-{YEAR}.csv")


def activity_workbook() -> Path:
    """UNON's activity data as XLSX."""
    return _existing(f"activity-unon-{YEAR}.xlsx")


def faulty_activity_file() -> Path:
    """UNON's activity data as CSV, with the planted problems."""
    return _existing(f"activity-unon-{YEAR}-with-problems.csv")


def faulty_activity_workbook() -> Path:
    """UNON's activity data as XLSX, with the planted problems."""
    return _existing(f"activity-unon-{YEAR}-with-problems.xlsx")


def _existing(name: str) -> Path:
    path = _DATA / name
    if not path.is_file():
        message = f"the sample has no file {name}; there is activity data of {', '.join(LOCATIONS_WITH_DATA)}"
        raise FileNotFoundError(message)
    return path


def planted_problems() -> tuple[PlantedProblem, ...]:
    """What is wrong in the faulty files, from the first row to the last."""
    return tuple(PlantedProblem(**problem) for problem in _document(f"activity-unon-{YEAR}-with-problems.json"))


def published_total_tonnes() -> dict[str, Decimal]:
    """Published tCO2e that a location's activity data is scaled to; absent where none is published."""
    lines = _lines("plan/totals.csv")
    return {line["location"]: Decimal(line["total_tonnes"]) for line in lines if line["status"] == "published"}


def targets() -> tuple[TargetRow, ...]:
    """Targets for local steering groups to set."""
    return tuple(
        TargetRow(
            **target | {"base_value": Decimal(target["base_value"]), "target_value": Decimal(target["target_value"])}
        )
        for target in _document("targets.json")
    )


def fuel_stocks() -> tuple[FuelStockRow, ...]:
    """Stored fuel for technical teams to state."""
    return tuple(
        FuelStockRow(
            **row
            | {
                "capacity": Decimal(row["capacity"]),
                "stock": Decimal(row["stock"]),
                "as_of": date.fromisoformat(row["as_of"]),
            }
        )
        for row in _document("fuel_stocks.json")
    )


def credits() -> tuple[CreditBlock, ...]:  # noqa: A001 - the field's own word; the site's `credits` is for the prompt
    """Blocks of credits to buy from."""
    return tuple(
        CreditBlock(**block | {"price_per_tonne": Decimal(block["price_per_tonne"])})
        for block in _document("credits.json")
    )


def cycle() -> ReportingCycle:
    """The reporting cycle of the sample year."""
    found = _document("cycle.json")
    return ReportingCycle(
        year=found["year"],
        opens=date.fromisoformat(found["opens"]),
        due=date.fromisoformat(found["due"]),
        locations=tuple(found["locations"]),
        status=found["status"],
    )
