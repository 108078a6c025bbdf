"""`quantify`: activity lines into emissions with no server, database or network, by the domain code of the service."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from inventory import catalogue
from inventory.commands.quantify_answer import (
    Answer,
    as_document,
    as_tables,
    problems_as_document,
    problems_as_table,
)
from inventory.commands.quantify_input import (
    Worksheet,
    factors_in,
    gwp_set_in,
    instruments_in,
    with_blends_in,
    worksheet_in,
)
from inventory.domain.categories import CATEGORIES, Items
from inventory.domain.cells import YEARS
from inventory.domain.edition import CURRENT, MethodEdition
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import WorksheetMalformed
from inventory.domain.form_reading import Lookups
from inventory.domain.instrument import Instrument
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.rows import Problem
from inventory.domain.worksheet import Line, Rules, read_lines
from inventory.domain.worksheet_scope2 import both_figures
from quantities import GwpSet, Refusal

__all__ = ["DONE", "PARTLY", "REFUSED", "main", "quantified", "rules_for"]

DONE, REFUSED, USAGE, PARTLY = 0, 1, 2, 3
"""Exit codes: all lines; none, as something is wrong; wrong options; some, as was asked for."""

_ABOUT = """Reads activity lines and prints their emissions by gas, in CO2e, by scope, with the lineage of each (the
factor as published, its publisher and table, the conversion, the GWP set), and the 95 % interval where uncertainties
are stated.

Lines: CSV, XLSX or JSON. Columns as for an import, of which only the category and the amount's own are needed; beside
them country, grid, year, factor_uncertainty_percent, and a factor of the line's own:
factor_per (a unit), factor_co2, factor_ch4, factor_n2o or any other gas (a mass such as '0.41 g'), factor_co2e,
factor_biogenic_co2, factor_gwp_set, factor_publisher, factor_document, factor_table, factor_year."""
_AFTER = """Exits with 0 when every line was quantified, 1 when nothing was, 2 for wrong options, 3 when a part was
(--partial)."""


def main(
    arguments: Sequence[str],
    *,
    program: str = "python -m inventory quantify",
    stdin: BinaryIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Returns the exit code."""
    asked = _parser(program).parse_args(arguments)
    out, err = stdout or sys.stdout, stderr or sys.stderr
    try:
        worksheet = worksheet_in(_content(asked.file, stdin=stdin))
        rules, factors_from = _rules(asked, worksheet.beside)
    except (Refusal, OSError) as problem:
        return _refused(problem, out=out, err=err, as_json=asked.format == "json")
    lines, problems = quantified(worksheet, rules=rules)
    if problems and not (asked.partial and lines):
        return _with_problems(problems, out=out, err=err, as_json=asked.format == "json")
    try:
        bought = _instruments(asked, worksheet.beside, lines)
    except (Refusal, OSError) as problem:
        return _refused(problem, out=out, err=err, as_json=asked.format == "json")
    scope_2 = both_figures(lines, instruments=bought, rules=rules)
    answer = Answer(lines=lines, scope_2=scope_2, rules=rules, factors_from=factors_from, left_out=problems)
    if asked.format == "json":
        print(_json(as_document(answer)), file=out)
    else:
        print(as_tables(answer), file=out)
    if problems:
        print(problems_as_table(problems), file=err)
        return PARTLY
    return DONE


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program, description=_ABOUT, epilog=_AFTER, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", metavar="FILE", help="the lines; - for standard input")
    parser.add_argument(
        "--factors",
        metavar="shipped|inline|FILE",
        help="the platform's catalogue (the default; an edition of it by name), the lines' own alone, or a file's",
    )
    parser.add_argument("--gwp", metavar="AR4|AR5|AR6|FILE", help=f"GWP set; {GWP_SET_NAME} without it")
    parser.add_argument("--blends", metavar="FILE", help="refrigerant blends by composition, in percent by mass")
    parser.add_argument("--instruments", metavar="FILE", help="bought for electricity: for scope 2 by the market")
    parser.add_argument("--place", metavar="COUNTRY[/GRID]", help="where lines are that do not say: KEN, USA/US-NYCW")
    parser.add_argument("--year", type=int, metavar="YEAR", help="when lines were that do not say")
    parser.add_argument("--edition", metavar="NAME", help=f"edition of the UN-wide method; {CURRENT.name} without it")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--partial", action="store_true", help="print the sound lines even if others have problems")
    return parser


def _content(file: str, *, stdin: BinaryIO | None) -> bytes:
    if file == "-":
        return (stdin or sys.stdin.buffer).read()
    return Path(file).read_bytes()


def _rules(asked: argparse.Namespace, beside: Mapping[str, Any]) -> tuple[Rules, str]:
    """What the options say; else what the document says; else the platform's own."""
    gwp = asked.gwp or beside.get("gwp") or GWP_SET_NAME
    is_file = isinstance(asked.gwp, str) and gwp not in GwpSet.published()
    gwp_set = gwp_set_in(Path(gwp).read_bytes() if is_file else gwp)
    blends = Path(asked.blends).read_bytes() if asked.blends else beside.get("blends")
    if blends:
        gwp_set = with_blends_in(blends, gwp_set=gwp_set)
    factors, factors_from = _factors(asked.factors, beside.get("factors"), gwp_set=gwp_set)
    rules = rules_for(
        factors,
        gwp_set=gwp_set,
        edition=MethodEdition.named(str(asked.edition or beside.get("edition") or CURRENT.name)),
        place=_place(asked.place, beside.get("place")),
        year=_year(asked.year if asked.year is not None else beside.get("year")),
    )
    return rules, factors_from


