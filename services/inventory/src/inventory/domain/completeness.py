"""What a site is expected to report, what it says of a source without records, and how much of all that is there.

The states of a source are those of a record's quality and two notation keys: NO for an activity that does not occur, NE
for one that occurs and is not estimated (IPCC 2006 Guidelines, volume 1, chapter 8; UNFCCC decision 18/CMA.1, annex,
paragraph 31). An omission from the minimum boundary is documented and explained (Greening the Blue methodology,
emissions boundaries). A source without records and without a statement is missing; it is never 0.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.errors import (
    MonthsMalformed,
    ReasonsMissing,
    SourceCategoryUnknown,
    SourceOfTheYear,
    SourceReported,
    SourceStated,
    StatementAlreadyWithdrawn,
)
from quantities.person import Person

__all__ = [
    "OF_THE_YEAR",
    "Cell",
    "Coverage",
    "Months",
    "NotationKey",
    "SourceExpectation",
    "SourceState",
    "SourceStatement",
    "StaffCoverage",
    "StaffNode",
    "Withdrawal",
    "category_named",
    "expectation_to_declare",
    "month_after",
    "months_of",
    "staff_coverage",
    "statement_to_make",
]

OF_THE_YEAR = frozenset(
    {
        Category.REFRIGERANT,
        Category.AIR_TRAVEL,
        Category.RAIL_TRAVEL,
        Category.BUS_TRAVEL,
        Category.TAXI_TRAVEL,
    }
)
"""Expected once a year: journeys and refills come when they come. All else is metered, bought or collected by month."""


class NotationKey(StrEnum):
    """What is said of a source that has no records."""

    NOT_OCCURRING = "not_occurring"
    """NO"""
    NOT_ESTIMATED = "not_estimated"
    """NE"""


class SourceState(StrEnum):
    """What there is of one source at one site in one month, or in the year."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    EXTRAPOLATED = "extrapolated"
    NOT_OCCURRING = "not_occurring"
    NOT_ESTIMATED = "not_estimated"
    MISSING = "missing"

    @property
    def is_reported(self) -> bool:
        return self in _REPORTED


