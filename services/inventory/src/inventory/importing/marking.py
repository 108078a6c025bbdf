"""The workbook back as it came, with what is wrong in it marked: cells coloured, a comment at each, and a list.

It is written anew, cell by cell: values and places are those of the file, its own formats are not. A text stays a text,
so that a formula in it is not one here.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from inventory.domain.rows import Cell, Problem, ProblemCode, column_named
from inventory.spreadsheet import JOB_LIMITS, Limits, Sheet, open_sheets

__all__ = ["WHOLE_MAX", "mark"]

WHOLE_MAX = 50_000
"""Rows up to which all of a sheet comes back; beyond that its rows with problems alone."""
_OF_HEADERS = frozenset({ProblemCode.MISSING_COLUMN, ProblemCode.UNKNOWN_COLUMN, ProblemCode.DUPLICATE_COLUMN})
_DIGITS_OF_A_NUMBER = 15
_SHEET_NAME_MAX = 31
_LIST_MAX = 100_000


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
    marker.list(problems)
    book.close()
    return written.getvalue()


class _Marker:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._wrong = book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006"})
        self._wrong_day = book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006", "num_format": "yyyy-mm-dd"})
        self._head = book.add_format({"bold": True})

    def write(self, sheet: Sheet, problems: Iterable[Problem]) -> None:
        page = self._book.add_worksheet(sheet.name[:_SHEET_NAME_MAX])
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
            wrong = by_row.get(number)
            if wrong is None and number > WHOLE_MAX:
                continue
            marks: dict[int, list[Problem]] = defaultdict(list)
            for problem in wrong or ():
                marks[at.get(problem.column, 0)].append(problem)
            self._write_row(page, number, cells, marks)
        page.freeze_panes(sheet.header_row, 0)

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
        page: xlsxwriter.worksheet.Worksheet,
        number: int,
        cells: Sequence[Cell],
        marks: Mapping[int, Sequence[Problem]],
    ) -> None:
        row = number - 1
        for column in range(max(len(cells), max(marks, default=-1) + 1)):
            cell = cells[column] if column < len(cells) else None
            found = marks.get(column)
            self._write_cell(page, row, column, cell, is_wrong=found is not None)
            if found:
                text = "\n".join(
                    f"{problem.code}: {problem.reason.removesuffix('.')}. {problem.hint}" for problem in found
                )
                page.write_comment(row, column, text, {"author": "Lichen", "x_scale": 2.5, "y_scale": 1.2})

    def _write_cell(
        self, page: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell, *, is_wrong: bool
    ) -> None:
        style = self._wrong if is_wrong else None
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
        for row, problem in enumerate(problems[:_LIST_MAX], start=1):
            page.write_string(row, 0, problem.sheet)
            page.write_number(row, 1, problem.row)
            for column, text in enumerate(
                (problem.column, problem.value, problem.code.value, problem.reason, problem.hint), start=2
            ):
                page.write_string(row, column, text)


def _places(sheet: Sheet) -> dict[str, int]:
    """Where each column is, by the name that problems have for it."""
    at: dict[str, int] = {}
    for index, header in enumerate(sheet.headers):
        column = column_named(header)
        at.setdefault(header if column is None else column.value, index)
    return at
