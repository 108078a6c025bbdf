"""The workbook to fill in, made for one location and year."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter

from inventory.domain import vocabulary
from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.categories import CATEGORIES, CategorySpec, Form, Items
from inventory.domain.emission_factor import Catalogue
from inventory.domain.form_reading import UNCERTAINTY_HINT
from inventory.domain.header_names import HEADERS_BY_LANGUAGE
from inventory.domain.rows import Column
from inventory.importing.drop_downs import DATES, HEAD, LISTS, DropDowns, title_of_lists
from quantities import GwpSet, Unit, convertible

__all__ = ["TEMPLATE_VERSION", "TemplateFor", "template"]

TEMPLATE_VERSION = "2026.2"
"""Of the columns and lists; it is in the workbook's properties and in the first cell of its hidden sheet."""
ROWS = 2_000
"""With drop-downs; further rows may be filled in without."""
_WIDE = frozenset({Column.SITE, Column.CATEGORY, Column.ITEM, Column.NOTE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFor:
    """Whose template it is."""

    location_id: str
    year: int
    sites: Sequence[str]
    """Codes of the locations that rows may be for: the asker may enter data for each."""
    catalogue: Catalogue
    gwp_set: GwpSet
    language: str = "en"
    """Of the headers: en, fr or es."""


def template(what: TemplateFor) -> bytes:
    """An XLSX with drop-downs for site, category, item, unit and other lists, and a page that says how to fill it."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"title": f"Activity data of {what.location_id}, {what.year}", "author": "Lichen"})
    book.set_custom_property("lichen-template", TEMPLATE_VERSION)
    data = book.add_worksheet("Data")
    _instructions(book, what)
    offered = _lists(book, what)
    offered.define(book)
    _data(book, data, what, offered=offered)
    book.close()
    return content.getvalue()


def _header(column: Column, language: str) -> str:
    names = HEADERS_BY_LANGUAGE.get(language)
    return column.value if names is None else names[column.value][0]


def _lists(book: xlsxwriter.Workbook, what: TemplateFor) -> DropDowns:
    """A hidden sheet with every list."""
    sheet = book.add_worksheet(LISTS)
    sheet.hide()
    title = title_of_lists(version=TEMPLATE_VERSION, location_id=what.location_id, year=what.year)
    sheet.write_string(0, 0, title)
    every: dict[str, Sequence[str]] = {
        "list_site": what.sites,
        "list_category": [category.value for category in CATEGORIES],
        "list_quality": [quality.value for quality in DataQuality],
        "list_return": ["yes", "no"],
        "list_class": what.catalogue.keys(Category.AIR_TRAVEL),
        "list_treatment": list(dict.fromkeys((*vocabulary.WASTE_TREATMENTS, *vocabulary.DISCHARGES))),
        "list_phase": vocabulary.PHASES,
    }
    for category, spec in CATEGORIES.items():
        every[f"item_{category.value}"] = _items(spec, what) or ["-"]
        every[f"unit_{category.value}"] = _units(spec) or ["-"]
    for index, (name, values) in enumerate(every.items()):
        sheet.write_string(1, index, name)
        for row, value in enumerate(values, start=2):
            sheet.write_string(row, index, value)
    return DropDowns(year=what.year, lists=[(name, len(values)) for name, values in every.items()])


def _items(spec: CategorySpec, what: TemplateFor) -> list[str]:
    found: dict[str, None] = {}
    for form in spec.forms:
        if form.item_column != Column.ITEM:
            continue
        match form.items:
            case Items.CATALOGUE:
                found |= dict.fromkeys(what.catalogue.keys(spec.category))
            case Items.GWP_SET:
                found |= dict.fromkeys(sorted((*what.gwp_set.gases, *what.gwp_set.blends)))
            case tuple() as items:
                found |= dict.fromkeys(items)
    return list(found)


def _units(spec: CategorySpec) -> list[str]:
    stated = dict.fromkeys(unit for form in spec.forms for unit in form.stated)
    return [unit.value for unit in Unit if any(convertible(unit, to=one) for one in stated)]


def _data(
    book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, what: TemplateFor, *, offered: DropDowns
) -> None:
    head = book.add_format(HEAD)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    columns = {column: index for index, column in enumerate(Column)}
    for column, index in columns.items():
        sheet.write_string(0, index, _header(column, what.language), head)
        sheet.set_column(index, index, 24 if column in _WIDE else 14, day if column in DATES else None)
    offered.offer(sheet, columns, first=2, last=ROWS + 1)
    sheet.freeze_panes(1, 2)


def _instructions(book: xlsxwriter.Workbook, what: TemplateFor) -> None:
    sheet = book.add_worksheet("Instructions")
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 3, 60)
    lines: list[tuple[str, ...]] = [
        (f"How to fill in the sheet Data: activity data of {what.location_id}, {what.year}",),
        (f"Template {TEMPLATE_VERSION}. One row for one use; a cell left blank is missing, never 0.",),
        ("Days are whole: the column of the end names the last day. A journey without an end is of one day.",),
        ("Numbers have a point for decimals and no comma, unless a locale with a comma is declared when it is sent.",),
        ("Readings of one meter never share a day; where a site has several, say in the column meter which it is.",),
        (f"Uncertainty is of the amount: {UNCERTAINTY_HINT}, without the sign %. Blank: nothing is stated of it.",),
        ("",),
        ("of what", "how it is stated", "needs, beside site, category, start and quality", "units"),
    ]
    lines += [
        (spec.category.value, form.about, _needs(form), ", ".join(unit.value for unit in form.stated) or "-")
        for spec in CATEGORIES.values()
        for form in spec.forms
    ]
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text, bold if row in {0, 7} else None)


def _needs(form: Form) -> str:
    needs = ", ".join(form.needs)
    return needs if not form.allows else f"{needs}; may have {', '.join(form.allows)}"