def rules_for(
    factors: Catalogue, *, gwp_set: GwpSet, edition: MethodEdition = CURRENT, place: Place, year: int | None
) -> Rules:
    by_catalogue = [
        spec.category for spec in CATEGORIES.values() if any(f.items is Items.CATALOGUE for f in spec.forms)
    ]
    return Rules(
        catalogue=factors,
        lookups=Lookups(
            items={category: factors.keys(category) for category in by_catalogue},
            gwp_set=gwp_set,
            airports=catalogue.airports(),
            airports_by_city=catalogue.airports_by_city(),
        ),
        edition=edition,
        place=replace(place, region=catalogue.region_of(place.country)),
        region_of=catalogue.region_of,
        year=year,
    )


def _factors(asked: str | None, inside: Any, *, gwp_set: GwpSet) -> tuple[Catalogue, str]:
    if inside is not None and asked is not None:
        raise WorksheetMalformed(
            subject="worksheet",
            found=f"factors, and --factors {asked}",
            expected="factors from one place",
            message="The worksheet has factors of its own; leave out --factors, or take them out of it.",
        )
    if inside is not None:
        return factors_in(inside, gwp_set=gwp_set), "those of the worksheet"
    match asked:
        case None | "shipped":
            return catalogue.emission_factors(), f"the shipped edition {catalogue.EDITION}, and the lines' own"
        case "inline":
            return Catalogue.of(()), "the lines' own"
        case _ if asked in catalogue.editions():
            return catalogue.emission_factors(asked), f"the shipped edition {asked}, and the lines' own"
        case _:
            return factors_in(Path(asked).read_bytes(), gwp_set=gwp_set), f"{Path(asked).name}, and the lines' own"


def _instruments(asked: argparse.Namespace, beside: Mapping[str, Any], lines: Sequence[Line]) -> Sequence[Instrument]:
    given = Path(asked.instruments).read_bytes() if asked.instruments else beside.get("instruments")
    if given is None:
        return ()
    markets = {part for line in lines for part in (line.place.country, line.place.grid) if part}
    return instruments_in(given, markets=markets)


def _place(asked: str | None, inside: Any) -> Place:
    if asked is not None:
        country, _, grid = asked.partition("/")
        return Place(country=country.upper() or None, grid=grid or None)
    is_place = isinstance(inside, Mapping) and inside.keys() <= {"country", "grid"}
    if is_place and all(part is None or isinstance(part, str) for part in inside.values()):
        return Place(country=inside.get("country"), grid=inside.get("grid"))
    if inside is not None:
        raise WorksheetMalformed(
            subject="place",
            found=str(inside),
            expected='such as {"country": "KEN", "grid": null}',
            message="The place of the worksheet is not an object of country and grid.",
        )
    return Place(country=None, grid=None)


def _year(inside: Any) -> int | None:
    if inside is None:
        return None
    text = str(inside)
    if not text.isdecimal() or int(text) not in YEARS:
        raise WorksheetMalformed(
            subject="year",
            found=text,
            expected=f"a year from {YEARS[0]} to {YEARS[-1]}",
            message=f"The year '{text}' is not one from {YEARS[0]} to {YEARS[-1]}.",
        )
    return int(text)


def quantified(worksheet: Worksheet, *, rules: Rules) -> tuple[Sequence[Line], Sequence[Problem]]:
    """Every sound line with its emissions, and every problem of the others."""
    return read_lines(worksheet.rows, rules=rules)


def _refused(problem: Refusal | OSError, *, out: TextIO, err: TextIO, as_json: bool) -> int:
    if isinstance(problem, Refusal):
        found = {
            "code": problem.code,
            "subject": problem.subject,
            "found": problem.found,
            "expected": problem.expected,
            "message": problem.message,
        }
    else:
        found = {"code": "FILE_NOT_READABLE", "message": f"{problem.filename}: {problem.strerror}"}
    if as_json:
        print(_json({"refused": found}), file=out)
    else:
        print(f"{found['code']}: {found['message']}", file=err)
    return REFUSED


def _with_problems(problems: Sequence[Problem], *, out: TextIO, err: TextIO, as_json: bool) -> int:
    lines = len({(problem.sheet, problem.row) for problem in problems})
    message = f"{len(problems)} problem(s) in {lines} line(s); nothing was quantified (--partial quantifies the rest)."
    if as_json:
        refused = {"code": "LINES_REFUSED", "message": message}
        print(_json({"refused": refused, "problems": problems_as_document(problems)}), file=out)
    else:
        print(f"{problems_as_table(problems)}\n\n{message}", file=err)
    return REFUSED


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
