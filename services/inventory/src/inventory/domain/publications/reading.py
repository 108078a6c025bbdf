"""Rows of published files, and what an adapter makes of them: factors of the catalogue, or the problems of rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from inventory.domain.emission_factor import EmissionFactor, factor_of
from quantities import Refusal

__all__ = [
    "Adapter",
    "Figure",
    "Publication",
    "PublishedRow",
    "RowProblem",
    "Taking",
    "entry",
    "parts_make_whole",
    "plain",
    "taking_of",
]

COLUMNS = ("activity", "category", "unit", "gas", "value", "source", "year", "region", "licence")
"""Of a publication as a list, one figure a row."""

_YEARS = range(1990, 2101)
_PRINTED_DIGITS = 5
"""That publications round their figures to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """A row of the file, by its columns."""

    line: int
    """In the file; the first is 1."""
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong with a row."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a publication."""

    line: int
    activity: str
    category: str
    scope: str
    unit: str
    gas: str
    value: Decimal
    source: str
    year: int
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What was read of a published file."""

    entries: tuple[Mapping[str, str], ...]
    """Rows as a release's file has them; its columns are those of `domain.emission_factor.parse_factors`."""
    factors: tuple[EmissionFactor, ...]
    """The same, in the same order."""
    figures: int
    used: int
    """Figures that factors were made of; the method has no category for the others."""
    problems: tuple[RowProblem, ...]

    @property
    def releases(self) -> Mapping[str, tuple[EmissionFactor, ...]]:
        found: dict[str, list[EmissionFactor]] = {}
        for factor in self.factors:
            found.setdefault(factor.release, []).append(factor)
        return {name: tuple(factors) for name, factors in found.items()}


@dataclass(slots=True, kw_only=True)
class Taking:
    """The figures of a file while factors are made of them."""

    read: int
    """How many figures the file has."""
    figures: Sequence[Figure]
    """Those that are asked for."""
    problems: list[RowProblem] = field(default_factory=list)
    twice: Mapping[int, RowProblem] = field(default_factory=dict)
    """Other figures for the same, by the line of the first. They matter where a factor would be made of one."""
    entries: list[Mapping[str, str]] = field(default_factory=list)
    factors: list[EmissionFactor] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def add(self, made: Mapping[str, str], *, of: Iterable[Figure]) -> None:
        """A factor that was made of these figures; a problem of the first of them where it can't be one."""
        lines = [figure.line for figure in of]
        self.used.update(lines)
        try:
            factor = factor_of(made)
        except (KeyError, ValueError, InvalidOperation, Refusal) as error:
            self.wrong(lines[0], "value", made.get("published_as", ""), f"no factor can be made of it: {error}")
            return
        self.entries.append(made)
        self.factors.append(factor)

    def wrong(self, line: int, column: str, value: str, reason: str) -> None:
        self.problems.append(RowProblem(line=line, column=column, value=value, reason=reason))

    def publication(self) -> Publication:
        in_doubt = [problem for line, problem in self.twice.items() if line in self.used or problem.line in self.used]
        return Publication(
            entries=tuple(self.entries),
            factors=tuple(self.factors),
            figures=self.read,
            used=len(self.used),
            problems=tuple(sorted((*self.problems, *in_doubt), key=lambda problem: problem.line)),
        )


Adapter = Callable[[Taking], None]
"""Makes factors of the figures of one publisher's file."""


def taking_of(rows: Iterable[PublishedRow], *, numbers_alone: bool, year: int | None) -> Taking:
    """Figures of a publication as a list, and the problems of rows that are none; with a year, figures of that year.

    A file that also holds texts, such as ranges, says so by `numbers_alone=False`: those rows are passed over.
    """
    figures: list[Figure] = []
    problems: list[RowProblem] = []
    twice: dict[int, RowProblem] = {}
    first_with: dict[tuple[str, ...], tuple[int, str]] = {}
    for row in rows:
        missing = [column for column in COLUMNS if column not in row.cells]
        if missing:
            problems.append(
                RowProblem(line=row.line, column=missing[0], value="", reason=f"there is no column {missing[0]}")
            )
            break
        cells = {column: value.strip() for column, value in row.cells.items()}
        value = _number(cells["value"])
        of_year = int(cells["year"]) if cells["year"].isdecimal() else 0
        if value is None and not numbers_alone:
            continue
        if value is None:
            problems.append(RowProblem(line=row.line, column="value", value=cells["value"], reason="it is no number"))
        if of_year not in _YEARS:
            problems.append(RowProblem(line=row.line, column="year", value=cells["year"], reason="it is no year"))
        if not cells["activity"]:
            problems.append(RowProblem(line=row.line, column="activity", value="", reason="it is blank"))
        known = tuple(
            cells.get(column, "") for column in ("activity", "category", "scope", "unit", "gas", "year", "region")
        )
        # A file with texts has several publications of one figure: each says which.
        question = (*known, "" if numbers_alone else cells["source"])
        line, first = first_with.setdefault(question, (row.line, cells["value"]))
        if first != cells["value"]:
            reason = f"line {line} gives {first} for the same"
            twice[line] = RowProblem(line=row.line, column="value", value=cells["value"], reason=reason)
        if value is not None and of_year in _YEARS:
            figures.append(
                Figure(
                    line=row.line,
                    activity=cells["activity"],
                    category=cells["category"],
                    scope=cells.get("scope", ""),
                    unit=cells["unit"],
                    gas=cells["gas"],
                    value=value,
                    source=cells["source"],
                    year=of_year,
                    region=cells["region"],
                )
            )
    chosen = [figure for figure in figures if year in (None, figure.year)]
    return Taking(read=len(figures), figures=chosen, problems=problems, twice=twice)


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def entry(
    *, release: str, category: str, key: str, place: str, unit: str, years: tuple[int, int], **rest: str
) -> dict[str, str]:
    """A row of a release's file; valid from the first day of the first year to the end of the last."""
    return {
        "id": f"{release}:{category}:{key}:{unit}:{place}",
        "release": release,
        "category": category,
        "key": key,
        "place": place,
        "unit": unit,
        "valid_from": f"{years[0]}-01-01",
        "valid_to": f"{years[1] + 1}-01-01",
        **{
            column: ""
            for column in ("gases_stated_in", "co2", "ch4", "n2o", "co2e", "biogenic_co2", "gwp_set")
            if column not in rest
        },
        **rest,
    }


def parts_make_whole(parts: Sequence[Decimal], whole: Decimal) -> bool:
    """Whether printed parts sum to the printed whole, as far as the rounding of each lets them.

    Lists leave out closing zeros, so the digits that parts were rounded to are those of the part that has most.
    """
    digits = max(_digits(part) for part in parts)
    rounding = Decimal(1).scaleb(-digits) * len(parts) / 2
    rounding += Decimal(1).scaleb(-max(_digits(whole), min(digits, _PRINTED_DIGITS))) / 2
    return abs(sum(parts) - whole) <= rounding


def _digits(value: Decimal) -> int:
    """Behind the point."""
    return max(0, -int(value.as_tuple().exponent))


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
