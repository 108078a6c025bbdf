"""What a category is declared with, and what follows from a form for one row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

from inventory.domain.activity_data import Category, Stated
from inventory.domain.rows import Column
from quantities import Unit

__all__ = [
    "AS_STATED",
    "CategorySpec",
    "Derived",
    "Form",
    "Items",
    "Mark",
    "Stream",
    "Term",
    "amount_of",
    "key_of",
    "stated_of",
]

_EXACT_DIGITS = 80


class Stream(StrEnum):
    """The six streams of the UN-wide method."""

    ENERGY = "energy"
    REFRIGERANTS = "refrigerants"
    GROUND_TRANSPORT = "ground_transport"
    AIR_TRAVEL = "air_travel"
    WASTE = "waste"
    WATER = "water"
    """Water and wastewater."""


class Items(StrEnum):
    """Where the items of a form are listed, if not in the form."""

    CATALOGUE = "catalogue"
    """The keys that the catalogue has factors for in this category."""
    GWP_SET = "gwp_set"
    """Gases and blends of the GWP set, in any of their spellings."""


class Derived(StrEnum):
    """Numbers that are looked up by what the columns say."""

    DISTANCE_KM = "distance_km"
    """Great circle between the airports, one way."""
    WAYS = "ways"
    """1, or 2 where `return` says yes."""
    CH4_KG_PER_BOD_KG = "ch4_kg_per_bod_kg"
    """Of the treatment system (`wastewater.ch4_kg_per_bod_kg`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A part of an amount: a constant times the product of these numbers."""

    times: Decimal
    of: tuple[Column | Derived, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a row tells that it is of a form: a column that is filled, or holds a value, while another is blank."""

    column: Column
    value: str | None = None
    """None where any value marks it."""
    unless: Column | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way of stating an activity of a category."""

    name: str
    about: str
    """For templates: one sentence."""
    mark: Mark | None
    """None for the form that holds when no other is marked; it is the last of its category."""
    item_column: Column
    items: tuple[str, ...] | Items
    only_item: str | None = None
    """Taken where the column of the item is blank."""
    needs: tuple[Column, ...]
    """Columns that must be filled, beside site, category, start and quality."""
    allows: tuple[Column, ...] = ()
    """Columns that may be filled, beside end and note; any other filled column contradicts the form."""
    choices: Mapping[Column, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Columns that hold one of a list."""
    stated: tuple[Unit, ...]
    """Units of `amount`, one of each dimension that is accepted, and so of `capacity` and `recovered`; empty where no
    amount is stated."""
    unit: Unit | None = None
    """Of the amount worked out, with the stated one converted to the first of `stated` before; None: as stated."""
    terms: tuple[Term, ...]
    """The amount is their sum. A term of a column that may be blank, and is, falls away."""
    at_most: tuple[tuple[Column, Column], ...] = ()
    """Pairs of which the first is not larger than the second."""
    key: tuple[Column | str, ...]
    """Parts of the name of the factor in the catalogue, joined by '/': the item's column, other columns, plain text."""
    derived_by: str | None = None
    """The rule, where an amount was not recorded but derived; shown on the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySpec:
    """A category as people record it."""

    category: Category
    stream: Stream
    forms: tuple[Form, ...]
    """The first whose mark a row bears holds."""
    one_day: bool = False
    """A journey: without an end it is of a single day."""
    by_month: bool = False
    """A row a month is expected."""


AS_STATED = (Term(times=Decimal(1), of=(Column.AMOUNT,)),)
"""Terms of an amount that is what the row says."""


def amount_of(form: Form, *, numbers: Mapping[Column | Derived, Decimal]) -> Decimal:
    """The amount by the form's terms, exactly. It may come out below 0; no activity of such an amount is built."""
    with localcontext(prec=_EXACT_DIGITS):
        amount = Decimal(0)
        for term in form.terms:
            if any(name in form.allows and name not in numbers for name in term.of):
                continue
            part = term.times
            for name in term.of:
                part *= numbers[name]
            amount += part
        return amount


def key_of(form: Form, *, texts: Mapping[Column, str]) -> str:
    """Name of the factor in the catalogue."""
    filled = texts if form.only_item is None else {form.item_column: form.only_item, **texts}
    return "/".join(filled[part] if isinstance(part, Column) else part for part in form.key)


def stated_of(form: Form, *, texts: Mapping[Column, str], numbers: Mapping[Column | Derived, Decimal]) -> Stated:
    """What to keep of a row beside its item, amount and unit: enough to work the amount out again."""
    as_stated = form.terms == AS_STATED
    plain = {form.item_column, *((Column.AMOUNT, Column.UNIT) if as_stated else ())}
    columns = {
        str(column): texts[column] for column in (*form.needs, *form.allows) if column in texts and column not in plain
    }
    looked_up = {
        str(name): f"{numbers[name]:f}" for term in form.terms for name in term.of if isinstance(name, Derived)
    }
    rule = {} if form.derived_by is None else {"derived_by": form.derived_by}
    return Stated(form=form.name, key=key_of(form, texts=texts), inputs=tuple({**columns, **looked_up, **rule}.items()))
