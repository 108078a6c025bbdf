"""Activity data as people hand them in: every problem is found and named, and only sound rows pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from inventory.domain import vocabulary
from inventory.domain.activity_data import ActivityData, Category, DataQuality, Flight, Period, SourceRow
from inventory.domain.air_travel import Airport, great_circle_km, passenger_km
from inventory.domain.cells import RowReader
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import FactorMissing
from inventory.domain.quantification import resolve_coefficient
from inventory.domain.rows import Cell, Column, Problem, ProblemCode, RawRow, column_named, headers_of, is_blank, shown
from quantities import (
    GasNotInGwpSet,
    GwpSet,
    Quantity,
    Refusal,
    Unit,
    UnitAmbiguous,
    UnitsNotConvertible,
    UnitUnknown,
    convertible,
    parse_unit,
)

__all__ = ["Reference", "RowChecker", "duplicate_of", "no_rows", "read_rows"]

_ALWAYS_NEEDED = (Column.SITE, Column.CATEGORY, Column.START, Column.QUALITY)
_MARKS_OF_ACTIVITY_DATA = frozenset({Column.SITE, Column.CATEGORY, Column.AMOUNT})

# An optional category may have no factor to say which units fit it.
_UNIT_OF_USE = {Category.WASTE: Unit.KILOGRAM, Category.WATER: Unit.CUBIC_METRE, Category.WASTEWATER: Unit.CUBIC_METRE}


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
    if not checker.data_sheets:
        problems.append(no_rows())
    return tuple(activities), tuple(problems)


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
        row = RowReader(raw, cells=cells)
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
        if category is None:
            return None
        treatment = None
        if category == Category.WASTE:
            treatment = row.one_of(
                Column.TREATMENT,
                known=vocabulary.WASTE_TREATMENTS,
                also=vocabulary.TREATMENTS,
                code=ProblemCode.UNKNOWN_TREATMENT,
                what="treatment",
            )
        item = self._item(row, category)
        flight, amount = self._amount(row, category)
        if row.problems or location_id is None or period is None or quality is None or item is None or amount is None:
            return None
        activity = ActivityData(
            location_id=location_id,
            category=category,
            item=item,
            treatment=treatment,
            period=period,
            amount=amount,
            flight=flight,
            quality=DataQuality(quality),
            note=row.text(Column.NOTE),
            source=source,
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
        first = row.day(Column.START, hint="the first day of the period")
        journey = category in (Category.AIR_TRAVEL, Category.RAIL_TRAVEL, Category.TAXI_TRAVEL)
        one_day = journey and not row.has(Column.END)
        last = first if one_day else row.day(Column.END, hint="the last day of the period")
        year = self.reference.year
        for column, day in ((Column.START, first), (Column.END, last)):
            if day is not None and day.year != year and row.has(column):
                row.report(
                    column,
                    ProblemCode.PERIOD_OUTSIDE_YEAR,
                    reason=f"{day} is outside {year}",
                    hint=f"a day from {year}-01-01 to {year}-12-31; `end` is the last day",
                )
        if first is None or last is None:
            return None
        if last < first:
            row.report(
                Column.END,
                ProblemCode.PERIOD_ENDS_BEFORE_START,
                reason=f"the last day {last} is before the first day {first}",
                hint="exchange or correct the two days",
            )
            return None
        return Period(start=first, end=last + timedelta(days=1))

    def _item(self, row: RowReader, category: Category) -> str | None:
        catalogue = self.reference.catalogue
        only = vocabulary.ONLY_ITEM.get(category)
        if only is not None and not row.has(Column.ITEM):
            return only
        match category:
            case Category.REFRIGERANT:
                return self._refrigerant(row)
            case Category.AIR_TRAVEL:
                return row.one_of(
                    Column.CLASS,
                    known=catalogue.keys(category),
                    also=vocabulary.CLASSES,
                    code=ProblemCode.UNKNOWN_CLASS,
                    what="cabin class",
                )
            case Category.WASTE:
                known: tuple[str, ...] = vocabulary.WASTE_STREAMS
            case Category.WATER:
                known = vocabulary.WATER_SOURCES
            case Category.WASTEWATER:
                column = Column.TREATMENT if row.has(Column.TREATMENT) else Column.ITEM
                return row.one_of(
                    column,
                    known=vocabulary.DISCHARGES,
                    also={},
                    code=ProblemCode.UNKNOWN_TREATMENT,
                    what="way of discharge",
                )
            case _:
                known = catalogue.keys(category)
        return row.one_of(
            Column.ITEM, known=known, also=vocabulary.ITEMS, code=ProblemCode.UNKNOWN_ITEM, what=f"{category} item"
        )

    def _refrigerant(self, row: RowReader) -> str | None:
        text = row.required_text(Column.ITEM, hint="the refrigerant, such as R-410A")
        if text is None:
            return None
        try:
            return self.reference.gwp_set.gas(text)
        except GasNotInGwpSet as refusal:
            row.report(
                Column.ITEM,
                ProblemCode.UNKNOWN_ITEM,
                reason=refusal.message,
                hint="the refrigerant by its number, such as R-410A, R-134a or HCFC-22",
            )
            return None

    def _amount(self, row: RowReader, category: Category) -> tuple[Flight | None, Quantity | None]:
        if category == Category.AIR_TRAVEL and not (row.has(Column.AMOUNT) or row.has(Column.UNIT)):
            flight = self._flight(row)
            if flight is None:
                return None, None
            return flight, Quantity(
                passenger_km(distance_km=flight.distance_km, passengers=flight.passengers, is_return=flight.is_return),
                Unit.PASSENGER_KILOMETRE,
            )
        if category == Category.AIR_TRAVEL and (row.has(Column.ORIGIN) or row.has(Column.DESTINATION)):
            row.report(
                Column.AMOUNT,
                ProblemCode.CONFLICTING_VALUES,
                reason="a flight has either its airports or an amount in passenger_km, not both",
                hint="leave amount and unit blank",
            )
            return None, None
        amount = self._stated_amount(row)
        if amount is not None and category == Category.RAIL_TRAVEL and convertible(amount.unit, to=Unit.KILOMETRE):
            passengers = self._passengers(row)
            if passengers is None:
                return None, None
            return None, Quantity(amount.to(Unit.KILOMETRE).value * passengers, Unit.PASSENGER_KILOMETRE)
        return None, amount

    def _stated_amount(self, row: RowReader) -> Quantity | None:
        value = row.number(Column.AMOUNT, hint="the amount; 0 if it was measured to be nothing")
        if value is not None and value < 0:
            row.report(
                Column.AMOUNT,
                ProblemCode.NEGATIVE_AMOUNT,
                reason=f"{value:f} is negative",
                hint="an amount of 0 or more",
            )
        text = row.required_text(Column.UNIT, hint="the unit of the amount, such as kWh or litre")
        if text is None:
            return None
        try:
            unit = parse_unit(text)
        except UnitAmbiguous as refusal:
            row.report(
                Column.UNIT, ProblemCode.AMBIGUOUS_UNIT, reason=refusal.message, hint=f"write {refusal.expected}"
            )
            return None
        except UnitUnknown as refusal:
            row.report(
                Column.UNIT,
                ProblemCode.UNKNOWN_UNIT,
                reason=f"the unit '{text}' is not known",
                hint=f"one of {refusal.expected}",
            )
            return None
        return None if value is None or value < 0 else Quantity(value, unit)

    def _flight(self, row: RowReader) -> Flight | None:
        origin = self._airport(row, Column.ORIGIN)
        destination = self._airport(row, Column.DESTINATION)
        passengers = self._passengers(row)
        is_return = row.yes_or_no(Column.RETURN)
        if origin is None or destination is None or passengers is None or is_return is None:
            return None
        if origin == destination:
            row.report(
                Column.DESTINATION,
                ProblemCode.SAME_AIRPORT,
                reason=f"the flight ends at {origin.iata}, where it starts",
                hint="the airport that was flown to; `return` says that people flew back",
            )
            return None
        return Flight(
            origin=origin.iata,
            destination=destination.iata,
            passengers=passengers,
            is_return=is_return,
            distance_km=great_circle_km(origin, destination),
        )

    def _airport(self, row: RowReader, column: Column) -> Airport | None:
        text = row.required_text(column, hint="the three-letter IATA code of the airport")
        if text is None:
            return None
        code = text.upper()
        airport = self.reference.airports.get(code)
        if airport is None:
            of_city = self.reference.airports_by_city.get(code)
            row.report(
                column,
                ProblemCode.UNKNOWN_AIRPORT,
                reason=f"'{text}' is a city with several airports" if of_city else f"there is no airport '{text}'",
                hint=f"one of {', '.join(of_city)}" if of_city else "the three-letter IATA code of the airport",
            )
        return airport

    def _passengers(self, row: RowReader) -> int | None:
        number = row.number(Column.PASSENGERS, hint="how many people travelled")
        if number is None:
            return None
        if number < 1 or number != number.to_integral_value():
            row.report(
                Column.PASSENGERS,
                ProblemCode.NOT_A_NUMBER if number > 0 else ProblemCode.NEGATIVE_AMOUNT,
                reason=f"{number:f} is not a number of people",
                hint="a whole number from 1",
            )
            return None
        return int(number)

    def _report_no_factor(self, row: RowReader, activity: ActivityData) -> None:
        """Find out now whether the row can be quantified, by the very rule that will do it."""
        unit_of_use = _UNIT_OF_USE.get(activity.category)
        if unit_of_use is not None and not convertible(activity.amount.unit, to=unit_of_use):
            self._report_unit(row, f"{activity.category} is recorded in {unit_of_use} or a unit that converts to it")
            return
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


def _of_header(sheet: str, header: str, code: ProblemCode, *, reason: str, hint: str) -> Problem:
    return Problem(sheet=sheet, row=1, column=header, value=header, code=code, reason=reason, hint=hint)
