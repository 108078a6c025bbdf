"""Runs published examples through `quantify` and holds every figure against what was printed.

A source is a TOML file of `cases/`: what was published, where, and the inputs as `quantify` takes them. A long table
has its rows in a CSV file beside it, one line a row; `printed@digit` is a figure with zeros in the place of digits.

The tolerance is never written down: it is half of the last digit of the printed figure, and what the inputs that were
printed rounded can make of it, each moved by half of its own last digit.
"""

import csv
import gzip
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from inventory.commands import quantify
from quantities import Quantity, parse_unit

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[2]
EXPECT = "expect "
_NUMBER = re.compile(r"-?\d[\d ,\u00a0]*(?:\.\d+)?")
_BESIDE = ("gwp", "blends", "factors", "place", "year", "edition", "instruments")

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something published, and all cases that were taken from it."""

    name: str
    title: str
    publisher: str
    url: str
    licence: str
    read: str
    """How its figures came here."""
    cases: "tuple[Case, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One printed figure: of a line, or of the total where `line` is None."""

    figure: str
    printed: str
    unit: str
    line: int | None
    per: Decimal = Decimal(1)
    """What the published figure is per, such as persons."""
    last_digit: Decimal | None = None
    """Of a figure that is printed with zeros in the place of digits; else what the printed digits say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An example or a table, as it was published."""

    source: str
    id: str
    where: str
    """Table, page or clause."""
    beside: Mapping[str, Any]
    options: tuple[str, ...]
    lines: tuple[Line, ...]
    expectations: tuple[Expectation, ...]
    file: Path | None
    """Of the repository, read instead of lines."""
    misprint: Decimal | None
    """What was printed in error: we give what the publisher's own inputs make."""
    rounded: tuple[str, ...]
    """Inputs that were printed rounded: columns, of every line that has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A printed figure held against ours."""

    case: Case
    expectation: Expectation
    found: Decimal
    tolerance: Decimal

    @property
    def passes(self) -> bool:
        is_misprint = self.case.misprint is not None and abs(self.found - self.case.misprint) <= self.tolerance
        return not is_misprint and abs(self.found - number(self.expectation.printed)) <= self.tolerance

    def __str__(self) -> str:
        on = "" if self.expectation.line is None else f" (line {self.expectation.line + 1})"
        of = self.expectation
        return (
            f"{self.case.source}/{self.case.id}{on}: {of.figure} is {self.found:f} {of.unit},"
            f" printed {of.printed} ± {self.tolerance:f}; {self.case.where}"
        )


@cache
def sources() -> tuple[Source, ...]:
    return tuple(_source(path) for path in sorted(CASES.glob("*.toml")))


def _source(path: Path) -> Source:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    about = document["source"]
    singles = [_single(path.stem, item) for item in document.get("case", [])]
    tables = [_table(path.stem, item) for item in document.get("table", [])]
    return Source(name=path.stem, **about, cases=(*singles, *tables))


def _single(source: str, item: Mapping[str, Any]) -> Case:
    return Case(
        source=source,
        id=item["id"],
        where=item["where"],
        beside={key: item[key] for key in _BESIDE if key in item},
        options=tuple(item.get("options", ())),
        lines=tuple(item.get("lines", ())),
        file=ROOT / item["file"] if "file" in item else None,
        misprint=number(item["misprint"]) if "misprint" in item else None,
        expectations=tuple(
            Expectation(
                figure=expect["figure"],
                printed=expect["printed"],
                unit=expect["unit"],
                line=expect.get("line"),
                per=Decimal(expect.get("per", "1")),
                last_digit=Decimal(expect["last_digit"]) if "last_digit" in expect else None,
            )
            for expect in item["expect"]
        ),
        rounded=tuple(item.get("rounded", ())),
    )


