"""Raw rows, the columns they may have, and what can be wrong with them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from inventory.domain.header_names import HEADERS_BY_LANGUAGE

__all__ = ["Cell", "Column", "Problem", "ProblemCode", "RawRow", "column_named", "shown"]

Cell = str | Decimal | date | datetime | bool | None
"""What a spreadsheet cell may hold; blank is None or empty text."""

_LONGEST_SHOWN = 80


class Column(StrEnum):
    """Columns of activity data, by the names that problems use."""

    SITE = "site"
    CATEGORY = "category"
    ITEM = "item"
    START = "start"
    END = "end"
    AMOUNT = "amount"
    UNIT = "unit"
    ORIGIN = "origin"
    DESTINATION = "destination"
    CLASS = "class"
    PASSENGERS = "passengers"
    RETURN = "return"
    CO2_KG_PER_PASSENGER = "co2_kg_per_passenger"
    CALCULATOR_VERSION = "calculator_version"
    GENERATED_KWH = "generated_kwh"
    PHASE = "phase"
    CAPACITY = "capacity"
    RECOVERED = "recovered"
    ROUND_TRIPS = "round_trips"
    TREATMENT = "treatment"
    BOD_KG = "bod_kg"
    RECOVERED_CH4_KG = "recovered_ch4_kg"
    NITROGEN_KG = "nitrogen_kg"
    METER = "meter"
    UNCERTAINTY = "uncertainty"
    QUALITY = "quality"
    NOTE = "note"


_OTHER_HEADERS = {
    Column.SITE: ("location", "site code", "location code"),
    Column.CATEGORY: ("source category", "activity"),
    Column.ITEM: ("fuel", "gas", "refrigerant", "stream", "waste stream", "water source"),
    Column.START: ("from date", "period start", "start date", "first day", "date"),
    Column.END: ("to date", "period end", "end date", "last day"),
    Column.AMOUNT: ("quantity", "value", "consumption"),
    Column.UNIT: ("units", "unit of measure"),
    Column.ORIGIN: ("from", "from airport", "departure"),
    Column.DESTINATION: ("to", "to airport", "arrival"),
    Column.CLASS: ("cabin", "cabin class", "travel class"),
    Column.PASSENGERS: ("travellers", "travelers"),
    Column.RETURN: ("return trip", "round trip", "return flight"),
    Column.CO2_KG_PER_PASSENGER: ("icao co2 kg per passenger", "kg co2 per passenger", "icec co2"),
    Column.CALCULATOR_VERSION: ("icao version", "icec version", "calculator"),
    Column.GENERATED_KWH: ("kwh produced", "kwh generated", "generation kwh"),
    Column.PHASE: ("refrigerant phase",),
    Column.CAPACITY: ("full charge", "nameplate charge", "charge"),
    Column.RECOVERED: ("recovered refrigerant",),
    Column.ROUND_TRIPS: ("trips", "duty trips"),
    Column.TREATMENT: ("disposal", "waste treatment", "discharge"),
    Column.BOD_KG: ("bod", "bod5", "biochemical oxygen demand kg"),
    Column.RECOVERED_CH4_KG: ("methane recovered kg", "ch4 recovered kg"),
    Column.NITROGEN_KG: ("effluent nitrogen kg", "nitrogen"),
    Column.METER: ("meter number", "meter id", "meter no", "account", "account number"),
    Column.UNCERTAINTY: (
        "uncertainty percent",
        "amount uncertainty",
        "amount uncertainty percent",
        "uncertainty of amount",
        "accuracy",
    ),
    Column.QUALITY: ("data quality",),
    Column.NOTE: ("notes", "comment", "comments", "remarks"),
}


def _bare(text: str) -> str:
    """Lower case without accents, and one space where there are spaces, underscores or hyphens."""
    letters = unicodedata.normalize("NFKD", re.sub(r"[\s_-]+", " ", text.replace("\u2019", "'")).strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_COLUMN_BY_HEADER = (
    {
        _bare(header): Column(name)
        for language in HEADERS_BY_LANGUAGE.values()
        for name, headers in language.items()
        for header in headers
    }
    | {_bare(header): column for column, headers in _OTHER_HEADERS.items() for header in headers}
    | {_bare(column): column for column in Column}
)


class ProblemCode(StrEnum):
    """Kinds of problems; stable, part of the published interface."""

    NO_ROWS = "NO_ROWS"
    MISSING_COLUMN = "MISSING_COLUMN"
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    DUPLICATE_COLUMN = "DUPLICATE_COLUMN"
    FORMULA_NOT_ALLOWED = "FORMULA_NOT_ALLOWED"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"
    MISSING_VALUE = "MISSING_VALUE"
    CONFLICTING_VALUES = "CONFLICTING_VALUES"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    NOT_A_DATE = "NOT_A_DATE"
    NOT_YES_OR_NO = "NOT_YES_OR_NO"
    UNKNOWN_SITE = "UNKNOWN_SITE"
    UNKNOWN_CATEGORY = "UNKNOWN_CATEGORY"
    UNKNOWN_ITEM = "UNKNOWN_ITEM"
    UNKNOWN_CLASS = "UNKNOWN_CLASS"
    UNKNOWN_TREATMENT = "UNKNOWN_TREATMENT"
    UNKNOWN_QUALITY = "UNKNOWN_QUALITY"
    UNKNOWN_AIRPORT = "UNKNOWN_AIRPORT"
    SAME_AIRPORT = "SAME_AIRPORT"
    UNKNOWN_UNIT = "UNKNOWN_UNIT"
    AMBIGUOUS_UNIT = "AMBIGUOUS_UNIT"
    UNITS_NOT_CONVERTIBLE = "UNITS_NOT_CONVERTIBLE"
    NEGATIVE_AMOUNT = "NEGATIVE_AMOUNT"
    PERIOD_ENDS_BEFORE_START = "PERIOD_ENDS_BEFORE_START"
    PERIOD_OUTSIDE_YEAR = "PERIOD_OUTSIDE_YEAR"
    FACTOR_MISSING = "FACTOR_MISSING"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    OVERLAPPING_PERIOD = "OVERLAPPING_PERIOD"
    COUNTED_BY_SHARE = "COUNTED_BY_SHARE"
    FACTOR_MALFORMED = "FACTOR_MALFORMED"
    FACTOR_NOT_USED = "FACTOR_NOT_USED"
    PERCENT_OUT_OF_RANGE = "PERCENT_OUT_OF_RANGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as it stands in a file."""

    sheet: str
    row: int
    """As the spreadsheet counts: the first row is 1."""
    cells: tuple[tuple[str, Cell], ...]
    """Header and cell, from left to right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in one cell, and what to do about it."""

    sheet: str
    row: int
    column: str
    """By our name for it, or as the file has it where it is none of ours; empty when the whole row is meant."""
    value: str
    """What was found, shortened."""
    code: ProblemCode
    reason: str
    hint: str


@lru_cache(maxsize=1024)
def column_named(header: str) -> Column | None:
    """The column that a header means, in any case, with any of its usual names, in English, French or Spanish."""
    return _COLUMN_BY_HEADER.get(_bare(header))


def shown(cell: Cell) -> str:
    """The cell as a problem quotes it."""
    match cell:
        case None:
            return ""
        case bool():
            text = "yes" if cell else "no"
        case Decimal():
            text = f"{cell:f}"
        case _:
            text = str(cell)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def is_blank(cells: Iterable[Cell]) -> bool:
    """Nothing is written there."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)


def headers_of(rows: Iterable[RawRow]) -> Mapping[str, tuple[str, ...]]:
    """Headers of each sheet, from its first row."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found.setdefault(row.sheet, tuple(header for header, _ in row.cells))
    return found
