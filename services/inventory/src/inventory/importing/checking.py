"""A file checked and quantified as a whole.

Most rows of a large file differ from another one in their days, amount and note alone. So the domain checks one row of
each shape (all other cells), and the rows of a shape that it found sound are read cell by cell with the domain's own
readers. Whatever does not fit goes through the domain's check itself, so that problems have one source, and a file
read here gives what `domain.workbook.read_rows` gives. Coefficients are resolved once for each distinct question.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from inventory.domain.activity_data import ActivityData, Category, Period, SourceRow
from inventory.domain.categories import CATEGORIES, Form
from inventory.domain.categories.form import AS_STATED
from inventory.domain.cells import day_in, number_in, text_trouble
from inventory.domain.checked_file import Checked, Kind, Line
from inventory.domain.emission_factor import Place
from inventory.domain.errors import FactorMissing
from inventory.domain.overlap import overlap_with, overlaps
from inventory.domain.quantification import resolve_coefficient
from inventory.domain.rows import Cell, Column, column_named, is_blank, shown
from inventory.domain.workbook import Reference, RowChecker, duplicate_of, no_rows
from inventory.spreadsheet import Sheet
from quantities import Unit, UnitAmbiguous, UnitsNotConvertible, UnitUnknown, parse_unit

__all__ = ["check"]

_FREE = frozenset({Column.START, Column.END, Column.AMOUNT, Column.NOTE, Column.METER})
"""Columns in which rows of one shape differ; meters, where each is plainly a text or a number."""
_ANY_METER = object()
_DAY = timedelta(days=1)
_SAID = Line._fields.index("sheet")
"""Of a line, what it says, without where."""
_REPORT_EVERY = 5_000
"""Rows."""


def check(
    sheets: Iterable[Sheet],
    *,
    reference: Reference,
    said: Callable[[int], None] = lambda _: None,
    into: Checked | None = None,
) -> Checked:
    """Every sound row quantified, and every problem of the others. `said` is told the number of rows now and then.

    Given `into`, it fills that: lines are added at its end, each after its kind and its coefficient, and none is taken
    out again unless there is a problem. So others may read it meanwhile.

    Refuses: as `spreadsheet.open_sheets`, when it comes to the row.
    """
    checking = _Checking(reference=reference, said=said, found=Checked() if into is None else into)
    for sheet in sheets:
        checking.read(sheet)
    found = checking.found
    found.refuse(
        {
            later.place: overlap_with(later, earlier=earlier, meter=meter)
            for meter, readings in found.readings().items()
            for later, earlier in overlaps(readings)
        }
    )
    if not checking.checker.data_sheets:
        found.problems.append(no_rows())
    return found


class _Shape(NamedTuple):
    """What the domain said of the first row of a shape."""

    kind: int
    question: int
    amount: Decimal | None
    """Of every row of the shape; None where it is what each row states."""


class _Question(NamedTuple):
    """What is asked of the catalogue, but for the period."""

    category: Category
    key: str
    unit: Unit
    place: Place


class _ByAmount(dict[Cell, _Shape]):
    """Shapes whose kind, too, follows from the amount that the row states."""


class _Columns:
    """Where the columns of a sheet are. What is not there is at `width`, beyond the last, and blank."""

    def __init__(self, headers: Sequence[str]) -> None:
        at: dict[Column, int] = {}
        for index, header in enumerate(headers):
            column = column_named(header)
            if column is not None:
                at.setdefault(column, index)
        self.width = len(headers)
        self.start, self.end, self.amount, self.note, self.unit, self.meter = (
            at.get(column, self.width)
            for column in (Column.START, Column.END, Column.AMOUNT, Column.NOTE, Column.UNIT, Column.METER)
        )
        shape = [index for column, index in at.items() if column not in _FREE]
        # Twice the blank one, so that there is always a tuple.
        self.shape: Callable[[list[Cell]], tuple[Cell, ...]] = itemgetter(self.width, self.width, *shape)
        self.strays = [index for index, header in enumerate(headers) if not header]

    def has_stray(self, cells: list[Cell]) -> bool:
        """Something stands below no header."""
        if len(cells) > self.width and any(cells[self.width :]):
            return True
        return bool(self.strays) and any(cells[index] for index in self.strays if index < len(cells))


class _Row(NamedTuple):
    sheet: Sheet
    columns: _Columns
    number: int
    cells: list[Cell]
    """As many as there are headers, and a blank one."""
    whole: list[Cell]
    """As the file has them."""
    meter: str | None
    """As the domain takes it in, if that is plain to see."""

    @property
    def stated(self) -> Cell:
        return self.cells[self.columns.amount]


@dataclass(slots=True, kw_only=True)
class _Checking:
    reference: Reference
    said: Callable[[int], None]
    found: Checked
    checker: RowChecker = field(init=False)
    shapes: dict[object, _Shape | _ByAmount] = field(default_factory=dict)
    """Of the sheet that is being read."""
    kinds: dict[Kind, int] = field(default_factory=dict)
    questions: dict[_Question, int] = field(default_factory=dict)
    asked: list[_Question] = field(default_factory=list)
    turns: list[tuple[date, ...]] = field(default_factory=list)
    """Of each question: the days in the year on which another factor may come to hold."""
    answers: dict[tuple[int, int, int], int | None] = field(default_factory=dict)
    """Index of the coefficient of each question, and of all periods with so many turns before start and end."""
    coefficients: dict[int, int] = field(default_factory=dict)
    """Index of each coefficient by its id."""
    days: dict[Cell, date | None] = field(default_factory=dict)
    of_meter: dict[tuple[int, str], int] = field(default_factory=dict)
    """Index of the kind that a kind is of another meter."""
    first_with: dict[tuple[object, ...], Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checker = RowChecker(reference=self.reference)

    def read(self, sheet: Sheet) -> None:
        """All rows of a sheet, if it has any and holds activity data."""
        columns = _Columns(sheet.headers)
        self.shapes.clear()
        blank: list[Cell] = [None] * (columns.width + 1)
        begun = False
        for number, whole in sheet.rows:
            if not any(whole) and is_blank(whole):
                continue
            if not begun:
                self.found.problems += self.checker.check_headers(sheet.name, sheet.headers)
                begun = True
            if sheet.name not in self.checker.data_sheets:
                return
            width = columns.width
            cells = [*whole, None] if len(whole) == width else [*whole[:width], *blank[min(len(whole), width) :]]
            self._read(_Row(sheet, columns, number, cells, whole, _meter_in(cells[columns.meter])))

    def _read(self, row: _Row) -> None:
        key = None if row.columns.has_stray(row.whole) else _shape_key(row)
        shape = None if key is None else self.shapes.get(key)
        if isinstance(shape, _ByAmount):
            shape = shape.get(row.stated)
        line = None if shape is None else self._line(row, shape)
        if line is None:
            if is_blank(row.whole):
                return
            line = self._checked_line(row, key)
        self.found.rows += 1
        if self.found.rows % _REPORT_EVERY == 0:
            self.said(self.found.rows)
        if line is None:
            return
        first = self.first_with.setdefault(line[:_SAID], line)
        if first is line:
            self.found.lines.append(line)
        else:
            raw = row.sheet.raw(row.number, row.whole)
            self.found.problems.append(duplicate_of(raw, first=SourceRow(sheet=first.sheet, row=first.row)))

    def _line(self, row: _Row, shape: _Shape) -> Line | None:
        """A row of a sound shape; None where one of its own cells is not plainly sound."""
        cells, columns, year = row.cells, row.columns, self.reference.year
        last = cells[columns.end]
        start = self._day(cells[columns.start])
        end = start if _is_blank(last) else self._day(last)
        if start is None or end is None or end < start or start.year != year or end.year != year:
            return None
        amount = shape.amount
        if amount is None:
            amount = number_in(row.stated, decimal_comma=self.reference.decimal_comma)
        if amount is None or amount < 0:
            return None
        note = cells[columns.note]
        if note is not None:
            if not isinstance(note, str) or text_trouble(note) is not None:
                return None
            note = note.strip() or None
        after = end + _DAY
        try:
            answer = self._answer(shape.question, start, after)
        except (UnitsNotConvertible, FactorMissing):
            return None
        kind = shape.kind if row.meter is None else self._of_meter(shape.kind, row.meter)
        return Line(kind, start, after, amount, note, answer, row.sheet.name, row.number)

    def _of_meter(self, kind: int, meter: str) -> int:
        """Index of the same kind of that meter."""
        asked = (kind, meter)
        if asked not in self.of_meter:
            of = self.found.kinds[kind]
            details = tuple((name, meter if name == Column.METER else value) for name, value in of.details)
            self.of_meter[asked] = self._index_of(of._replace(details=details))
        return self.of_meter[asked]

    def _day(self, cell: Cell) -> date | None:
        if cell not in self.days:
            self.days[cell] = day_in(cell)
        return self.days[cell]

    def _checked_line(self, row: _Row, key: object) -> Line | None:
        """The row as the domain checks it; what it says of the shape is kept."""
        activity, problems = self.checker.check(row.sheet.raw(row.number, row.whole))
        self.found.problems += problems
        if activity is None:
            return None
        shape = self._shape(activity)
        if key is not None:
            self._keep(row, key, activity, shape)
        start, after = activity.period.start, activity.period.end
        answer = self._answer(shape.question, start, after)
        return Line(shape.kind, start, after, activity.amount.value, activity.note, answer, row.sheet.name, row.number)

    def _keep(self, row: _Row, key: object, activity: ActivityData, shape: _Shape) -> None:
        if _is_blank(row.stated):
            self.shapes[key] = shape
        elif self._is_as_stated(activity, stated=row.stated, unit=row.cells[row.columns.unit]):
            self.shapes[key] = shape._replace(amount=None)
        else:
            by_amount = self.shapes.setdefault(key, _ByAmount())
            if isinstance(by_amount, _ByAmount):
                by_amount[row.stated] = shape

    def _is_as_stated(self, activity: ActivityData, *, stated: Cell, unit: Cell) -> bool:
        """Whether the amount is what the row states, and nothing else of the row hangs on it."""
        form = _form(activity)
        if form is not None and (form.terms != AS_STATED or form.at_most):
            return False
        try:
            as_stated = isinstance(unit, str) and parse_unit(unit) == activity.amount.unit
        except (UnitAmbiguous, UnitUnknown):
            return False
        return as_stated and number_in(stated, decimal_comma=self.reference.decimal_comma) == activity.amount.value

    def _shape(self, activity: ActivityData) -> _Shape:
        kind = Kind(
            location_id=activity.location_id,
            category=activity.category,
            item=activity.item,
            key=activity.key,
            unit=activity.amount.unit,
            details=tuple(activity.details.items()),
            quality=activity.quality,
            uncertainty_percent=activity.uncertainty_percent,
        )
        index = self._index_of(kind)
        place = self.reference.places[activity.location_id]
        question = _Question(activity.category, activity.key, activity.amount.unit, place)
        return _Shape(kind=index, question=self._question(question), amount=activity.amount.value)

    def _question(self, question: _Question) -> int:
        index = self.questions.setdefault(question, len(self.questions))
        if index == len(self.asked):
            first, last = date(self.reference.year, 1, 1), date(self.reference.year, 12, 31)
            turns = self.reference.catalogue.turns(category=question.category, key=question.key)
            self.asked.append(question)
            self.turns.append(tuple(day for day in turns if first < day <= last))
        return index

    def _index_of(self, kind: Kind) -> int:
        index = self.kinds.setdefault(kind, len(self.kinds))
        if index == len(self.found.kinds):
            self.found.kinds.append(kind)
        return index

    def _answer(self, question: int, start: date, after: date) -> int | None:
        """Index of the coefficient; None where no emission is counted. Refuses: as `resolve_coefficient`."""
        turns = self.turns[question]
        asked = (question, bisect_right(turns, start), bisect_left(turns, after)) if turns else (question, 0, 0)
        if asked in self.answers:
            return self.answers[asked]
        category, key, unit, place = self.asked[question]
        coefficient = resolve_coefficient(
            category=category,
            key=key,
            unit=unit,
            place=place,
            period=Period(start=start, end=after),
            catalogue=self.reference.catalogue,
            gwp_set=self.reference.gwp_set,
        )
        index = None
        if coefficient is not None:
            index = self.coefficients.setdefault(coefficient.id, len(self.coefficients))
            if index == len(self.found.coefficients):
                self.found.coefficients.append(coefficient)
        self.answers[asked] = index
        return index


def _shape_key(row: _Row) -> tuple[object, ...]:
    """All cells but the free ones, each as its type has it: to Python, yes is 1."""
    cells, columns = row.cells, row.columns
    shape = columns.shape(cells)
    meter: object = cells[columns.meter] if row.meter is None else _ANY_METER
    return shape, tuple(map(type, shape)), meter, type(meter), _is_blank(row.stated), _is_blank(cells[columns.end])


@lru_cache(maxsize=10_000, typed=True)
def _meter_in(cell: Cell) -> str | None:
    """The meter as the domain takes it in; None where there is none, or that is not plain to see."""
    if isinstance(cell, Decimal):
        return shown(cell)
    return cell if isinstance(cell, str) and _is_plain(cell) else None


def _is_plain(text: str) -> bool:
    """Whether the domain takes it in as it is."""
    return bool(text) and text == shown(text).strip() and text_trouble(text) is None


def _is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


def _form(activity: ActivityData) -> Form | None:
    if activity.stated is None:
        return None
    return next(form for form in CATEGORIES[activity.category].forms if form.name == activity.stated.form)
