"""What a sheet of activity data offers to choose from: lists of values on a hidden sheet, and days of the year."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from inventory.domain.form_reading import UNCERTAINTY_HINT
from inventory.domain.rows import Cell, Column
from inventory.domain.uncertainty import PERCENT_MAX

__all__ = ["DATES", "HEAD", "LISTS", "DropDowns", "title_of_lists"]

LISTS = "Lists"
"""The hidden sheet: what template it is, below it the name of each list, below that its values."""
DATES = frozenset({Column.START, Column.END})
HEAD = {"bold": True, "bg_color": "#DDEBF7", "border": 1}
"""Of the cells of a header."""
_FIRST_ROW = 3
_BY_CATEGORY = {Column.ITEM: "item_", Column.UNIT: "unit_"}
"""Lists of which each category has its own."""
_TITLE = re.compile(r"lichen template \S+ \S+ (19[0-9]{2}|2[0-9]{3})")
"""With a year that a spreadsheet has days of."""
_NAME = re.compile(r"(list|item|unit)_[a-z0-9_]{1,60}")


def title_of_lists(*, version: str, location_id: str, year: int) -> str:
    return f"lichen template {version} {location_id} {year}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDowns:
    """Of a workbook that was made to be filled in."""

    year: int
    lists: Sequence[tuple[str, int]]
    """Name of each list and how many values it has, in the order of their columns on the hidden sheet."""

    @classmethod
    def read(cls, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Self | None:
        """Those that a hidden sheet tells of; None where it is not one of ours, whatever it is called."""
        title = _TITLE.fullmatch(headers[0]) if headers else None
        if title is None or not rows:
            return None
        names, *values = rows
        if len(set(names)) < len(names) or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
            return None
        counts = [sum(index < len(row) and row[index] is not None for row in values) for index in range(len(names))]
        return cls(year=int(title[1]), lists=[(str(name), count) for name, count in zip(names, counts, strict=True)])

    def define(self, book: xlsxwriter.Workbook) -> None:
        """A name for each list, by which a cell's rule finds it."""
        for index, (name, count) in enumerate(self.lists):
            letter = xl_col_to_name(index)
            book.define_name(name, f"={LISTS}!${letter}${_FIRST_ROW}:${letter}${_FIRST_ROW + max(count, 1) - 1}")

    def offer(
        self, page: xlsxwriter.worksheet.Worksheet, columns: Mapping[Column, int], *, first: int, last: int
    ) -> None:
        """In rows `first` to `last` (as spreadsheets count) of these columns (counted from 0)."""
        named = {name for name, _ in self.lists}
        for column, index in columns.items():
            rule = self._rule(column, named, category=columns.get(Column.CATEGORY), first=first)
            if rule is not None:
                page.data_validation(first - 1, index, last - 1, index, rule)

    def _rule(self, column: Column, named: set[str], *, category: int | None, first: int) -> dict[str, object] | None:
        choose = f"Choose one of the list for {column}."
        if f"list_{column.value}" in named:
            return {"validate": "list", "source": f"=list_{column.value}", "error_message": choose}
        if column in _BY_CATEGORY and category is not None:
            source = f'=INDIRECT("{_BY_CATEGORY[column]}"&${xl_col_to_name(category)}{first})'
            return {"validate": "list", "source": source, "error_message": choose}
        if column in DATES:
            return {
                "validate": "date",
                "criteria": "between",
                "minimum": date(self.year, 1, 1),
                "maximum": date(self.year, 12, 31),
                "error_message": f"A day of {self.year}.",
            }
        if column == Column.UNCERTAINTY:
            return {
                "validate": "decimal",
                "criteria": "between",
                "minimum": 0,
                "maximum": int(PERCENT_MAX),
                "error_message": f"{UNCERTAINTY_HINT}.",
            }
        return None
