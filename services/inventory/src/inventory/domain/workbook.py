"""Activity data as people hand them in: every problem is found and named, and only sound rows pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from inventory.domain import vocabulary
from inventory.domain.activity_data import ActivityData, Category, DataQuality, Period, SourceRow, Stated
from inventory.domain.air_travel import Airport
from inventory.domain.cells import RowReader
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import FactorMissing
from inventory.domain.form_reading import FormReading, Lookups, period_of, read_days, read_form, read_uncertainty
from inventory.domain.overlap import Meter, Reading, meter_of, overlap_with, overlaps
from inventory.domain.quantification import resolve_coefficient
from inventory.domain.rows import Cell, Column, Problem, ProblemCode, RawRow, column_named, headers_of, is_blank, shown
from quantities import (
    GwpSet,
    Refusal,
    UnitsNotConvertible,
)

__all__ = ["Reference", "RowChecker", "duplicate_of", "no_rows", "read_rows"]

_ALWAYS_NEEDED = (Column.SITE, Column.CATEGORY, Column.START, Column.QUALITY)
_MARKS_OF_ACTIVITY_DATA = frozenset({Column.SITE, Column.CATEGORY, Column.AMOUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What rows are checked against."""

    places: Mapping[str, Place]
    """The locations that rows may be for, by code, and where each is."""
    year: int
    catalogue: Catalogue
    gwp_set: GwpSet
    airports: Mapping[str, Airport]
    airports_by_city: Mapping[str, tuple[str, ...]]
    """Airports of a city code, to say which were meant."""
    decimal_comma: bool = False
    """Texts in columns of numbers have a comma for decimals. Declared, never guessed: 1,234 is either."""


def read_rows(rows: Iterable[RawRow], *, reference: Reference) -> tuple[tuple[ActivityData, ...], tuple[Problem, ...]]:
    """The activities in these rows, and every problem of those that are not sound.

    A sheet with none of the columns site, category and amount holds no activity data and is passed over. Blank is
    missing, never 0. The column `end` names the last day; a journey without one is of a single day.
    """
    kept = tuple(row for row in rows if not is_blank(cell for _, cell in row.cells))
    checker = RowChecker(reference=reference)
    headers = headers_of(kept)
    problems = [problem for sheet, found in headers.items() for problem in checker.check_headers(sheet, found)]
    activities: list[ActivityData] = []
    first_with: dict[ActivityData, SourceRow] = {}
    for row in kept:
        if row.sheet not in checker.data_sheets:
            continue
        activity, found_in_row = checker.check(row)
        problems.extend(found_in_row)
        if activity is None:
            continue
        first = first_with.setdefault(replace(activity, source=SourceRow(sheet="", row=0)), activity.source)
        if first is activity.source:
            activities.append(activity)
        else:
            problems.append(duplicate_of(row, first=first))
    twice = _counted_twice(activities)
    problems += [twice[place] for place in sorted(twice)]
    if not checker.data_sheets:
        problems.append(no_rows())
    return tuple(item for place, item in enumerate(activities) if place not in twice), tuple(problems)


def _counted_twice(activities: Sequence[ActivityData]) -> dict[int, Problem]:
    """Problems of those that are of the same days of a meter as an earlier one, by place."""
    readings: dict[Meter, list[Reading]] = {}
    for place, item in enumerate(activities):
        meter = meter_of(location_id=item.location_id, category=item.category, item=item.item, details=item.details)
        if meter is not None:
            reading = Reading(item.period.start, item.period.end, place, item.source)
            readings.setdefault(meter, []).append(reading)
    return {
        later.place: overlap_with(later, earlier=earlier, meter=meter)
        for meter, found in readings.items()
        for later, earlier in overlaps(found)
    }


def no_rows() -> Problem:
    """A file without a sheet of activity data."""
    return Problem(
        sheet="",
        row=1,
        column="",
        value="",
        code=ProblemCode.NO_ROWS,
        reason="there are no rows of activity data",
        hint=f"the first row names the columns: {', '.join(Column)}",
    )


