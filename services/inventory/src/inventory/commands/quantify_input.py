"""What `quantify` is given: lines, factors, GWP sets and blends, as CSV, XLSX or JSON."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NoReturn

from inventory.domain.activity_data import ALWAYS, Category, Period
from inventory.domain.cells import name_of
from inventory.domain.emission_factor import ANYWHERE, Catalogue, EmissionFactor, parse_catalogue
from inventory.domain.errors import (
    BadWorkbook,
    BlendMalformed,
    CatalogueMalformed,
    GwpSetMalformed,
    WorksheetMalformed,
)
from inventory.domain.instrument import Instrument
from inventory.domain.own_factors import own_blends, own_factor, own_gwp_set
from inventory.domain.rows import Cell, RawRow, is_blank, shown
from inventory.domain.worksheet_scope2 import own_instrument
from inventory.spreadsheet import DEFAULT_LIMITS, read_spreadsheet, require_size
from quantities import GwpSet

__all__ = ["Worksheet", "factors_in", "gwp_set_in", "instruments_in", "with_blends_in", "worksheet_in"]

Json = Mapping[str, "Json"] | Sequence["Json"] | str | Decimal | bool | None

_LINES, *_BESIDE = _KEYS = (
    "lines",
    "factors",
    "gwp",
    "blends",
    "place",
    "year",
    "edition",
    "instruments",
)
_EXPONENT_MAX = 50
_MARK_OF_CATALOGUE = "gases_stated_in"
_NOT_OF_FACTOR = ("category", "key", "item", "place", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worksheet:
    """Lines, and what their document says beside them."""

    rows: tuple[RawRow, ...]
    beside: Mapping[str, Json]
    """Of a JSON document: everything but its lines."""


def worksheet_in(content: bytes) -> Worksheet:
    """CSV or XLSX as for an import; or JSON: a list of lines, or a document with `lines`.

    In JSON a line is an object by the names of the columns; its factor may be an object of its own, under `factor`.

    Refuses, in this order: as `spreadsheet.read_spreadsheet`, or FileTooLarge for JSON; WorksheetMalformed.
    """
    if not _is_json(content):
        return Worksheet(rows=read_spreadsheet(content), beside={})
    document = _json(content)
    beside: Mapping[str, Json] = {}
    if isinstance(document, Mapping):
        strange = [key for key in document if key not in _KEYS]
        if strange or _LINES not in document:
            _malformed(", ".join(strange) or f"no {_LINES}", f"an object with {', '.join(_KEYS)}")
        beside = {key: value for key, value in document.items() if key != _LINES}
        document = document[_LINES]
    if not isinstance(document, Sequence) or isinstance(document, str):
        _malformed("no list of lines", "a list of lines")
    rows = tuple(_row(line, number=number) for number, line in enumerate(document, start=1))
    return Worksheet(rows=rows, beside=beside)


def _malformed(found: str, expected: str) -> NoReturn:
    raise WorksheetMalformed(
        subject="worksheet",
        found=found,
        expected=expected,
        message=f"The worksheet can't be read: found {found}; expected {expected}.",
    )


def _is_json(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")


def _json(content: bytes) -> Json:
    require_size(content, most=DEFAULT_LIMITS.file_bytes)
    try:
        found: Json = json.loads(
            content.decode("utf-8-sig"),
            parse_float=_number,
            parse_int=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_once_each,
        )
    except (ValueError, RecursionError) as error:
        _malformed(f"no JSON ({error})", "JSON in UTF-8, each key once")
    return found


def _number(text: str) -> Decimal:
    # Written out, 1e999999999 would fill the memory.
    number = Decimal(text)
    if number and abs(number.adjusted()) > _EXPONENT_MAX:
        _no_number(text)
    return number


def _no_number(text: str) -> NoReturn:
    message = f"{text} is no number"
    raise ValueError(message)


def _once_each(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = f"a key is there twice among {', '.join(key for key, _ in pairs)}"
        raise ValueError(message)
    return found


def _row(line: Json, *, number: int) -> RawRow:
    if not isinstance(line, Mapping):
        _malformed(f"line {number} that is no object", "a line as an object by the names of the columns")
    cells: list[tuple[str, Cell]] = []
    for key, value in line.items():
        if key == "factor" and isinstance(value, Mapping):
            cells += [(f"factor_{name_of(name)}", _cell(of, number, name)) for name, of in value.items()]
        else:
            cells.append((key, _cell(value, number, key)))
    return RawRow(sheet="json", row=number, cells=tuple(cells))


def _cell(value: Json, number: int, key: str) -> Cell:
    if isinstance(value, Mapping | list):
        _malformed(f"'{key}' of line {number} with something inside", "a text, a number, true, false or null")
    return value  # type: ignore[return-value]  # what is no container is a cell


def gwp_set_in(value: Json | bytes) -> GwpSet:
    """A set by its name, an object (`name`, `gases`, `extends`, `citation`), or a file of either, or CSV.

    CSV has the columns gas and kg_co2e_per_kg. Refuses, in this order: FileTooLarge, WorksheetMalformed or BadWorkbook;
    GwpSetUnknown; GwpSetMalformed.
    """
    name, citation = "own", "given with the lines"
    if isinstance(value, bytes) and not _is_json(value):
        rows = _csv(value)
        if not rows or not {"gas", "kg_co2e_per_kg"} <= rows[0].keys():
            _no_gwp_set("no such columns")
        return own_gwp_set(
            name=name, kg_co2e_per_kg={row["gas"]: row["kg_co2e_per_kg"] for row in rows}, citation=citation
        )
    found = _json(value) if isinstance(value, bytes) else value
    if isinstance(found, str):
        return GwpSet.named(found)
    if not isinstance(found, Mapping) or not isinstance(found.get("gases"), Mapping):
        _no_gwp_set("no object with gases")
    strange = found.keys() - {"name", "gases", "extends", "citation"}
    if strange:
        _no_gwp_set(", ".join(sorted(strange)))
    extends = found.get("extends")
    gases = found["gases"]
    return own_gwp_set(
        name=str(found.get("name") or name),
        kg_co2e_per_kg={gas: _scalar(cell) for gas, cell in gases.items()} if isinstance(gases, Mapping) else {},
        citation=str(found.get("citation") or citation),
        extends=None if extends is None else GwpSet.named(str(extends)),
    )


def _no_gwp_set(found: str) -> NoReturn:
    raise GwpSetMalformed(
        subject="GWP set",
        found=found,
        expected="AR4, AR5, AR6, an object with name and gases, or CSV with the columns gas and kg_co2e_per_kg",
        message=f"The GWP set can't be read: {found}. Give a name, an object with name and gases, or CSV with the"
        " columns gas and kg_co2e_per_kg.",
    )


def _scalar(value: Json) -> Cell:
    return str(value) if isinstance(value, Mapping | list) else value  # type: ignore[return-value]  # as above


def with_blends_in(value: Json | bytes, *, gwp_set: GwpSet) -> GwpSet:
    """The set with blends: an object of percent by gas by blend, or a file of it, or CSV (blend, gas, mass_percent).

    Refuses, in this order: FileTooLarge, WorksheetMalformed or BadWorkbook; BlendMalformed.
    """
    found: dict[str, dict[str, Cell]] = {}
    if isinstance(value, bytes) and not _is_json(value):
        rows = _csv(value)
        if not rows or not {"blend", "gas", "mass_percent"} <= rows[0].keys():
            _no_blends("no such columns")
        for row in rows:
            parts = found.setdefault(row["blend"], {})
            if row["gas"] in parts:
                _no_blends(f"{row['gas']} twice in {row['blend']}")
            parts[row["gas"]] = row["mass_percent"]
    else:
        document = _json(value) if isinstance(value, bytes) else value
        if not isinstance(document, Mapping):
            _no_blends("no object")
        for name, percents in document.items():
            if not isinstance(percents, Mapping):
                _no_blends(f"{name} without percents")
            found[name] = {gas: _scalar(cell) for gas, cell in percents.items()}
    return own_blends(gwp_set, found, citation="composition as given with the lines")


def _no_blends(found: str) -> NoReturn:
    raise BlendMalformed(
        subject="blends",
        found=found,
        expected="an object of percents by gas by blend, or CSV with the columns blend, gas and mass_percent",
        message=f"The blends can't be read: {found}. Give an object such as {{'R-410A': {{'R-32': 50, 'R-125': 50}}}},"
        " or CSV with the columns blend, gas and mass_percent.",
    )


def factors_in(value: Json | bytes, *, gwp_set: GwpSet) -> Catalogue:
    """Factors from CSV or JSON: the columns of the shipped catalogue, or category, item and the fields of a factor.

    Refuses, in this order: FileTooLarge, WorksheetMalformed or BadWorkbook; CatalogueMalformed, naming the line.
    """
    if isinstance(value, bytes) and not _is_json(value):
        rows: Sequence[Json] = _csv(value)
        if rows and isinstance(rows[0], Mapping) and _MARK_OF_CATALOGUE in rows[0]:
            return parse_catalogue(io.StringIO(_text(value), newline=""))
        first = 2
    else:
        found = _json(value) if isinstance(value, bytes) else value
        if not isinstance(found, Sequence) or isinstance(found, str):
            _no_factor("factors", "no list", "a list of factors")
        rows, first = found, 1
    return Catalogue.of(_factor(row, number=number, gwp_set=gwp_set) for number, row in enumerate(rows, start=first))


def _factor(row: Json, *, number: int, gwp_set: GwpSet) -> EmissionFactor:
    where = f"factor in line {number}"
    if not isinstance(row, Mapping):
        _no_factor(where, "no object", "a factor by the names of its fields")
    cells = {name_of(field): _scalar(value) for field, value in row.items()}
    category, key = shown(cells.get("category")), shown(cells.get("key") or cells.get("item"))
    if category not in set(Category) or not key:
        _no_factor(where, f"category '{category}', item '{key}'", f"an item, and a category of {', '.join(Category)}")
    try:
        valid = Period(start=_day(cells, "valid_from", ALWAYS.start), end=_day(cells, "valid_to", ALWAYS.end))
    except ValueError as error:
        _no_factor(where, str(error), "days such as 2024-01-01")
    found = own_factor(
        {field: cell for field, cell in cells.items() if field not in _NOT_OF_FACTOR},
        category=Category(category),
        key=key,
        gwp_set=gwp_set,
        place=shown(cells.get("place")) or ANYWHERE,
        valid=valid,
    )
    if not isinstance(found, EmissionFactor):
        _no_factor(where, "; ".join(f"{item.field}: {item.reason}" for item in found), found[0].hint)
    return found


def instruments_in(value: Json | bytes, *, markets: Iterable[str]) -> list[Instrument]:
    """Instruments for electricity, from JSON or CSV.

    Refuses, in this order: FileTooLarge, WorksheetMalformed or BadWorkbook; as `own_instrument`.
    """
    found: Json = (_json(value) if _is_json(value) else _csv(value)) if isinstance(value, bytes) else value
    if not isinstance(found, Sequence) or isinstance(found, str) or not all(isinstance(row, Mapping) for row in found):
        _malformed("instruments that are no list of objects", "a list of instruments")
    return [
        own_instrument({name_of(field): _scalar(cell) for field, cell in row.items()}, number=number, markets=markets)
        for number, row in enumerate(found, start=1)
        if isinstance(row, Mapping)
    ]


def _day(cells: Mapping[str, Cell], field: str, otherwise: date) -> date:
    cell = cells.get(field)
    return otherwise if is_blank([cell]) else date.fromisoformat(shown(cell))


def _no_factor(subject: str, found: str, expected: str) -> NoReturn:
    raise CatalogueMalformed(
        subject=subject,
        found=found,
        expected=expected,
        message=f"The {subject} can't be read: {found}. Expected: {expected}.",
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad("no text in UTF-8") from error


def _csv(content: bytes) -> list[dict[str, str]]:
    """Rows by the names of the columns; what a row lacks at its end is blank. Refuses: BadWorkbook."""
    reader = csv.DictReader(io.StringIO(_text(content), newline=""), restval="")
    rows: list[dict[str, str]] = []
    try:
        for row in reader:
            beyond = [*(row.pop(None, None) or ()), row.pop("", "")]
            if any(cell.strip() for cell in beyond):
                raise _bad(f"more cells in line {reader.line_num} than the first line names")
            rows.append(row)
    except csv.Error as error:
        raise _bad(f"no CSV in line {reader.line_num + 1} ({error})") from error
    return rows


def _bad(found: str) -> BadWorkbook:
    return BadWorkbook(
        subject="file",
        found=found,
        expected="CSV in UTF-8, its columns named in the first line",
        message=f"The file can't be read: {found}.",
    )
