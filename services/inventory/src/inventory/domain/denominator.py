"""What intensities are stated by: personnel, staff and floor area of a location, each with the days it holds for.

Personnel is the method's wider count: consultants, interns and contractors who work there are in it, so that it differs
from a table of staff, and staff never stands for it. A topic whose data cover fewer people, or less area, has a
denominator of its own (Greening the Blue, methodology: personnel covered by each topic).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from itertools import pairwise

from inventory.domain.activity_data import Period
from inventory.domain.errors import (
    DenominatorNotPositive,
    DenominatorPeriodEmpty,
    DenominatorSourceMissing,
)
from quantities import Unit
from quantities.person import Person

__all__ = [
    "Denominator",
    "DenominatorKind",
    "DenominatorStatement",
    "Topic",
    "days_open",
    "denominator_of",
    "denominator_to_state",
]

_DIGITS = 28


class DenominatorKind(StrEnum):
    """What is counted."""

    STAFF = "staff"
    """Persons by tables of staff."""
    PERSONNEL = "personnel"
    """Persons by the method's wider count."""
    FLOOR_AREA = "floor_area"

    @property
    def unit(self) -> Unit:
        return Unit.SQUARE_METRE if self == DenominatorKind.FLOOR_AREA else Unit.PERSON


class Topic(StrEnum):
    """What data are of, where they cover other people or another area than the rest."""

    EMISSIONS = "emissions"
    ENERGY = "energy"
    WATER = "water"
    WASTE = "waste"


@dataclass(frozen=True, slots=True, kw_only=True)
class DenominatorStatement:
    """One count of a location for some days. A later statement takes its place on the days of both."""

    id: str
    """Ordered by time."""
    location_id: str
    kind: DenominatorKind
    topic: Topic | None
    """None for all topics that have none of their own."""
    value: Decimal
    """In persons or m²."""
    valid_from: date
    valid_to: date | None
    """First day on which it no longer holds; None until further notice."""
    source: str
    by: Person
    at: datetime

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def denominator_to_state(stated: DenominatorStatement) -> DenominatorStatement:
    """The statement, if it may be made.

    Refuses, in this order: DenominatorNotPositive, DenominatorPeriodEmpty, DenominatorSourceMissing.
    """
    name = f"{stated.kind} of {stated.location_id}"
    if not stated.value.is_finite() or stated.value <= 0:
        raise DenominatorNotPositive(
            subject=name,
            found=f"{stated.value} {stated.kind.unit}",
            expected="more than 0; where there is nobody, or no building, state nothing",
            message=f"The {name} can't be {stated.value}: nothing is stated by it.",
        )
    if stated.valid_to is not None and stated.valid_to <= stated.valid_from:
        raise DenominatorPeriodEmpty(
            subject=name,
            found=f"until {stated.valid_to}",
            expected=f"a day after {stated.valid_from}, or none",
            message=f"The {name} would hold from {stated.valid_from} to {stated.valid_to}: on no day.",
        )
    if not stated.source.strip():
        raise DenominatorSourceMissing(
            subject=name,
            found="no source",
            expected="the survey, register or plan that it is from",
            message=f"The {name} is stated only with its source.",
        )
    return stated


def days_open(year: int, *, opened: date, closed: date | None) -> Period:
    """Days of the year on which a location was one: it has nobody before it opens, or from the day it closes on.

    All days of a year in which it never was.
    """
    whole = Period(start=date(year, 1, 1), end=date(year + 1, 1, 1))
    start, end = max(whole.start, opened), whole.end if closed is None else min(whole.end, closed)
    return Period(start=start, end=end) if start < end else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Denominator:
    """Mean over the days of a period, each day by the newest statement that holds on it."""

    kind: DenominatorKind
    topic: Topic | None
    value: Decimal | None
    """In persons or m²; None where there is a day without a statement."""
    days_stated: int
    days: int
    """Of the period."""
    coverage_percent: Decimal | None
    """What the topic's data cover of all persons or area; None where one of the two is not known."""
    statement_ids: tuple[str, ...]
    """That it is made of, in the order of their days."""


def denominator_of(
    statements: Iterable[DenominatorStatement], *, kind: DenominatorKind, topic: Topic | None, period: Period
) -> Denominator:
    """The denominator of a topic over a period: its own statements, and the general ones on days that they leave."""
    of_kind = [item for item in statements if item.kind == kind]
    own = _mean([item for item in of_kind if topic is not None and item.topic in (topic, None)], topic, period=period)
    general = _mean([item for item in of_kind if item.topic is None], None, period=period)
    found = general if topic is None else own
    value, whole = found.value, general.value
    with localcontext(prec=_DIGITS):
        coverage = None if value is None or whole is None else 100 * value / whole
    return Denominator(
        kind=kind,
        topic=topic,
        value=value,
        days_stated=found.days_stated,
        days=period.days,
        coverage_percent=coverage,
        statement_ids=found.statement_ids,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mean:
    value: Decimal | None
    days_stated: int
    statement_ids: tuple[str, ...]


def _mean(statements: Sequence[DenominatorStatement], topic: Topic | None, *, period: Period) -> _Mean:
    """Days between two changes are alike: each stretch is weighed by its days."""
    # A topic's own come last, so before all others; among its like, the newest.
    ordered = sorted(statements, key=lambda item: (item.topic == topic, item.id))
    changes = {period.start, period.end}
    for item in ordered:
        changes |= {day for day in (item.valid_from, item.valid_to) if day and period.start < day < period.end}
    stretches = sorted(changes)
    weighed, stated, used = Decimal(0), 0, list[str]()
    with localcontext(prec=_DIGITS):
        for start, end in pairwise(stretches):
            holding = next((item for item in reversed(ordered) if item.holds_on(start)), None)
            if holding is None:
                continue
            days = (end - start).days
            weighed += holding.value * days
            stated += days
            if holding.id not in used:
                used.append(holding.id)
        return _Mean(
            value=weighed / period.days if stated == period.days else None,
            days_stated=stated,
            statement_ids=tuple(used),
        )
