"""Activity lines without a register and a database: each says by itself what it is, where, when and by which factor.

The same forms, conversions and choice of factor as in an inventory; what a location knows there, a line states here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from inventory.domain import vocabulary
from inventory.domain.activity_data import ALWAYS, Category, DataQuality, Period, SourceRow
from inventory.domain.cells import YEARS, RowReader, name_of, number_in
from inventory.domain.edition import MethodEdition
from inventory.domain.emission_factor import Catalogue, EmissionFactor, Place
from inventory.domain.errors import FactorMissing
from inventory.domain.form_reading import (
    UNCERTAINTY_HINT,
    FormReading,
    Lookups,
    period_of,
    read_days,
    read_form,
    read_uncertainty,
)
from inventory.domain.own_factors import fields_of, own_factor
from inventory.domain.quantification import Quantification, multiply, resolve_coefficient
from inventory.domain.rows import Cell, Column, Problem, ProblemCode, RawRow, column_named, is_blank, shown
from inventory.domain.uncertainty import PERCENT_MAX, is_uncertainty
from quantities import GasNotInGwpSet, GwpSet, Refusal, UnitsNotConvertible

__all__ = ["FACTOR_PREFIX", "Line", "OwnColumn", "Rules", "read_lines"]

FACTOR_PREFIX = "factor_"
"""Before the fields of a line's own factor, such as `factor_per` and `factor_co2`."""

_COUNTRY = re.compile(r"[A-Z]{3}")


