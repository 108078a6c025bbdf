"""Proxies for small offices: what an office of fewer than five uses, by what others use a person.

For offices of fewer than five staff, proxies are allowed (Greening the Blue methodology, emissions boundaries).
Personnel are those of the method's wider count. Offices that do not report are pro-rated by persons (UNDP Environmental
Management Tool: methodology, November 2023, whose factors are UNEP's).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from inventory.domain.activity_data import Category, DataQuality, Period
from inventory.domain.completeness import category_named
from inventory.domain.errors import (
    ComparableOfficeMissing,
    OfficeNotSmall,
    PersonnelUnknown,
    ProxyNotForCategory,
    PublishedFigureMissing,
    ReasonsMissing,
    SourceHasRecords,
)
from inventory.domain.rows import Column
from quantities import Unit
from quantities.person import Person

__all__ = [
    "SMALL_BELOW",
    "ComparableUse",
    "PerPerson",
    "Proxy",
    "ProxyEstimate",
    "as_file",
    "parse_per_person",
    "per_person_of",
    "proxies_for",
    "require_proxy_allowed",
]

SMALL_BELOW = Decimal(5)
"""Persons from which on an office is not small."""
_ALLOWED = frozenset(
    {
        Category.GRID_ELECTRICITY,
        Category.HEATING_FUEL,
        Category.PURCHASED_HEAT,
        Category.PURCHASED_COOLING,
        Category.GENERATOR_FUEL,
        Category.VEHICLE_FUEL,
        Category.WASTE,
        Category.WATER,
        Category.WASTEWATER,
    }
)
"""Used by people being there. Journeys and refills are known one by one."""
_EXACT_DIGITS = 80
_STEP = Decimal("0.000001")
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PerPerson:
    """What a person uses of one item in a year."""

    category: Category
    item: str
    treatment: str | None
    unit: Unit
    amount: Decimal
    basis: str
    """What it was worked out from, or who published it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableUse:
    """What a comparable office recorded of one item, in its final inventory of the year before."""

    location_id: str
    item: str
    treatment: str | None
    unit: Unit
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A line to be: an amount that was not recorded, and how it came about."""

    location_id: str
    category: Category
    per_person: PerPerson
    personnel: Decimal
    period: Period
    amount: Decimal
    """Rounded once, to six decimals."""
    formula: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyEstimate:
    """A proxy that became a line of an inventory. It stays on record when the line has given way to real data."""

    inventory_id: str
    record_id: int
    import_id: str
    location_id: str
    category: Category
    item: str
    unit: Unit
    personnel: Decimal
    per_person: Decimal
    amount: Decimal
    formula: str
    basis: str
    comparable_ids: Sequence[str]
    """Offices that it rests on; none where the figure is a published one."""
    reason: str
    by: Person
    at: datetime


def parse_per_person(lines: Iterable[str]) -> tuple[PerPerson, ...]:
    """Published figures of a file that ships with the platform."""
    return tuple(
        PerPerson(
            category=Category(row["category"]),
            item=row["item"],
            treatment=row["treatment"] or None,
            unit=Unit(row["unit"]),
            amount=Decimal(row["amount"]),
            basis=row["source"],
        )
        for row in csv.DictReader(lines)
    )


def require_proxy_allowed(
    *, location_id: str, category: str, personnel: Decimal | None, has_records: bool, reason: str
) -> tuple[Category, Decimal]:
    """The category and the personnel, if a proxy may stand for this source of this office.

    Refuses, in this order: SourceCategoryUnknown; ProxyNotForCategory; PersonnelUnknown; OfficeNotSmall;
    SourceHasRecords; ReasonsMissing.
    """
    of = category_named(category)
    subject = f"{of} of {location_id}"
    if of not in _ALLOWED:
        raise ProxyNotForCategory(
            subject=subject,
            found=of,
            expected=", ".join(sorted(_ALLOWED)),
            message=f"There are no proxies for {of}: it is recorded, or stated not to occur or not to be estimated.",
        )
    if personnel is None:
        raise PersonnelUnknown(
            subject=location_id,
            found="no personnel for every day of the year on which it was open",
            expected=f"fewer than {SMALL_BELOW} persons",
            message=f"Who works at {location_id} is not stated for every day of the year on which it was"
            " open: whether it is small is not known.",
        )
    if personnel >= SMALL_BELOW:
        raise OfficeNotSmall(
            subject=location_id,
            found=f"{personnel:f} persons",
            expected=f"fewer than {SMALL_BELOW}",
            message=f"{location_id} has {personnel:f} persons; proxies are for offices of fewer than {SMALL_BELOW}.",
        )
    if has_records:
        raise SourceHasRecords(
            subject=subject,
            found="records",
            expected="none",
            message=f"There are records of {subject}: a proxy stands where there are none.",
        )
    if not reason.strip():
        raise ReasonsMissing(
            subject=subject,
            found="no reason",
            expected="why it was not measured",
            message=f"A proxy for {subject} is made with the reason.",
        )
    return of, personnel


def per_person_of(
    category: Category,
    *,
    location_id: str,
    comparable_ids: Sequence[str],
    uses: Sequence[ComparableUse],
    personnel: Mapping[str, Decimal],
    year: int,
    published: Iterable[PerPerson],
) -> tuple[PerPerson, ...]:
    """Per-person figures of comparable offices in `year`; without such, those that are published.

    `personnel` are means over the whole year: who was there for half of it is half a person.

    Refuses: ComparableOfficeMissing for one without records or personnel, and for the office itself;
    PublishedFigureMissing.
    """
    if not comparable_ids:
        known = tuple(item for item in published if item.category == category)
        if not known:
            raise PublishedFigureMissing(
                subject=category,
                found="no published figure a person",
                expected="comparable offices",
                message=f"No figure of {category} a person is published; name comparable offices.",
            )
        return known
    with_data = {use.location_id for use in uses}
    lacking = sorted(
        code
        for code in comparable_ids
        if code == location_id or code not in with_data or not personnel.get(code, Decimal(0))
    )
    if lacking:
        named = ", ".join(lacking)
        raise ComparableOfficeMissing(
            subject=named,
            found=f"no records of {category} and personnel in {year}",
            expected="another office with a final inventory of that year, with both",
            message=f"{named}: no other office with {category} in a final inventory of {year} and personnel of then.",
        )
    sums: dict[tuple[str, str | None, Unit], Decimal] = {}
    with localcontext(prec=_EXACT_DIGITS):
        for use in sorted(uses, key=lambda found: (found.item, found.treatment or "", found.unit)):
            key = (use.item, use.treatment, use.unit)
            sums[key] = sums.get(key, Decimal(0)) + use.amount
        persons = sum((personnel[code] for code in set(comparable_ids)), start=Decimal(0))
        return tuple(
            PerPerson(
                category=category,
                item=item,
                treatment=treatment,
                unit=unit,
                amount=amount / persons,
                basis=f"{amount.normalize():f} {unit} for {persons.normalize():f} persons at"
                f" {', '.join(sorted(set(comparable_ids))[:_SHOWN])} in {year}, final",
            )
            for (item, treatment, unit), amount in sums.items()
        )


def proxies_for(
    per_person: Iterable[PerPerson],
    *,
    location_id: str,
    personnel: Decimal,
    year: int,
    opened: date,
    closed: date | None,
    reason: str,
) -> tuple[Proxy, ...]:
    """A proxy for each item: persons times a person's use, for the days of the year on which the office was open."""
    whole = Period(start=date(year, 1, 1), end=date(year + 1, 1, 1))
    period = Period(start=max(whole.start, opened), end=whole.end if closed is None else min(whole.end, closed))
    days, of_days = period.days, whole.days
    found = []
    for each in per_person:
        with localcontext(prec=_EXACT_DIGITS):
            amount = (personnel * each.amount * days / of_days).quantize(_STEP, ROUND_HALF_EVEN)
        part = "" if days == of_days else f" x {days}/{of_days} days"
        found.append(
            Proxy(
                location_id=location_id,
                category=each.category,
                per_person=each,
                personnel=personnel,
                period=period,
                amount=amount,
                formula=f"{personnel.normalize():f} persons x {_rounded(each.amount)} {each.unit} a person{part}",
                reason=reason.strip(),
            )
        )
    return tuple(found)