_REPORTED = frozenset(SourceState(quality) for quality in DataQuality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Whole months from `first` up to, and without, `next`; without `next`, from then on."""

    first: date
    next: date | None

    def __post_init__(self) -> None:
        """Refuses: MonthsMalformed."""
        if self.first.day != 1 or (self.next is not None and (self.next.day != 1 or self.next <= self.first)):
            raise MonthsMalformed(
                subject="months",
                found=f"from {self.first} up to {self.next}",
                expected="first days of months, the second one later",
                message="Months are given by their first days, and the end is the first day of the month after.",
            )

    def __contains__(self, month: date) -> bool:
        return self.first <= month and (self.next is None or month < self.next)


def category_named(name: str) -> Category:
    """Refuses: SourceCategoryUnknown."""
    try:
        return Category(name)
    except ValueError:
        known = ", ".join(Category)
        raise SourceCategoryUnknown(
            subject="category",
            found=name,
            expected=known,
            message=f"There is no source category '{name}'; they are {known}.",
        ) from None


def months_of(year: int, *, first: date | None, last: date | None) -> Months:
    """Months of a year from that of `first` to that of `last`, both included; without them, the whole year.

    Refuses: MonthsMalformed.
    """
    start = date(year, 1, 1) if first is None else first.replace(day=1)
    end = date(year, 12, 1) if last is None else last.replace(day=1)
    if start.year != year or end.year != year or end < start:
        raise MonthsMalformed(
            subject="months",
            found=f"from {start:%Y-%m} to {end:%Y-%m}",
            expected=f"months of {year}, in order",
            message=f"The months from {start:%Y-%m} to {end:%Y-%m} are not months of {year} in order.",
        )
    return Months(first=start, next=month_after(end))


def month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The entry that takes a statement back; both stay on record."""

    reason: str
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatement:
    """Why a source of a site has no records in these months, in one version of an inventory."""

    id: str
    inventory_id: str
    location_id: str
    """The site."""
    category: Category
    months: Months
    key: NotationKey
    reason: str
    by: Person
    at: datetime
    withdrawn: Withdrawal | None = None

    def withdraw(self, *, reason: str, by: Person, at: datetime) -> "SourceStatement":
        """Refuses, in this order: StatementAlreadyWithdrawn, ReasonsMissing."""
        if self.withdrawn is not None:
            raise StatementAlreadyWithdrawn(
                subject=self.id,
                found=f"withdrawn on {self.withdrawn.at:%Y-%m-%d}",
                expected="a statement that stands",
                message="The statement was withdrawn already.",
            )
        _require_reason(reason, subject=f"{self.category} of {self.location_id}", expected="why it does not hold")
        return replace(self, withdrawn=Withdrawal(reason=reason.strip(), by=by, at=at))


def statement_to_make(
    *,
    statement_id: str,
    inventory_id: str,
    location_id: str,
    category: str,
    months: Months,
    year: int,
    key: NotationKey,
    reason: str,
    reported: Collection[date],
    standing: Collection[SourceStatement],
    by: Person,
    at: datetime,
) -> SourceStatement:
    """A statement about a source; `reported` are the months in which it has records, `standing` what is said of it.

    Refuses, in this order: SourceCategoryUnknown; SourceOfTheYear; ReasonsMissing; SourceReported; SourceStated.
    """
    found = category_named(category)
    subject = f"{found} of {location_id}"
    if found in OF_THE_YEAR and months != months_of(year, first=None, last=None):
        raise SourceOfTheYear(
            subject=subject,
            found=f"from {months.first:%Y-%m}, not the whole of {year}",
            expected="a statement without months, for the whole year",
            message=f"{found} is expected in the year as a whole, and so are statements about it.",
        )
    _require_reason(reason, subject=subject, expected="why there are no records of it")
    with_records = sorted(month for month in reported if month in months)
    if with_records:
        named = ", ".join(f"{month:%Y-%m}" for month in with_records)
        raise SourceReported(
            subject=subject,
            found=f"records in {named}",
            expected="months without records",
            message=f"{subject} has records in {named}: it is neither {NotationKey.NOT_OCCURRING} nor"
            f" {NotationKey.NOT_ESTIMATED} then.",
        )
    for other in standing:
        if other.withdrawn is None and _overlap(other.months, months):
            raise SourceStated(
                subject=subject,
                found=f"{other.key} from {other.months.first:%Y-%m}, stated by {other.by.name}",
                expected="months of which nothing is stated, or that statement withdrawn",
                message=f"{subject} is stated to be {other.key} from {other.months.first:%Y-%m} already.",
            )
    return SourceStatement(
        id=statement_id,
        inventory_id=inventory_id,
        location_id=location_id,
        category=found,
        months=months,
        key=key,
        reason=reason.strip(),
        by=by,
        at=at,
    )


def _overlap(one: Months, other: Months) -> bool:
    return (other.next is None or one.first < other.next) and (one.next is None or other.first < one.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExpectation:
    """That a site is to report a source in these months, or is not; of two, the one entered later holds."""

    id: str
    location_id: str
    """The site."""
    category: Category
    months: Months
    expected: bool
    reason: str
    by: Person
    at: datetime


def expectation_to_declare(
    *,
    expectation_id: str,
    location_id: str,
    category: str,
    months: Months,
    expected: bool,
    reason: str,
    by: Person,
    at: datetime,
) -> SourceExpectation:
    """Refuses, in this order: SourceCategoryUnknown; ReasonsMissing."""
    found = category_named(category)
    _require_reason(reason, subject=f"{found} of {location_id}", expected="why it is expected, or is not any more")
    return SourceExpectation(
        id=expectation_id,
        location_id=location_id,
        category=found,
        months=months,
        expected=expected,
        reason=reason.strip(),
        by=by,
        at=at,
    )


def _require_reason(reason: str, *, subject: str, expected: str) -> None:
    if not reason.strip():
        raise ReasonsMissing(
            subject=subject,
            found="no reason",
            expected=expected,
            message=f"What is said of {subject} is said with a reason.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One source of one site in one month, or in the year."""

    location_id: str
    category: Category
    month: date | None
    """Its first day; None for a source of the year."""
    expected: bool
    expected_because: str | None
    """Why, where it is; or why not, where that was declared."""
    state: SourceState
    """Of several qualities, the weakest."""
    reason: str | None
    """Of a statement."""
    records: int | None
    """None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of what there is."""

    covered: int
    total: int

    @property
    def percent(self) -> Decimal | None:
        """None of nothing: a share of 0 sites is no figure."""
        return None if not self.total else Decimal(100) * self.covered / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffNode:
    """A location that was open in the year, for the coverage of staff."""

    id: str
    parent_id: str | None
    """None where the parent is not among those asked about."""
    personnel: Decimal | None
    """Of it and all under it, mean over the whole year, nobody while it was not open; None where nobody stated it."""
    reports: bool
    """It has records of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffCoverage:
    """Personnel at locations that report, of all. A part that is not known leaves the figure missing."""

    covered: Decimal | None
    total: Decimal | None

    @property
    def percent(self) -> Decimal | None:
        return None if self.covered is None or not self.total else Decimal(100) * self.covered / self.total


def staff_coverage(nodes: Collection[StaffNode]) -> StaffCoverage:
    """Personnel at locations that report, and of all.

    A location's personnel include those under it. Where they are not stated they are the sum of what is under it; where
    a location reports and some under it do not, those covered by itself are its personnel less theirs.
    """
    ids = {node.id for node in nodes}
    under: dict[str, list[StaffNode]] = {}
    tops = []
    for node in nodes:
        if node.parent_id in ids and node.parent_id is not None:
            under.setdefault(node.parent_id, []).append(node)
        else:
            tops.append(node)
    return StaffCoverage(
        covered=_sum([_covered(node, under) for node in tops]), total=_sum([_personnel(node, under) for node in tops])
    )


def _personnel(node: StaffNode, under: Mapping[str, list[StaffNode]]) -> Decimal | None:
    below = under.get(node.id, [])
    if node.personnel is not None or not below or node.reports:
        # One that reports for itself has people of its own, whom those under it do not say.
        return node.personnel
    return _sum([_personnel(part, under) for part in below])


def _covered(node: StaffNode, under: Mapping[str, list[StaffNode]]) -> Decimal | None:
    below = under.get(node.id, [])
    if not _any_reports(node, under):
        return Decimal(0)
    if _all_report(node, under):
        return _personnel(node, under)
    covered = _sum([_covered(part, under) for part in below])
    if not node.reports:
        return covered
    of_all, elsewhere = _personnel(node, under), _sum([_personnel(part, under) for part in below])
    if covered is None or of_all is None or elsewhere is None:
        return None
    return covered + max(of_all - elsewhere, Decimal(0))


def _any_reports(node: StaffNode, under: Mapping[str, list[StaffNode]]) -> bool:
    return node.reports or any(_any_reports(part, under) for part in under.get(node.id, []))


def _all_report(node: StaffNode, under: Mapping[str, list[StaffNode]]) -> bool:
    below = under.get(node.id, [])
    return all(_all_report(part, under) for part in below) if below else node.reports


def _sum(parts: list[Decimal | None]) -> Decimal | None:
    """None where a part is not known, and of nothing."""
    known = [part for part in parts if part is not None]
    return sum(known, start=Decimal(0)) if parts and len(known) == len(parts) else None