def duplicate_of(row: RawRow, *, first: SourceRow) -> Problem:
    """A row that says the same as an earlier one."""
    return Problem(
        sheet=row.sheet,
        row=row.row,
        column="",
        value="",
        code=ProblemCode.DUPLICATE_ROW,
        reason=f"it says the same as row {first.row} of sheet '{first.sheet}'",
        hint="remove one of the two; if both are real, say in the note what tells them apart",
    )


@dataclass(slots=True, kw_only=True)
class RowChecker:
    """Headers and rows of a file, one after the other; it knows what was found before."""

    reference: Reference
    data_sheets: set[str] = field(default_factory=set)
    """Sheets whose headers say that they hold activity data."""
    columns_lacking: dict[str, frozenset[Column]] = field(default_factory=dict)
    with_stray_cells: set[str] = field(default_factory=set)
    refusals: dict[tuple[object, ...], Refusal | None] = field(default_factory=dict)
    lookups: Lookups = field(init=False)

    def __post_init__(self) -> None:
        reference = self.reference
        self.lookups = Lookups(
            items={category: reference.catalogue.keys(category) for category in Category},
            gwp_set=reference.gwp_set,
            airports=reference.airports,
            airports_by_city=reference.airports_by_city,
        )

    def check_headers(self, sheet: str, headers: tuple[str, ...]) -> tuple[Problem, ...]:
        """What is wrong with the headers of a sheet; none where it holds no activity data."""
        if not _MARKS_OF_ACTIVITY_DATA & {column_named(header) for header in headers}:
            return ()
        self.data_sheets.add(sheet)
        found: set[Column] = set()
        problems = []
        for header in headers:
            column = column_named(header)
            if column is None and header.strip():
                problems.append(
                    _of_header(
                        sheet,
                        header,
                        ProblemCode.UNKNOWN_COLUMN,
                        reason=f"there is no column '{header}'",
                        hint=f"remove or rename it; columns are {', '.join(Column)}",
                    )
                )
            elif column in found:
                problems.append(
                    _of_header(
                        sheet,
                        header,
                        ProblemCode.DUPLICATE_COLUMN,
                        reason=f"'{header}' is the second column for {column}",
                        hint="keep one of them",
                    )
                )
            elif column is not None:
                found.add(column)
        lacking = [column for column in _ALWAYS_NEEDED if column not in found]
        problems += [
            _of_header(
                sheet,
                column,
                ProblemCode.MISSING_COLUMN,
                reason=f"the column {column} is missing",
                hint=f"add a column headed {column}",
            )
            for column in lacking
        ]
        self.columns_lacking[sheet] = frozenset(lacking)
        return tuple(problems)

    def check(self, raw: RawRow) -> tuple[ActivityData | None, tuple[Problem, ...]]:
        """The activity of a row of a data sheet, or every problem of it."""
        cells: dict[Column, Cell] = {}
        for header, cell in raw.cells:
            column = column_named(header)
            if column is not None:
                cells.setdefault(column, cell)
        row = RowReader(raw, cells=cells, decimal_comma=self.reference.decimal_comma)
        row.check_texts()
        stray = self._stray_cells(raw)
        activity = self._activity(row, source=SourceRow(sheet=raw.sheet, row=raw.row))
        # A column that a whole sheet lacks is one problem, not one a row.
        lacking = self.columns_lacking[raw.sheet]
        found = [
            problem
            for problem in row.problems
            if not (problem.code == ProblemCode.MISSING_VALUE and problem.column in lacking)
        ]
        return (None if row.problems else activity), (*stray, *found)

    def _stray_cells(self, raw: RawRow) -> tuple[Problem, ...]:
        """Values below no header belong to no column; one problem a sheet says so."""
        stray = [cell for header, cell in raw.cells if not header.strip() and not is_blank([cell])]
        if not stray or raw.sheet in self.with_stray_cells:
            return ()
        self.with_stray_cells.add(raw.sheet)
        problem = Problem(
            sheet=raw.sheet,
            row=raw.row,
            column="",
            value=shown(stray[0]),
            code=ProblemCode.UNKNOWN_COLUMN,
            reason=f"'{shown(stray[0])}' stands below no header",
            hint="give its column a header, or delete the cell",
        )
        return (problem,)

    def _activity(self, row: RowReader, *, source: SourceRow) -> ActivityData | None:
        location_id = self._site(row)
        name = row.one_of(
            Column.CATEGORY,
            known=Category,
            also=vocabulary.CATEGORIES,
            code=ProblemCode.UNKNOWN_CATEGORY,
            what="category",
        )
        category = None if name is None else Category(name)
        period = self._period(row, category)
        quality = row.one_of(
            Column.QUALITY, known=DataQuality, also={}, code=ProblemCode.UNKNOWN_QUALITY, what="data quality"
        )
        uncertainty_percent = read_uncertainty(row)
        if category is None:
            return None
        reading = read_form(row, category, lookups=self.lookups)
        if row.problems or location_id is None or period is None or quality is None or reading is None:
            return None
        activity = ActivityData(
            location_id=location_id,
            category=category,
            item=reading.item,
            treatment=reading.treatment,
            period=period,
            amount=reading.amount,
            flight=reading.flight,
            quality=DataQuality(quality),
            note=row.text(Column.NOTE),
            source=source,
            stated=_beyond_item_and_flight(reading),
            uncertainty_percent=uncertainty_percent,
        )
        self._report_no_factor(row, activity)
        return activity

    def _site(self, row: RowReader) -> str | None:
        text = row.required_text(Column.SITE, hint="the code of the location")
        if text is None:
            return None
        code = text.casefold()
        if code in self.reference.places:
            return code
        row.report(
            Column.SITE,
            ProblemCode.UNKNOWN_SITE,
            reason=f"'{text}' is not a location that you may enter data for",
            hint="the code of a location of this inventory",
        )
        return None

    def _period(self, row: RowReader, category: Category | None) -> Period | None:
        # Without a category both days are asked for: nothing says that it is a journey.
        first, last = read_days(row, category or Category.GRID_ELECTRICITY)
        year = self.reference.year
        for column, day in ((Column.START, first), (Column.END, last)):
            if day is not None and day.year != year and row.has(column):
                row.report(
                    column,
                    ProblemCode.PERIOD_OUTSIDE_YEAR,
                    reason=f"{day} is outside {year}",
                    hint=f"a day from {year}-01-01 to {year}-12-31; `end` is the last day",
                )
        return period_of(row, first, last)

    def _report_no_factor(self, row: RowReader, activity: ActivityData) -> None:
        """Find out now whether the row can be quantified, by the very rule that will do it."""
        match self._refusal(activity):
            case UnitsNotConvertible() as refusal:
                self._report_unit(row, refusal.message)
            case FactorMissing() as refusal:
                row.report(
                    Column.CATEGORY,
                    ProblemCode.FACTOR_MISSING,
                    reason=refusal.message,
                    hint="ask the central coordinator to add the factor; the row is not counted as 0",
                )

    def _report_unit(self, row: RowReader, reason: str) -> None:
        row.report(
            Column.UNIT,
            ProblemCode.UNITS_NOT_CONVERTIBLE,
            reason=reason,
            hint="state the amount in such a unit; energy of fuels says its calorific basis: kWh_net or kWh_gross",
        )

    def _refusal(self, activity: ActivityData) -> Refusal | None:
        place = self.reference.places[activity.location_id]
        question = (activity.category, activity.key, activity.amount.unit, place, activity.period)
        if question not in self.refusals:
            try:
                resolve_coefficient(
                    category=activity.category,
                    key=activity.key,
                    unit=activity.amount.unit,
                    place=place,
                    period=activity.period,
                    catalogue=self.reference.catalogue,
                    gwp_set=self.reference.gwp_set,
                )
                self.refusals[question] = None
            except (UnitsNotConvertible, FactorMissing) as refusal:
                self.refusals[question] = refusal
        return self.refusals[question]


def _beyond_item_and_flight(reading: FormReading) -> Stated | None:
    """What the row stated, unless item, treatment and flight say all of it."""
    said = {Column.TREATMENT} if reading.treatment is not None else set()
    if reading.flight is not None and reading.form.name == "leg":
        return None
    return None if said >= {name for name, _ in reading.stated.inputs} else reading.stated


def _of_header(sheet: str, header: str, code: ProblemCode, *, reason: str, hint: str) -> Problem:
    return Problem(sheet=sheet, row=1, column=header, value=header, code=code, reason=reason, hint=hint)
