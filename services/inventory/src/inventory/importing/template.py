"""The workbook to fill in, made for one location and year."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import xlsxwriter

from inventory.domain import vocabulary
from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.categories import CATEGORIES, CategorySpec, Form, Items
from inventory.domain.emission_factor import Catalogue
from inventory.domain.form_reading import UNCERTAINTY_HINT
from inventory.domain.header_names import HEADERS_BY_LANGUAGE
from inventory.domain.rows import Column
from inventory.domain.uncertainty import PERCENT_MAX
from quantities import GwpSet, Unit, convertible

__all__ = ["TEMPLATE_VERSION", "TemplateFor", "template"]

TEMPLATE_VERSION = "2026.2"
"""Of the columns and lists; it is in the workbook's properties and in the first cell of its hidden sheet."""
ROWS = 2_000
"""With drop-downs; further rows may be filled in without."""
_WIDE = frozenset({Column.SITE, Column.CATEGORY, Column.ITEM, Column.NOTE})
_DATES = frozenset({Column.START, Column.END})


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
    lists = _lists(book, what)
    _data(book, data, what, lists=lists)
    book.close()
    return content.getvalue()


def _header(column: Column, language: str) -> str:
    names = HEADERS_BY_LANGUAGE.get(language)
    return column.value if names is None else names[column.value][0]


def _lists(book: xlsxwriter.Workbook, what: TemplateFor) -> Mapping[Column, str]:
    """A hidden sheet with every list, each under a name; the names by column."""
    sheet = book.add_worksheet("Lists")
    sheet.hide()
    sheet.write_string(0, 0, f"lichen template {TEMPLATE_VERSION} {what.location_id} {what.year}")
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
        letter = xlsxwriter.utility.xl_col_to_name(index)
        book.define_name(name, f"=Lists!${letter}$3:${letter}${len(values) + 2}")
    plain = {column: f"=list_{column.value}" for column in Column if f"list_{column.value}" in every}
    return plain | {Column.ITEM: "item_", Column.UNIT: "unit_"}


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
    book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, what: TemplateFor, *, lists: Mapping[Column, str]
) -> None:
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    columns = list(Column)
    category = xlsxwriter.utility.xl_col_to_name(columns.index(Column.CATEGORY))
    for index, column in enumerate(columns):
        sheet.write_string(0, index, _header(column, what.language), head)
        sheet.set_column(index, index, 24 if column in _WIDE else 14, day if column in _DATES else None)
        rule: dict[str, object] | None = None
        if column in lists:
            source = lists[column]
            if not source.startswith("="):
                source = f'=INDIRECT("{source}"&${category}2)'
            rule = {"validate": "list", "source": source, "error_message": f"Choose one of the list for {column}."}
        elif column in _DATES:
            rule = {
                "validate": "date",
                "criteria": "between",
                "minimum": date(what.year, 1, 1),
                "maximum": date(what.year, 12, 31),
                "error_message": f"A day of {what.year}.",
            }
        elif column == Column.UNCERTAINTY:
            rule = {
                "validate": "decimal",
                "criteria": "between",
                "minimum": 0,
                "maximum": int(PERCENT_MAX),
                "error_message": f"{UNCERTAINTY_HINT}.",
            }
        if rule is not None:
            sheet.data_validation(1, index, ROWS, index, rule)
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
