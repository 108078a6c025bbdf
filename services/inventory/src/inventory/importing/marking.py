"""The workbook back as it came, with what is wrong in it marked: cells coloured, a comment at each, and a list.

It is written anew, cell by cell: values and places are those of the file, its own formats are not. A template of ours
has its lists again, and columns are as wide as what is in them. A text stays a text, so that a formula in it is not one
here.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from inventory.domain.rows import Cell, Column, Problem, ProblemCode, column_named
from inventory.importing.drop_downs import DATES, HEAD, LISTS, DropDowns
from inventory.spreadsheet import JOB_LIMITS, Limits, Sheet, open_sheets

__all__ = ["WHOLE_MAX", "mark"]

WHOLE_MAX = 50_000
"""Rows up to which all of a sheet comes back; beyond that its rows with problems alone."""
_OF_HEADERS = frozenset({ProblemCode.MISSING_COLUMN, ProblemCode.UNKNOWN_COLUMN, ProblemCode.DUPLICATE_COLUMN})
_DIGITS_OF_A_NUMBER = 15
_SHEET_NAME_MAX = 31
_LIST_MAX = 100_000
_NARROW, _WIDE = 10, 40
"""Characters that a column is wide, at least and at most."""
_ROWS_TO_COME = 200
"""Rows below the last that may be chosen from lists too."""


def mark(content: bytes, problems: Sequence[Problem], *, limits: Limits = JOB_LIMITS) -> bytes:
    """The file as an XLSX with these problems marked. Refuses: as `open_sheets`."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    marker = _Marker(book)
    of_sheet: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        of_sheet[problem.sheet].append(problem)
    for sheet in open_sheets(content, limits=limits):
        marker.write(sheet, of_sheet[sheet.name])
    marker.offer_again()
    marker.list(problems)
    book.close()
    return written.getvalue()


@dataclass(slots=True, kw_only=True)
class _Page:
    """One sheet as it is written."""

    sheet: xlsxwriter.worksheet.Worksheet
    header_row: int
    last_row: int = 0
    columns: Mapping[Column, int] = field(default_factory=dict)
    """Where each is, counted from 0."""
    _widths: dict[int, int] = field(default_factory=dict)

    def widen(self, column: int, cell: Cell) -> None:
        if cell is not None:
            shown = _NARROW if isinstance(cell, date) else len(str(cell))
            self._widths[column] = max(self._widths.get(column, _NARROW), shown)

    def end(self, *, day: xlsxwriter.format.Format) -> None:
        dates = {index for column, index in self.columns.items() if column in DATES}
        for column, width in self._widths.items():
            self.sheet.set_column(column, column, min(width, _WIDE) + 2, day if column in dates else None)
        self.sheet.freeze_panes(self.header_row, 0)