class OwnColumn(StrEnum):
    """Columns that only lines without a register have."""

    COUNTRY = "country"
    GRID = "grid"
    YEAR = "year"
    FACTOR_UNCERTAINTY = "factor_uncertainty_percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What all lines are quantified by."""

    catalogue: Catalogue
    lookups: Lookups
    edition: MethodEdition
    place: Place
    """Where a line is that does not say."""
    region_of: Callable[[str | None], str | None]
    """The region that a country without a factor of its own is in."""
    year: int | None
    """When a line is that does not say."""

    @property
    def gwp_set(self) -> GwpSet:
        return self.lookups.gwp_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line, quantified."""

    source: SourceRow
    site: str | None
    category: Category
    reading: FormReading
    period: Period | None
    """None where nothing asks for it: neither a choice of factor nor the line."""
    place: Place
    quality: DataQuality | None
    note: str | None
    quantification: Quantification | None
    """None where the use is recorded and no emission counted."""
    factor: EmissionFactor | None
    """None where a formula holds, or nothing."""
    amount_percent: Decimal | None
    """Half of the 95 % interval of the amount."""
    factor_percent: Decimal | None
    """Half of the 95 % interval of the factor."""


def read_lines(rows: Iterable[RawRow], *, rules: Rules) -> tuple[tuple[Line, ...], tuple[Problem, ...]]:
    """Every sound line with its emissions, and every problem of those that are not. Blank is missing, never 0."""
    reading = _Reading(rules=rules)
    for row in rows:
        if not is_blank(cell for _, cell in row.cells):
            reading.read(row)
    if not reading.read_any:
        reading.problems.append(
            Problem(
                sheet="",
                row=1,
                column="",
                value="",
                code=ProblemCode.NO_ROWS,
                reason="there are no activity lines",
                hint=f"each line has at least a {Column.CATEGORY} and what it is an amount of",
            )
        )
    return tuple(reading.lines), tuple(reading.problems)


@dataclass(slots=True, kw_only=True)
class _Reading:
    rules: Rules
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    read_any: bool = False
    unknown: set[tuple[str, str]] = field(default_factory=set)
    first_with: dict[tuple[tuple[str, str], ...], SourceRow] = field(default_factory=dict)

    def read(self, raw: RawRow) -> None:
        self.read_any = True
        cells: dict[Column, Cell] = {}
        own: dict[str, Cell] = {}
        for header, cell in raw.cells:
            column, name = column_named(header), name_of(header)
            if column is not None and column not in cells:
                cells[column] = cell
            elif column is None and (name in set(OwnColumn) or name.startswith(FACTOR_PREFIX)) and name not in own:
                own[name] = cell
            elif not is_blank([cell]) or header.strip():
                self._report_header(raw, header, cell, is_second=column is not None or name in own)
        row = RowReader(raw, cells=cells)
        row.check_texts()
        line = _LineReader(raw, row, own, rules=self.rules).line()
        if line is not None and not row.problems:
            self._report_twin(raw, row)
        self.problems.extend(row.problems)
        if line is not None and not row.problems:
            self.lines.append(line)

    def _report_header(self, raw: RawRow, header: str, cell: Cell, *, is_second: bool) -> None:
        if (raw.sheet, header) in self.unknown:
            return
        self.unknown.add((raw.sheet, header))
        known = ", ".join((*Column, *OwnColumn, f"{FACTOR_PREFIX}…"))
        self.problems.append(
            Problem(
                sheet=raw.sheet,
                row=raw.row,
                column=header,
                value=shown(cell),
                code=ProblemCode.DUPLICATE_COLUMN if is_second else ProblemCode.UNKNOWN_COLUMN,
                reason=f"'{header}' is the second of its column" if is_second else f"there is no column '{header}'",
                hint="keep one of them" if is_second else f"remove or rename it; columns are {known}",
            )
        )

    def _report_twin(self, raw: RawRow, row: RowReader) -> None:
        # In full: what two lines differ in may stand at the end of a long note.
        alike = tuple(sorted((header, str(cell).strip()) for header, cell in raw.cells if not is_blank([cell])))
        source = SourceRow(sheet=raw.sheet, row=raw.row)
        first = self.first_with.setdefault(alike, source)
        if first is not source:
            row.report(
                None,
                ProblemCode.DUPLICATE_ROW,
                reason=f"it says the same as line {first.row}",
                hint="remove one of the two; if both are real, say in the note what tells them apart",
            )


class _LineReader:
    def __init__(self, raw: RawRow, row: RowReader, own: Mapping[str, Cell], *, rules: Rules) -> None:
        self._raw = raw
        self._row = row
        self._own = own
        self._rules = rules

    def line(self) -> Line | None:
        name = self._row.one_of(
            Column.CATEGORY,
            known=Category,
            also=vocabulary.CATEGORIES,
            code=ProblemCode.UNKNOWN_CATEGORY,
            what="category",
        )
        if name is None:
            return None
        category = Category(name)
        fields = fields_of(self._own.items(), prefix=FACTOR_PREFIX)
        fields.pop("uncertainty_percent", None)
        reading = read_form(self._row, category, lookups=self._rules.lookups, any_item=bool(fields))
        period = self._period(category)
        place = self._place()
        quality = self._quality()
        amount_percent = read_uncertainty(self._row)
        factor_percent = self._factor_percent()
        own = None if reading is None else self._factor(fields, category, key=reading.stated.key)
        if reading is None or self._row.problems:
            return None
        found = self._quantified(category, reading, period=period, place=place, own=own)
        if self._row.problems:
            return None
        factor = self._factor_of(found, own=own)
        return Line(
            source=SourceRow(sheet=self._raw.sheet, row=self._raw.row),
            site=self._row.text(Column.SITE),
            category=category,
            reading=reading,
            period=period,
            place=place,
            quality=quality,
            note=self._row.text(Column.NOTE),
            quantification=found,
            factor=factor,
            amount_percent=amount_percent,
            factor_percent=_percent_of(factor) if factor_percent is None else factor_percent,
        )

    def _report(self, column: str, code: ProblemCode, *, value: Cell, reason: str, hint: str) -> None:
        self._row.problems.append(
            Problem(
                sheet=self._raw.sheet,
                row=self._raw.row,
                column=column,
                value=shown(value),
                code=code,
                reason=reason,
                hint=hint,
            )
        )

    def _period(self, category: Category) -> Period | None:
        year = self._year()
        if self._row.has(Column.START) or self._row.has(Column.END):
            if OwnColumn.YEAR in self._own and not is_blank([self._own[OwnColumn.YEAR]]):
                self._report(
                    OwnColumn.YEAR,
                    ProblemCode.CONFLICTING_VALUES,
                    value=self._own[OwnColumn.YEAR],
                    reason="a line has either its first and last day or a year, not both",
                    hint="leave the year blank",
                )
            return period_of(self._row, *read_days(self._row, category))
        return None if year is None else Period(start=date(year, 1, 1), end=date(year + 1, 1, 1))

    def _year(self) -> int | None:
        cell = self._own.get(OwnColumn.YEAR)
        if is_blank([cell]):
            return self._rules.year
        number = number_in(cell)
        if number is None or number != number.to_integral_value() or int(number) not in YEARS:
            self._report(
                OwnColumn.YEAR,
                ProblemCode.NOT_A_DATE,
                value=cell,
                reason=f"'{shown(cell)}' is not a year",
                hint="four digits, such as 2024",
            )
            return None
        return int(number)

    def _place(self) -> Place:
        country = shown(self._own.get(OwnColumn.COUNTRY)).strip().upper() or None
        grid = shown(self._own.get(OwnColumn.GRID)).strip() or None
        if country is not None and not _COUNTRY.fullmatch(country):
            self._report(
                OwnColumn.COUNTRY,
                ProblemCode.UNKNOWN_SITE,
                value=country,
                reason=f"'{country}' is not a country's code",
                hint="three letters by ISO 3166-1, such as KEN",
            )
        if country is None and grid is None:
            return self._rules.place
        return Place(country=country, grid=grid, region=self._rules.region_of(country))

    def _quality(self) -> DataQuality | None:
        if not self._row.has(Column.QUALITY):
            return None
        name = self._row.one_of(
            Column.QUALITY, known=DataQuality, also={}, code=ProblemCode.UNKNOWN_QUALITY, what="data quality"
        )
        return None if name is None else DataQuality(name)

    def _factor_percent(self) -> Decimal | None:
        cell = self._own.get(OwnColumn.FACTOR_UNCERTAINTY)
        if is_blank([cell]):
            return None
        percent = number_in(cell)
        if percent is None or not is_uncertainty(percent):
            self._report(
                OwnColumn.FACTOR_UNCERTAINTY,
                ProblemCode.PERCENT_OUT_OF_RANGE,
                value=cell,
                reason=f"'{shown(cell)}' is not a percentage from 0 to {PERCENT_MAX}",
                hint=UNCERTAINTY_HINT,
            )
        return percent

    def _factor(self, fields: Mapping[str, Cell], category: Category, *, key: str) -> EmissionFactor | None:
        if not fields:
            return None
        found = own_factor(
            fields,
            category=category,
            key=key,
            gwp_set=self._rules.gwp_set,
        )
        if isinstance(found, EmissionFactor):
            return found
        for problem in found:
            self._report(
                f"{FACTOR_PREFIX}{problem.field}",
                ProblemCode.FACTOR_MALFORMED,
                value=fields.get(problem.field),
                reason=problem.reason,
                hint=problem.hint,
            )
        return None

    def _quantified(
        self,
        category: Category,
        reading: FormReading,
        *,
        period: Period | None,
        place: Place,
        own: EmissionFactor | None,
    ) -> Quantification | None:
        catalogue = self._rules.catalogue if own is None else Catalogue.of([own])
        if own is not None:
            period = ALWAYS
        try:
            coefficient = resolve_coefficient(
                category=category,
                key=reading.stated.key,
                unit=reading.amount.unit,
                place=place,
                # The latest day there is, so that no factor is chosen for a line that does not say when it was.
                period=period or Period(start=date.max - timedelta(days=1), end=date.max),
                catalogue=catalogue,
                gwp_set=self._rules.gwp_set,
                edition=self._rules.edition,
            )
        except (FactorMissing, UnitsNotConvertible, GasNotInGwpSet) as refusal:
            self._report_refusal(refusal, has_period=period is not None)
            return None
        if own is not None and (coefficient is None or coefficient.factor_id != own.id):
            self._report(
                f"{FACTOR_PREFIX}per",
                ProblemCode.FACTOR_NOT_USED,
                value=own.unit,
                reason=f"{category} stated as '{reading.form.name}' takes no factor from outside",
                hint="leave the columns of the factor blank, or state the line under another category",
            )
            return None
        if coefficient is None and period is None and not category.is_without_emission:
            self._report_no_period()
        return None if coefficient is None else multiply(coefficient, amount=reading.amount)

    def _report_refusal(self, refusal: Refusal, *, has_period: bool) -> None:
        if isinstance(refusal, UnitsNotConvertible):
            self._row.report(
                Column.UNIT,
                ProblemCode.UNITS_NOT_CONVERTIBLE,
                reason=refusal.message,
                hint="state the amount in a unit of what the factor is per; energy of fuels says its calorific basis",
            )
        elif isinstance(refusal, FactorMissing) and not has_period:
            self._report_no_period()
        else:
            self._row.report(
                Column.CATEGORY,
                ProblemCode.FACTOR_MISSING,
                reason=refusal.message,
                hint=f"give a factor with the line ({FACTOR_PREFIX}per, {FACTOR_PREFIX}co2 …); it is not counted as 0",
            )

    def _report_no_period(self) -> None:
        self._row.missing(Column.START, hint="first and last day, or the year: a factor belongs to its time")

    def _factor_of(self, found: Quantification | None, *, own: EmissionFactor | None) -> EmissionFactor | None:
        if found is None or own is not None:
            return own
        alike = self._rules.catalogue.by_category_and_key.get((found.coefficient.category, found.coefficient.key), ())
        return next((factor for factor in alike if factor.id == found.coefficient.factor_id), None)


def _percent_of(factor: EmissionFactor | None) -> Decimal | None:
    return None if factor is None else factor.uncertainty_percent
