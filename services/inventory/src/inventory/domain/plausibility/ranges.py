"""Between what an amount is plausible: at a place, from a day on, with where the bounds are from."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from inventory.domain.activity_data import Category
from inventory.domain.completeness import category_named
from inventory.domain.disclosure import FUELS
from inventory.domain.errors import RangeBoundsMalformed, RangeDatesMalformed, RangeItemNotToldApart, ReasonsMissing
from quantities import Unit, parse_unit
from quantities.person import Person

__all__ = ["PERCENT", "TOLD_APART_BY_ITEM", "Basis", "PlausibilityRange", "Severity", "parse_ranges", "range_to_set"]

PERCENT = "percent"
TOLD_APART_BY_ITEM = FUELS | {Category.REFRIGERANT}
"""Categories whose items are sources of their own: one is not another one's part."""


class Severity(StrEnum):
    """An error is put right before an inventory is handed in; a warning is explained by a person."""

    ERROR = "error"
    WARNING = "warning"


class Basis(StrEnum):
    """What a range is of."""

    MONTH = "month"
    """What a site uses in a month."""
    YEAR = "year"
    """What a site uses in the year."""
    PER_PERSON = "per_person"
    """What a location with all under it uses in the year, by its personnel."""
    PER_M2 = "per_m2"
    """As above, by its floor area."""
    CHANGE = "change"
    """What a site's source has grown or shrunk by since its last final year, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlausibilityRange:
    """Between what an amount is plausible, at a place and time.

    Of two for the same, the nearer place's holds, then the one that names the item, then the category, then the one
    that was set later.
    """

    id: str
    place_id: str | None
    """With all under it; None for what ships with the platform."""
    category: Category | None
    """None for any."""
    item: str | None
    basis: Basis
    unit: Unit | None
    """Of the amount; of a change there is none."""
    low: Decimal | None
    high: Decimal | None
    severity: Severity
    valid_from: date
    valid_to: date | None
    """First day on which it does not hold any more."""
    source: str
    """Where the bounds are from."""
    by: Person | None
    at: datetime | None

    @property
    def shown_unit(self) -> str:
        if self.unit is None:
            return PERCENT
        return f"{self.unit}{_PER.get(self.basis, '')}"

    @property
    def expected(self) -> str:
        """The bounds in words."""
        low, high = (None if bound is None else f"{bound:f} {self.shown_unit}" for bound in (self.low, self.high))
        if self.basis == Basis.CHANGE:
            return " and ".join(
                f"{way} by at most {bound}" for way, bound in (("falls", low), ("rises", high)) if bound
            )
        if low is None:
            return f"at most {high}"
        return f"at least {low}" if high is None else f"from {low} to {high}"

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def misses(self, value: Decimal) -> bool:
        """Whether the value lies outside; a change is negative where something shrank."""
        if self.basis == Basis.CHANGE:
            return (self.low is not None and -value > self.low) or (self.high is not None and value > self.high)
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)


_PER = {Basis.PER_PERSON: "/person", Basis.PER_M2: "/m2"}


def range_to_set(
    *,
    range_id: str,
    place_id: str,
    category: str | None,
    item: str | None,
    basis: Basis,
    unit: str | None,
    low: Decimal | None,
    high: Decimal | None,
    severity: Severity,
    valid_from: date,
    valid_to: date | None,
    source: str,
    by: Person | None,
    at: datetime | None,
) -> PlausibilityRange:
    """A range with sound bounds and dates, and its source.

    Refuses, in this order: SourceCategoryUnknown; RangeItemNotToldApart; UnitAmbiguous, UnitUnknown;
    RangeBoundsMalformed; RangeDatesMalformed; ReasonsMissing.
    """
    of = None if category is None else category_named(category)
    subject = f"range of {category or 'every category'} at {place_id}"
    if item is not None and of not in TOLD_APART_BY_ITEM:
        expected = ", ".join(sorted(TOLD_APART_BY_ITEM))
        raise RangeItemNotToldApart(
            subject=subject,
            found=item,
            expected=f"an item of {expected}",
            message=f"'{item}' is judged as a part of its source; items have ranges in {expected}.",
        )
    measured = None if basis == Basis.CHANGE else parse_unit(unit or "")
    bounds = [bound for bound in (low, high) if bound is not None]
    if not bounds or any(bound < 0 for bound in bounds) or (bounds != sorted(bounds) and basis != Basis.CHANGE):
        raise RangeBoundsMalformed(
            subject=subject,
            found=f"low {low}, high {high}",
            expected="one bound or two, 0 or more, in order",
            message=f"From {low} to {high} is no range: it needs a bound, none below 0, the lower one first.",
        )
    if valid_to is not None and valid_to <= valid_from:
        raise RangeDatesMalformed(
            subject=subject,
            found=f"valid to {valid_to}",
            expected=f"a day after {valid_from}",
            message=f"The range would end on {valid_to}, not after its start on {valid_from}.",
        )
    if not source.strip():
        raise ReasonsMissing(
            subject=subject,
            found="no source",
            expected="where the bounds are from",
            message="A range of what is plausible is set with its source.",
        )
    return PlausibilityRange(
        id=range_id,
        place_id=place_id or None,
        category=of,
        item=item,
        basis=basis,
        unit=measured,
        low=low,
        high=high,
        severity=severity,
        valid_from=valid_from,
        valid_to=valid_to,
        source=source.strip(),
        by=by,
        at=at,
    )


def parse_ranges(lines: Iterable[str]) -> tuple[PlausibilityRange, ...]:
    """Ranges of a file that ships with the platform. Refuses: as `range_to_set`."""
    return tuple(
        range_to_set(
            range_id=f"shipped-{number:03}",
            place_id="",
            category=row["category"] or None,
            item=row["item"] or None,
            basis=Basis(row["basis"]),
            unit=row["unit"],
            low=Decimal(row["low"]) if row["low"] else None,
            high=Decimal(row["high"]) if row["high"] else None,
            severity=Severity(row["severity"]),
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            source=row["source"],
            by=None,
            at=None,
        )
        for number, row in enumerate(csv.DictReader(lines), start=1)
    )
