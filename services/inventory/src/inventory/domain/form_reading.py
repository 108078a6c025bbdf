"""One row read by the form that it is of (`domain/categories`): its item, its amount, and what that followed from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from inventory.domain import vocabulary
from inventory.domain.activity_data import Category, Flight, Period, Stated
from inventory.domain.air_travel import Airport, great_circle_km
from inventory.domain.categories import CATEGORIES, Derived, Form, Items, amount_of, form_of, stated_of
from inventory.domain.categories.form import AS_STATED
from inventory.domain.cells import RowReader, name_of, number_in
from inventory.domain.rows import Column, ProblemCode
from inventory.domain.uncertainty import PERCENT_MAX, is_uncertainty
from inventory.domain.wastewater import ch4_kg_per_bod_kg
from quantities import (
    GasNotInGwpSet,
    GwpSet,
    Quantity,
    Unit,
    UnitAmbiguous,
    UnitUnknown,
    convertible,
    parse_unit,
)

__all__ = [
    "COMMON_COLUMNS",
    "UNCERTAINTY_HINT",
    "FormReading",
    "Lookups",
    "amount_again",
    "period_of",
    "read_days",
    "read_form",
    "read_uncertainty",
]

COMMON_COLUMNS = frozenset(
    {
        Column.SITE,
        Column.CATEGORY,
        Column.START,
        Column.END,
        Column.UNCERTAINTY,
        Column.QUALITY,
        Column.NOTE,
    }
)
"""Columns that rows of every form may fill."""

_IN_STATED_UNIT = (Column.AMOUNT, Column.CAPACITY, Column.RECOVERED)
_NUMBERS = (
    *_IN_STATED_UNIT,
    Column.GENERATED_KWH,
    Column.ROUND_TRIPS,
    Column.BOD_KG,
    Column.RECOVERED_CH4_KG,
    Column.NITROGEN_KG,
    Column.CO2_KG_PER_PASSENGER,
)
_WAYS: Mapping[bool, Decimal] = MappingProxyType({False: Decimal(1), True: Decimal(2)})
_HINTS: Mapping[Column, str] = MappingProxyType(
    {
        Column.AMOUNT: "the amount; 0 if it was measured to be nothing",
        Column.UNIT: "the unit of the amount, such as kWh or litre",
        Column.CALCULATOR_VERSION: "the version of the calculator, such as 5.0.8",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """What the cells of a row are looked up in."""

    items: Mapping[Category, tuple[str, ...]]
    """Items that there are factors for, of the forms whose items are those of the catalogue."""
    gwp_set: GwpSet
    airports: Mapping[str, Airport]
    airports_by_city: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReading:
    """What a row says, as its form has it."""

    form: Form
    item: str
    treatment: str | None
    amount: Quantity
    flight: Flight | None
    stated: Stated


def read_days(row: RowReader, category: Category) -> tuple[date | None, date | None]:
    """First and last day of the row; a journey without a last one is of a single day."""
    first = row.day(Column.START, hint="the first day of the period")
    one_day = CATEGORIES[category].one_day and not row.has(Column.END)
    return first, first if one_day else row.day(Column.END, hint="the last day of the period")


def period_of(row: RowReader, first: date | None, last: date | None) -> Period | None:
    """The period from the first to the last day; None where one is not known, or they are the wrong way round."""
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


UNCERTAINTY_HINT = "half of the 95 % interval, in percent: 5 for plus or minus 5 %"


def read_uncertainty(row: RowReader) -> Decimal | None:
    """Half the width of the 95 % interval of the amount, in percent; None where none is stated, or no sound one."""
    if not row.has(Column.UNCERTAINTY):
        return None
    percent = row.number(Column.UNCERTAINTY, hint=UNCERTAINTY_HINT)
    if percent is None or is_uncertainty(percent):
        return percent
    row.report(
        Column.UNCERTAINTY,
        ProblemCode.PERCENT_OUT_OF_RANGE,
        reason=f"{percent:f} is not a percentage from 0 to {PERCENT_MAX}",
        hint=UNCERTAINTY_HINT,
    )
    return None


def read_form(row: RowReader, category: Category, *, lookups: Lookups, any_item: bool = False) -> FormReading | None:
    """Item and amount of the row; None where a problem was reported. `any_item`: a factor of the row's own names it.

    What the form does not have is reported as much as what it lacks: a filled cell is never passed over.
    """
    return _FormReader(row, category, lookups=lookups, any_item=any_item).read()


def amount_again(category: Category, details: Mapping[str, str]) -> Quantity | None:
    """The amount worked out anew from what a line keeps of its row; None where the row stated it as such."""
    form = next((form for form in CATEGORIES[category].forms if form.name == details.get("form")), None)
    if form is None or form.terms == AS_STATED:
        return None
    unit = parse_unit(details[Column.UNIT]) if Column.UNIT in details else None
    in_unit = form.unit or unit
    if in_unit is None:
        return None
    numbers: dict[Column | Derived, Decimal] = {}
    for name in dict.fromkeys(name for term in form.terms for name in term.of):
        number = number_in(details.get(name))
        if number is not None:
            is_stated = name in _IN_STATED_UNIT and unit is not None and form.unit is not None
            numbers[name] = Quantity(number, unit).to(form.stated[0]).value if is_stated and unit else number
    return Quantity(amount_of(form, numbers=numbers), in_unit)


class _FormReader:
    def __init__(self, row: RowReader, category: Category, *, lookups: Lookups, any_item: bool) -> None:
        self._row = row
        self._category = category
        self._lookups = lookups
        self._any_item = any_item
        self._texts: dict[Column, str] = {}
        for column in Column:
            text = row.text(column) if row.has(column) else None
            if text is not None:
                self._texts[column] = text
        if Column.PHASE in self._texts:
            self._texts[Column.PHASE] = name_of(self._texts[Column.PHASE])
        self._form = form_of(category, texts=self._texts)
        self._numbers: dict[Column | Derived, Decimal] = {}

    def read(self) -> FormReading | None:
        self._report_strangers()
        item = self._item()
        for column, choices in self._form.choices.items():
            self._choice(column, choices)
        unit = self._stated_unit()
        for column in _NUMBERS:
            if column in self._form.needs or (column in self._form.allows and self._row.has(column)):
                self._number(column)
        flight = self._journey()
        for column in self._form.needs:
            if not self._row.has(column) and column not in self._reported:
                self._row.missing(column, hint=_HINTS.get(column, f"{column}, as the form '{self._form.name}' needs"))
        if self._row.problems or item is None:
            return None
        return self._reading(item, unit=unit, flight=flight)

    @property
    def _reported(self) -> frozenset[str]:
        return frozenset(problem.column for problem in self._row.problems)

    def _reading(self, item: str, *, unit: Unit | None, flight: Flight | None) -> FormReading | None:
        form = self._form
        for smaller, larger in form.at_most:
            if self._numbers[smaller] > self._numbers[larger]:
                self._row.report(
                    smaller,
                    ProblemCode.CONFLICTING_VALUES,
                    reason=f"{smaller} ({self._numbers[smaller]:f}) is more than {larger} ({self._numbers[larger]:f})",
                    hint=f"{smaller} is at most {larger}",
                )
        in_unit = form.unit or unit
        if self._row.problems or in_unit is None:
            return None
        if unit is not None and form.unit is not None:
            for column in _IN_STATED_UNIT:
                if column in self._numbers:
                    self._numbers[column] = Quantity(self._numbers[column], unit).to(form.stated[0]).value
        value = amount_of(form, numbers=self._numbers)
        if value < 0:
            self._row.report(
                None,
                ProblemCode.NEGATIVE_AMOUNT,
                reason=f"the amount works out below 0, to {value:f} {in_unit}",
                hint="what was recovered is at most what there was",
            )
            return None
        if unit is not None:
            self._texts[Column.UNIT] = unit.value
        return FormReading(
            form=form,
            item=item,
            treatment=self._texts.get(Column.TREATMENT) if self._category == Category.WASTE else None,
            amount=Quantity(value, in_unit),
            flight=flight,
            stated=stated_of(form, texts=self._texts, numbers=self._numbers),
        )

    def _report_strangers(self) -> None:
        known = {*COMMON_COLUMNS, *self._form.needs, *self._form.allows}
        for column in Column:
            if column not in known and self._row.has(column):
                self._row.report(
                    column,
                    ProblemCode.CONFLICTING_VALUES,
                    reason=f"{self._category} stated as '{self._form.name}' has no {column}",
                    hint=f"leave it blank; it takes {', '.join((*self._form.needs, *self._form.allows))}",
                )

    def _item(self) -> str | None:
        column, form = self._form.item_column, self._form
        if form.only_item is not None and not self._row.has(column):
            return form.only_item
        if form.items is Items.GWP_SET:
            item = self._refrigerant(column)
        elif self._any_item and form.items is Items.CATALOGUE:
            text = self._row.required_text(column, hint="what it is, such as diesel")
            item = None if text is None else name_of(text)
        else:
            known = self._lookups.items.get(self._category, ()) if form.items is Items.CATALOGUE else form.items
            if not known:
                self._row.report(
                    Column.CATEGORY,
                    ProblemCode.FACTOR_MISSING,
                    reason=f"there are no factors for {self._category}",
                    hint="give one with the line, or a set of factors that has some",
                )
                return None
            item = self._row.one_of(
                column,
                known=known,
                also=vocabulary.CLASSES if column == Column.CLASS else vocabulary.ITEMS,
                code=_UNKNOWN.get(column, ProblemCode.UNKNOWN_ITEM),
                what=f"{self._category} item" if column == Column.ITEM else str(column),
            )
        if item is not None:
            self._texts[column] = item
            if any(Derived.CH4_KG_PER_BOD_KG in term.of for term in form.terms):
                self._numbers[Derived.CH4_KG_PER_BOD_KG] = ch4_kg_per_bod_kg(item)
        return item

    def _refrigerant(self, column: Column) -> str | None:
        text = self._row.required_text(column, hint="the refrigerant, such as R-410A")
        if text is None:
            return None
        try:
            return self._lookups.gwp_set.gas(text)
        except GasNotInGwpSet as refusal:
            self._row.report(
                column,
                ProblemCode.UNKNOWN_ITEM,
                reason=refusal.message,
                hint="the refrigerant by its number, such as R-410A, R-134a or HCFC-22",
            )
            return None

    def _choice(self, column: Column, choices: tuple[str, ...]) -> None:
        if column == self._form.item_column or not (self._row.has(column) or column in self._form.needs):
            return
        found = self._row.one_of(
            column,
            known=choices,
            also=vocabulary.TREATMENTS if column == Column.TREATMENT else {},
            code=_UNKNOWN.get(column, ProblemCode.UNKNOWN_ITEM),
            what=str(column),
        )
        if found is not None:
            self._texts[column] = found

    def _number(self, column: Column) -> None:
        number = self._row.number(column, hint=_HINTS.get(column, f"{column}, as a number"))
        if number is None:
            return
        if number < 0:
            self._row.report(
                column,
                ProblemCode.NEGATIVE_AMOUNT,
                reason=f"{number:f} is negative",
                hint="an amount of 0 or more",
            )
            return
        self._numbers[column] = number

    def _stated_unit(self) -> Unit | None:
        if not self._form.stated:
            return None
        text = self._row.required_text(Column.UNIT, hint=_HINTS[Column.UNIT])
        if text is None:
            return None
        try:
            unit = parse_unit(text)
        except UnitAmbiguous as refusal:
            self._row.report(
                Column.UNIT,
                ProblemCode.AMBIGUOUS_UNIT,
                reason=f"the unit '{text}' means different things",
                hint=f"write {refusal.expected}",
            )
            return None
        except UnitUnknown as refusal:
            self._row.report(
                Column.UNIT,
                ProblemCode.UNKNOWN_UNIT,
                reason=f"the unit '{text}' is not known",
                hint=f"one of {refusal.expected}",
            )
            return None
        if any(convertible(unit, to=stated) for stated in self._form.stated):
            return unit
        self._row.report(
            Column.UNIT,
            ProblemCode.UNITS_NOT_CONVERTIBLE,
            reason=f"{self._category} is stated in {', '.join(self._form.stated)}, not in {unit}",
            hint="state the amount in such a unit; energy of fuels says its calorific basis: kWh_net or kWh_gross",
        )
        return None

    def _journey(self) -> Flight | None:
        """Passengers of any journey; of a flight with its airports, the legs and their distance too."""
        passengers = self._passengers() if Column.PASSENGERS in self._form.needs else None
        if Column.ORIGIN not in self._form.needs:
            return None
        origin, destination = self._airport(Column.ORIGIN), self._airport(Column.DESTINATION)
        is_return = self._row.yes_or_no(Column.RETURN)
        if origin is None or destination is None or passengers is None or is_return is None:
            return None
        if origin == destination:
            self._row.report(
                Column.DESTINATION,
                ProblemCode.SAME_AIRPORT,
                reason=f"the flight ends at {origin.iata}, where it starts",
                hint="the airport that was flown to; `return` says that people flew back",
            )
            return None
        distance_km = great_circle_km(origin, destination)
        self._numbers[Derived.WAYS] = _WAYS[is_return]
        self._numbers[Derived.DISTANCE_KM] = distance_km
        self._texts |= {
            Column.ORIGIN: origin.iata,
            Column.DESTINATION: destination.iata,
            Column.RETURN: "yes" if is_return else "no",
        }
        return Flight(
            origin=origin.iata,
            destination=destination.iata,
            passengers=passengers,
            is_return=is_return,
            distance_km=distance_km,
        )

    def _airport(self, column: Column) -> Airport | None:
        text = self._row.required_text(column, hint="the three-letter IATA code of the airport")
        if text is None:
            return None
        code = text.upper()
        airport = self._lookups.airports.get(code)
        if airport is None:
            of_city = self._lookups.airports_by_city.get(code)
            self._row.report(
                column,
                ProblemCode.UNKNOWN_AIRPORT,
                reason=f"'{text}' is a city with several airports" if of_city else f"there is no airport '{text}'",
                hint=f"one of {', '.join(of_city)}" if of_city else "the three-letter IATA code of the airport",
            )
        return airport

    def _passengers(self) -> int | None:
        number = self._row.number(Column.PASSENGERS, hint="how many people travelled")
        if number is None:
            return None
        if number < 1 or number != number.to_integral_value():
            self._row.report(
                Column.PASSENGERS,
                ProblemCode.NOT_A_NUMBER if number > 0 else ProblemCode.NEGATIVE_AMOUNT,
                reason=f"{number:f} is not a number of people",
                hint="a whole number from 1",
            )
            return None
        self._numbers[Column.PASSENGERS] = number
        return int(number)


_UNKNOWN: Mapping[Column, ProblemCode] = MappingProxyType(
    {Column.CLASS: ProblemCode.UNKNOWN_CLASS, Column.TREATMENT: ProblemCode.UNKNOWN_TREATMENT}
)