class _Marker:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._wrong = book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006"})
        self._wrong_day = book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006", "num_format": "yyyy-mm-dd"})
        self._head = book.add_format(HEAD)
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._text = book.add_format({"text_wrap": True, "valign": "top"})
        self._pages: list[_Page] = []
        self._offered: DropDowns | None = None

    def write(self, sheet: Sheet, problems: Iterable[Problem]) -> None:
        page = _Page(sheet=self._book.add_worksheet(sheet.name[:_SHEET_NAME_MAX]), header_row=sheet.header_row)
        kept: list[Sequence[Cell]] = []
        by_row: dict[int, list[Problem]] = defaultdict(list)
        of_headers = []
        for problem in problems:
            if problem.row == 1 and problem.code in _OF_HEADERS:
                of_headers.append(problem)
            else:
                by_row[problem.row].append(problem)
        self._write_row(page, sheet.header_row, sheet.headers, self._of_headers(sheet, of_headers))
        at = _places(sheet)
        for number, cells in sheet.rows:
            if sheet.name == LISTS:
                kept.append(cells)
            wrong = by_row.get(number)
            if wrong is None and number > WHOLE_MAX:
                continue
            marks: dict[int, list[Problem]] = defaultdict(list)
            for problem in wrong or ():
                marks[at.get(problem.column, 0)].append(problem)
            self._write_row(page, number, cells, marks)
        page.columns = {column: at[column.value] for column in Column if column.value in at}
        page.end(day=self._day)
        offered = DropDowns.read(sheet.headers, kept) if sheet.name == LISTS else None
        if offered is None:
            self._pages.append(page)
        else:
            self._offered = offered
            page.sheet.hide()

    def offer_again(self) -> None:
        """The lists of a template, where it is one of ours."""
        if self._offered is None:
            return
        self._offered.define(self._book)
        for page in self._pages:
            if Column.CATEGORY in page.columns:
                self._offered.offer(
                    page.sheet, page.columns, first=page.header_row + 1, last=page.last_row + _ROWS_TO_COME
                )

    @staticmethod
    def _of_headers(sheet: Sheet, problems: Iterable[Problem]) -> dict[int, list[Problem]]:
        """A column that is missing is marked beyond the last."""
        marks: dict[int, list[Problem]] = defaultdict(list)
        for problem in problems:
            there = problem.code != ProblemCode.MISSING_COLUMN and problem.column in sheet.headers
            marks[sheet.headers.index(problem.column) if there else len(sheet.headers)].append(problem)
        return marks

    def _write_row(
        self,
        page: "_Page",
        number: int,
        cells: Sequence[Cell],
        marks: Mapping[int, Sequence[Problem]],
    ) -> None:
        row, page.last_row = number - 1, number
        plain = self._head if number == page.header_row else None
        for column in range(max(len(cells), max(marks, default=-1) + 1)):
            cell = cells[column] if column < len(cells) else None
            found = marks.get(column)
            page.widen(column, cell)
            self._write_cell(page.sheet, row, column, cell, plain=plain, is_wrong=found is not None)
            if found:
                text = "\n".join(
                    f"{problem.code}: {problem.reason.removesuffix('.')}. {problem.hint}" for problem in found
                )
                page.sheet.write_comment(row, column, text, {"author": "Lichen", "x_scale": 2.5, "y_scale": 1.2})

    def _write_cell(
        self,
        page: xlsxwriter.worksheet.Worksheet,
        row: int,
        column: int,
        cell: Cell,
        *,
        plain: xlsxwriter.format.Format | None,
        is_wrong: bool,
    ) -> None:
        style = self._wrong if is_wrong else plain
        match cell:
            case None:
                page.write_blank(row, column, None, style)
            case bool():
                page.write_boolean(row, column, cell, style)
            case Decimal() if len(cell.as_tuple().digits) <= _DIGITS_OF_A_NUMBER:
                page.write_number(row, column, float(cell), style)
            case datetime():
                page.write_datetime(row, column, cell.replace(tzinfo=None), self._wrong_day if is_wrong else None)
            case date():
                page.write_datetime(row, column, cell, self._wrong_day if is_wrong else None)
            case _:
                page.write_string(row, column, str(cell), style)

    def list(self, problems: Sequence[Problem]) -> None:
        """All of them, one below the other. No header of it is one of activity data: the file can be sent again."""
        page = self._book.add_worksheet("Lichen problems")
        for column, (name, width) in enumerate(
            (("in sheet", 14), ("in row", 8), ("in column", 16), ("found", 24), ("code", 24), ("why", 60), ("hint", 60))
        ):
            page.write_string(0, column, name, self._head)
            page.set_column(column, column, width)
        page.freeze_panes(1, 0)
        for row, problem in enumerate(problems[:_LIST_MAX], start=1):
            page.write_string(row, 0, problem.sheet, self._text)
            page.write_number(row, 1, problem.row, self._text)
            for column, text in enumerate(
                (problem.column, problem.value, problem.code.value, problem.reason, problem.hint), start=2
            ):
                page.write_string(row, column, text, self._text)


def _places(sheet: Sheet) -> dict[str, int]:
    """Where each column is, by the name that problems have for it."""
    at: dict[str, int] = {}
    for index, header in enumerate(sheet.headers):
        column = column_named(header)
        at.setdefault(header if column is None else column.value, index)
    return at