def _rounded(value: Decimal) -> str:
    return f"{value.quantize(_STEP, ROUND_HALF_EVEN).normalize():f}"


_NOTE_MAX = 480


def as_file(proxies: Iterable[Proxy]) -> bytes:
    """Proxies as a file of activity data, so that they are read and quantified like every other line, and marked."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ("SITE", "CATEGORY", "ITEM", "TREATMENT", "START", "END", "AMOUNT", "UNIT", "QUALITY", "NOTE")
    writer.writerow(Column[name].value for name in columns)
    for proxy in proxies:
        each = proxy.per_person
        # The way of discharge is what wastewater has for an item.
        is_discharge = proxy.category == Category.WASTEWATER
        note = f"Proxy for a small office: {proxy.formula}; {each.basis}. {proxy.reason}"
        writer.writerow(
            (
                proxy.location_id,
                proxy.category.value,
                "" if is_discharge else each.item,
                each.item if is_discharge else each.treatment or "",
                proxy.period.start,
                # A row names the last day that belongs to it.
                proxy.period.end - timedelta(days=1),
                f"{proxy.amount:f}",
                each.unit.value,
                DataQuality.EXTRAPOLATED.value,
                note if len(note) <= _NOTE_MAX else f"{note[: _NOTE_MAX - 1]}…",
            )
        )
    return text.getvalue().encode()