def _table(source: str, item: Mapping[str, Any]) -> Case:
    lines: list[Line] = []
    expectations: list[Expectation] = []
    for row in _rows(CASES / item["file"]):
        if any(row[column] != wanted for column, wanted in item.get("only", {}).items()):
            continue
        expected = {name: cell for name, cell in row.items() if name.startswith(EXPECT) and cell}
        for name, cell in expected.items():
            _, figure, unit = name.split(" ")
            printed, _, digit = cell.partition("@")
            last_digit = Decimal(digit) if digit else None
            expectations.append(
                Expectation(figure=figure, printed=printed, unit=unit, line=len(lines), last_digit=last_digit)
            )
        columns = {**item.get("every", {}), **row}
        lines.append(
            {
                name: cell
                for name, cell in columns.items()
                if cell and not name.startswith(EXPECT) and name not in item.get("only", {})
            }
        )
    return Case(
        source=source,
        id=item["id"],
        where=item["where"],
        beside={key: item[key] for key in _BESIDE if key in item},
        options=tuple(item.get("options", ())),
        lines=tuple(lines),
        file=None,
        misprint=None,
        expectations=tuple(expectations),
        rounded=tuple(item.get("rounded", ())),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text))


def number(printed: str) -> Decimal:
    """A printed number, its thousands grouped or not."""
    return Decimal(re.sub(r"[ ,\u00a0]", "", printed))


def half_of_last_digit(printed: str) -> Decimal:
    return Decimal(1).scaleb(int(number(printed).as_tuple().exponent)) / 2


def checks(case: Case) -> list[Check]:
    """Every printed figure of a case."""
    base = quantified(case, case.lines)
    tolerances = [_printed_tolerance(expectation) for expectation in case.expectations]
    for column in case.rounded:
        moved = quantified(case, [_moved(line, column) for line in case.lines])
        for place, expectation in enumerate(case.expectations):
            tolerances[place] += abs(found(moved, expectation) - found(base, expectation))
    return [
        Check(case=case, expectation=expectation, found=found(base, expectation), tolerance=tolerance)
        for expectation, tolerance in zip(case.expectations, tolerances, strict=True)
    ]


def _printed_tolerance(expectation: Expectation) -> Decimal:
    if expectation.last_digit is not None:
        return expectation.last_digit / 2
    return half_of_last_digit(expectation.printed)


def _moved(line: Line, column: str) -> Line:
    """The line with that input half of its last digit up."""
    head, _, tail = column.partition(".")
    if tail:
        return {**line, head: _moved(line[head], tail)} if head in line else line
    if column not in line:
        return line
    text = str(line[column])
    digits = _NUMBER.match(text)
    assert digits is not None, (column, text)
    written = digits[0].strip()
    return {**line, column: f"{number(written) + half_of_last_digit(written):f}{text[len(written) :]}"}


def quantified(case: Case, lines: Sequence[Line]) -> dict[str, Any]:
    """What `quantify` answers."""
    worksheet = json.dumps({"lines": list(lines), **case.beside}).encode()
    if case.file is not None:
        worksheet = case.file.read_bytes()
    out = io.StringIO()
    options = [option.replace("{cases}", str(CASES)) for option in case.options]
    code = quantify.main(["-", "--format", "json", *options], stdin=io.BytesIO(worksheet), stdout=out)
    assert code == quantify.DONE, f"{case.source}/{case.id}: {out.getvalue()[:2000]}"
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def found(answer: Mapping[str, Any], expectation: Expectation) -> Decimal:
    """Our figure, in the printed unit."""
    of = answer["totals"] if expectation.line is None else answer["lines"][expectation.line]
    if expectation.figure.startswith("scope_2."):
        of = answer
    if expectation.line is not None and not expectation.figure.startswith(("amount", "stated")):
        of = of["emissions"]
    figure: Any = of
    for part in _path(expectation.figure):
        figure = figure[part]
    if isinstance(figure, str):
        return Decimal(figure) / expectation.per
    value, unit = Decimal(figure["value"]), figure["unit"]
    return _in_unit(value, unit, expectation.unit) / expectation.per


def _path(figure: str) -> list[str]:
    head, _, rest = figure.partition(".")
    return [{"gas": "by_gas", "scope": "by_scope"}.get(head, head), *([rest] if rest else [])]


def _in_unit(value: Decimal, unit: str, wanted: str) -> Decimal:
    if unit.endswith("CO2e") != wanted.endswith("CO2e"):
        message = f"{unit} is not {wanted}"
        raise ValueError(message)
    return Quantity(value, parse_unit(unit.removesuffix("CO2e"))).to(parse_unit(wanted.removesuffix("CO2e"))).value
