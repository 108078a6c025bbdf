"""Reading one row cell by cell. A cell that can't be read leaves a problem behind and gives None."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from inventory.domain.rows import Cell, Column, Problem, ProblemCode, RawRow, shown

__all__ = ["YEARS", "RowReader", "day_in", "name_of", "number_in", "text_trouble"]

YEARS = range(1900, 2101)
"""That activities can be of."""

_LONGEST_TEXT = 500
_DIGITS_BEFORE_POINT = 15
_DIGITS_AFTER_POINT = 20
# Spaces group thousands in the UN's own style; a comma groups them for some and parts decimals for others.
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?: \d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_NUMBER_WITH_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[ .]\d{3})+|\d+)?(?:,\d+)?(?:[eE][+-]?\d{1,2})?")
_NUMBERS = frozenset(
    {
        Column.AMOUNT,
        Column.PASSENGERS,
        Column.CO2_KG_PER_PASSENGER,
        Column.GENERATED_KWH,
        Column.CAPACITY,
        Column.RECOVERED,
        Column.ROUND_TRIPS,
        Column.BOD_KG,
        Column.RECOVERED_CH4_KG,
        Column.NITROGEN_KG,
    }
)
_PLAIN_NUMBER = re.compile(rf"[0-9]{{1,{_DIGITS_BEFORE_POINT}}}(?:\.[0-9]{{1,{_DIGITS_AFTER_POINT}}})?")
"""As nearly every file has them: a number without a second look."""
_SPACES = re.compile(r"[\u00a0\u2009\u202f]")
_YES = frozenset({"yes", "y", "true", "1", "return", "oui", "sí", "si"})
_NO = frozenset({"no", "n", "false", "0", "one way", "one-way", "non"})


def name_of(text: str) -> str:
    """Text as a name of the catalogue: lower case, underscores for spaces and hyphens."""
    return re.sub(r"[\s_-]+", "_", text.strip()).casefold()


class RowReader:
    """Reads the cells of one row, and keeps what is wrong with them."""

    def __init__(self, row: RawRow, *, cells: Mapping[Column, Cell], decimal_comma: bool = False) -> None:
        """With `decimal_comma`, texts in columns of numbers are read by that habit, and by no other."""
        self._row = row
        self._cells = cells
        self._decimal_comma = decimal_comma
        if decimal_comma:
            # So that what is kept of the row reads like all other lines.
            self._cells = {
                column: (_with_point(cell) or cell) if column in _NUMBERS and isinstance(cell, str) else cell
                for column, cell in cells.items()
            }
            self._as_written = cells
        else:
            self._as_written = self._cells
        self.problems: list[Problem] = []

    def report(self, column: Column | None, code: ProblemCode, *, reason: str, hint: str) -> None:
        """Note a problem; without a column the whole row is meant."""
        self.problems.append(
            Problem(
                sheet=self._row.sheet,
                row=self._row.row,
                column=column or "",
                value="" if column is None else shown(self._cells.get(column)),
                code=code,
                reason=reason,
                hint=hint,
            )
        )

    def check_texts(self) -> None:
        """Report formulas and texts that are too long, wherever they are."""
        for column, cell in self._cells.items():
            match text_trouble(cell):
                case ProblemCode.FORMULA_NOT_ALLOWED as code:
                    self.report(column, code, reason="a formula is not a value", hint="paste the result as a value")
                case ProblemCode.TEXT_TOO_LONG as code:
                    self.report(
                        column, code, reason=f"the text is longer than {_LONGEST_TEXT} characters", hint="shorten it"
                    )

    def has(self, column: Column) -> bool:
        """Something is written there."""
        cell = self._cells.get(column)
        return cell is not None and not (isinstance(cell, str) and not cell.strip())

    def _spoilt(self, column: Column) -> bool:
        return any(problem.column == column for problem in self.problems)

    def missing(self, column: Column, *, hint: str) -> None:
        """Report that a value is needed and not there."""
        self.report(column, ProblemCode.MISSING_VALUE, reason=f"{column} is missing", hint=hint)

    def text(self, column: Column) -> str | None:
        """Text without the space around it; None when blank or reported already."""
        if not self.has(column) or self._spoilt(column):
            return None
        return shown(self._cells[column]).strip() if column != Column.NOTE else str(self._cells[column]).strip()

    def required_text(self, column: Column, *, hint: str) -> str | None:
        """Text; a blank is reported."""
        if not self.has(column):
            self.missing(column, hint=hint)
        return self.text(column)

    def one_of(
        self, column: Column, *, known: Iterable[str], also: Mapping[str, str], code: ProblemCode, what: str
    ) -> str | None:
        """One of the known names, or another name for one; else a problem that lists them."""
        names = tuple(known)
        text = self.required_text(column, hint=f"one of {', '.join(names)}")
        if text is None:
            return None
        name = name_of(text)
        name = also.get(name, name)
        if name in names:
            return name
        self.report(column, code, reason=f"there is no {what} '{text}'", hint=f"one of {', '.join(names)}")
        return None

    def number(self, column: Column, *, hint: str) -> Decimal | None:
        """A finite number, as exact as it was written."""
        if not self.has(column):
            self.missing(column, hint=hint)
            return None
        if self._spoilt(column):
            return None
        number = number_in(self._as_written[column], decimal_comma=self._decimal_comma)
        if number is None:
            by_comma = "digits with a comma for decimals, such as 1234,5, as was declared"
            by_point = "digits with a point for decimals and no comma, such as 1234.5"
            self.report(
                column,
                ProblemCode.NOT_A_NUMBER,
                reason=f"'{shown(self._cells[column])}' is not a number",
                hint=by_comma if self._decimal_comma else by_point,
            )
        return number

    def day(self, column: Column, *, hint: str) -> date | None:
        """A day."""
        if not self.has(column):
            self.missing(column, hint=hint)
            return None
        if self._spoilt(column):
            return None
        day = day_in(self._cells[column])
        if day is None:
            self.report(
                column,
                ProblemCode.NOT_A_DATE,
                reason=f"'{shown(self._cells[column])}' is not a date",
                hint=f"a date cell, or text such as 2024-01-31, from {YEARS[0]} to {YEARS[-1]}",
            )
        return day

    def yes_or_no(self, column: Column) -> bool | None:
        """Yes or no."""
        text = self.required_text(column, hint="yes or no")
        if text is None:
            return None
        word = text.casefold()
        if word in _YES:
            return True
        if word in _NO:
            return False
        self.report(column, ProblemCode.NOT_YES_OR_NO, reason=f"'{text}' is neither yes nor no", hint="yes or no")
        return None


def text_trouble(cell: Cell) -> ProblemCode | None:
    """What keeps a text from being taken in, wherever it stands."""
    if not isinstance(cell, str):
        return None
    if cell.lstrip().startswith(("=", "@")):
        return ProblemCode.FORMULA_NOT_ALLOWED
    return ProblemCode.TEXT_TOO_LONG if len(cell) > _LONGEST_TEXT else None


def _with_point(text: str) -> str | None:
    """A number that was written with a decimal comma, as others write it; None where it is none."""
    plain = _SPACES.sub(" ", text).strip()
    if not plain.isascii() or not _NUMBER_WITH_COMMA.fullmatch(plain):
        return None
    return plain.replace(" ", "").replace(".", "").replace(",", ".")


def number_in(cell: Cell, *, decimal_comma: bool = False) -> Decimal | None:
    """A finite number, as exact as it was written; None where there is none."""
    if decimal_comma and isinstance(cell, str):
        cell = _with_point(cell)
    match cell:
        case bool():
            return None
        case Decimal():
            number = cell
        case str():
            if _PLAIN_NUMBER.fullmatch(cell):
                return Decimal(cell)
            text = _SPACES.sub(" ", cell).strip()
            if not any(character.isdigit() for character in text) or not _NUMBER.fullmatch(text) or not text.isascii():
                return None
            number = Decimal(text.replace(" ", ""))
        case _:
            return None
    if not number.is_finite():
        return None
    exponent = number.as_tuple().exponent
    too_fine = isinstance(exponent, int) and -exponent > _DIGITS_AFTER_POINT
    return None if too_fine or number.adjusted() >= _DIGITS_BEFORE_POINT else number


def day_in(cell: Cell) -> date | None:
    """A day of the years that anything can be recorded of; None where there is none."""
    match cell:
        case datetime():
            day = cell.date()
        case date():
            day = cell
        case str():
            text = cell.strip()
            try:
                # Only the ISO form: 03/04/2024 is March to some and April to others.
                day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else date.max
            except ValueError:
                return None
        case _:
            return None
    # 9999-12-31, as some write for "still open", has no day after it.
    return day if day.year in YEARS else None
