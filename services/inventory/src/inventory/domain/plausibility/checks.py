"""Findings, worked out from the data."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext

from inventory.domain.activity_data import Category
from inventory.domain.completeness import OF_THE_YEAR
from inventory.domain.plausibility.finding import Explanation, Finding, FindingCode
from inventory.domain.plausibility.ranges import TOLD_APART_BY_ITEM, Basis, PlausibilityRange, Severity
from inventory.domain.proxy import SMALL_BELOW
from inventory.domain.taken_share import TakenShare
from quantities import Quantity, Unit, convertible

__all__ = ["Data", "Use", "findings"]

_EXACT_DIGITS = 80

_CODES = {
    Basis.MONTH: FindingCode.AMOUNT_OUT_OF_RANGE,
    Basis.YEAR: FindingCode.AMOUNT_OUT_OF_RANGE,
    Basis.PER_PERSON: FindingCode.INTENSITY_OUT_OF_RANGE,
    Basis.PER_M2: FindingCode.INTENSITY_OUT_OF_RANGE,
    Basis.CHANGE: FindingCode.CHANGE_OUT_OF_RANGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a site used of one item in one month, by its lines: those of several months are in each by their days."""

    location_id: str
    category: Category
    item: str
    unit: Unit
    month: date
    amount: Decimal
    unreasoned: int
    """Lines begun in this month that are estimated or extrapolated and have no note that says how."""
    unreasoned_amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """All that findings are worked out from."""

    year: int
    uses: Sequence[Use]
    before: Sequence[Use]
    """Of the same sites in their last final year."""
    personnel: Mapping[str, Decimal]
    """Of locations, with all under them; missing where not stated."""
    floor_area_m2: Mapping[str, Decimal]
    paths: Mapping[str, tuple[str, ...]]
    """Of each site: what it is under, from the root down to itself."""
    ranges: Sequence[PlausibilityRange]
    contradictions: Collection[tuple[str, Category, date]] = ()
    """Site, source and month that are stated not to occur, or not to be estimated, and have records."""
    proxies: Collection[tuple[str, Category]] = ()
    """Sites and sources that proxies stand for."""
    shares_out_of_date: Collection[tuple[str, TakenShare]] = ()
    """Shares that would be others if they were taken now, each with the name of its premises."""
    explanations: Mapping[str, Explanation]
    """By the finding's id; the newest."""


def findings(data: Data) -> tuple[Finding, ...]:
    """Everything beyond what is plausible, errors first, then by place and source."""
    with localcontext(prec=_EXACT_DIGITS):
        found = [
            *_contradictions(data),
            *_proxies(data),
            *_shares(data),
            *_without_reason(data),
            *_amounts(data),
            *_intensities(data),
            *_changes(data),
        ]
    explained = [_with(item, data.explanations.get(item.id)) for item in found]
    return tuple(
        sorted(
            explained,
            key=lambda item: (
                item.severity != Severity.ERROR, item.location_id, item.category or "", item.item or "",
                item.month or date.min, item.code, item.unit,
            ),
        )
    )  # fmt: skip


def _with(finding: Finding, explanation: Explanation | None) -> Finding:
    if explanation is None or finding.severity == Severity.ERROR:
        return finding
    return replace(finding, explanation=explanation)


def _contradictions(data: Data) -> Iterable[Finding]:
    months: dict[tuple[str, Category], list[date]] = {}
    for location_id, category, month in data.contradictions:
        months.setdefault((location_id, category), []).append(month)
    for (location_id, category), of in months.items():
        named = ", ".join(f"{month:%Y-%m}" for month in sorted(of))
        yield Finding(
            code=FindingCode.STATED_AND_REPORTED,
            severity=Severity.ERROR,
            location_id=location_id,
            category=category,
            value=Decimal(len(of)),
            unit="months",
            expected="the statement withdrawn, or no records",
            reason=f"stated to have no records, which there are in {named}",
        )


def _proxies(data: Data) -> Iterable[Finding]:
    for location_id, category in data.proxies:
        personnel = data.personnel.get(location_id)
        if personnel is not None and personnel >= SMALL_BELOW:
            yield Finding(
                code=FindingCode.PROXY_OFFICE_NOT_SMALL,
                severity=Severity.ERROR,
                location_id=location_id,
                category=category,
                value=personnel,
                unit="person",
                expected=f"fewer than {SMALL_BELOW} person, or records",
                reason="proxies are for small offices (Greening the Blue methodology, emissions boundaries)",
            )


def _shares(data: Data) -> Iterable[Finding]:
    """Until all are as they would be now, shares of one meter may add up to more than it."""
    for premises, share in data.shares_out_of_date:
        yield Finding(
            code=FindingCode.SHARE_OUT_OF_DATE,
            severity=Severity.ERROR,
            location_id=share.location_id,
            category=share.category,
            item=share.item,
            value=share.amount,
            unit=share.unit.value,
            expected=f"the share of meter {share.meter} of {premises}, {share.period.start} to {share.period.end}, as"
            " it is now: take it again (takePremisesShare)",
            reason=f"its reading or a tenancy was replaced after {share.taken_by.name} took it on"
            f" {share.taken_at:%Y-%m-%d}",
        )


def _without_reason(data: Data) -> Iterable[Finding]:
    lines: dict[tuple[str, Category], list[Use]] = {}
    for use in data.uses:
        if use.unreasoned:
            lines.setdefault((use.location_id, use.category), []).append(use)
    for (location_id, category), uses in lines.items():
        # With the amounts, so that a reason that was given lapses when they change.
        amounts = sorted((use.item, use.unit, use.month, use.unreasoned_amount.normalize()) for use in uses)
        yield Finding(
            code=FindingCode.QUALITY_REASON_MISSING,
            severity=Severity.WARNING,
            location_id=location_id,
            category=category,
            value=Decimal(sum(use.unreasoned for use in uses)),
            unit="records",
            expected="how each was estimated or extrapolated, in its note or here",
            reason="records that are estimated or extrapolated say how",
            mark=repr(amounts),
        )


def _told_apart(use: Use) -> str | None:
    """Fuels and refrigerants are told apart by item; of other categories, items are parts of one source."""
    return use.item if use.category in TOLD_APART_BY_ITEM else None


def _chosen(
    data: Data, *, basis: Basis, path: Sequence[str], category: Category, item: str | None, unit: Unit | None, day: date
) -> Iterable[PlausibilityRange]:
    """The range that holds for this, of each severity, the error first."""
    best: dict[Severity, tuple[tuple[object, ...], PlausibilityRange]] = {}
    for candidate in data.ranges:
        if (
            candidate.basis != basis
            or candidate.category not in (None, category)
            or candidate.item not in (None, item)
            or (candidate.place_id is not None and candidate.place_id not in path)
            or not candidate.holds_on(day)
            or (candidate.unit is not None and unit is not None and not convertible(unit, to=candidate.unit))
        ):
            continue
        near = -1 if candidate.place_id is None else path.index(candidate.place_id)
        rank = (near, candidate.item is not None, candidate.category is not None, candidate.id)
        if candidate.severity not in best or best[candidate.severity][0] < rank:
            best[candidate.severity] = (rank, candidate)
    return [best[severity][1] for severity in (Severity.ERROR, Severity.WARNING) if severity in best]


def _beyond(
    data: Data,
    *,
    basis: Basis,
    location_id: str,
    path: Sequence[str],
    category: Category,
    item: str | None,
    month: date | None,
    amount: Quantity,
    by: Decimal = Decimal(1),
) -> Iterable[Finding]:
    """A finding by the most severe range that it misses."""
    day = month or date(data.year, 1, 1)
    for held in _chosen(data, basis=basis, path=path, category=category, item=item, unit=amount.unit, day=day):
        value = amount.to(held.unit or amount.unit).value / by
        if held.misses(value):
            yield _missed(held, location_id=location_id, category=category, item=item, month=month, value=value)
            return


def _missed(
    held: PlausibilityRange,
    *,
    location_id: str,
    category: Category,
    item: str | None,
    month: date | None = None,
    value: Decimal,
    seen: str = "",
) -> Finding:
    return Finding(
        code=_CODES[held.basis],
        severity=held.severity,
        location_id=location_id,
        category=category,
        item=item,
        month=month,
        value=Decimal(_plain(value)),
        unit=held.shown_unit,
        expected=held.expected,
        reason=f"{seen}{held.source}",
    )


_Source = tuple[str, Category, str | None, Unit]
"""Place, category, item where it tells, and one unit for all that convert to it."""


def _summed(uses: Iterable[tuple[str, Use]], *, by_month: bool) -> dict[tuple[_Source, date | None], Decimal]:
    """Amounts by place and source, of the year or of each month."""
    units: dict[tuple[str, Category, str | None], list[Unit]] = {}
    sums: dict[tuple[_Source, date | None], Decimal] = {}
    for place, use in sorted(uses, key=lambda found: (found[0], found[1].category, found[1].unit, found[1].month)):
        what = (place, use.category, _told_apart(use))
        known = units.setdefault(what, [])
        unit = next((found for found in known if convertible(use.unit, to=found)), None)
        if unit is None:
            known.append(unit := use.unit)
        key = ((*what, unit), use.month if by_month else None)
        sums[key] = sums.get(key, Decimal(0)) + Quantity(use.amount, use.unit).to(unit).value
    return sums


def _amounts(data: Data) -> Iterable[Finding]:
    for basis, by_month in ((Basis.MONTH, True), (Basis.YEAR, False)):
        if not any(held.basis == basis for held in data.ranges):
            continue
        sums = _summed(((use.location_id, use) for use in data.uses), by_month=by_month)
        for ((place, category, item, unit), month), amount in sums.items():
            yield from _beyond(
                data, basis=basis, location_id=place, path=data.paths[place], category=category, item=item, month=month,
                amount=Quantity(amount, unit),
            )  # fmt: skip


def _intensities(data: Data) -> Iterable[Finding]:
    paths = {place: path[:depth] for path in data.paths.values() for depth, place in enumerate(path, start=1)}
    for basis, denominators in ((Basis.PER_PERSON, data.personnel), (Basis.PER_M2, data.floor_area_m2)):
        counted = ((place, use) for use in data.uses for place in data.paths[use.location_id] if place in denominators)
        for ((place, category, item, unit), _), amount in _summed(counted, by_month=False).items():
            if not denominators[place]:
                continue
            yield from _beyond(
                data, basis=basis, location_id=place, path=paths[place], category=category, item=item, month=None,
                amount=Quantity(amount, unit), by=denominators[place],
            )  # fmt: skip


def _changes(data: Data) -> Iterable[Finding]:
    """Over the months that both years have: a year that is not complete is not taken for one that shrank."""
    earlier, later = _by_source(data.before), _by_source(data.uses)
    for source, months in later.items():
        place, category, item, unit = source
        if category == Category.REFRIGERANT:
            # Refills come in lumps: no year is like the one before.
            continue
        counterpart = next(
            (found for found in earlier if found[:3] == source[:3] and convertible(found[3], to=unit)), None
        )
        if counterpart is None:
            continue
        past = earlier[counterpart]
        shared = past.keys() | months.keys() if category in OF_THE_YEAR else past.keys() & months.keys()
        base = Quantity(sum((past.get(month, Decimal(0)) for month in shared), start=Decimal(0)), counterpart[3])
        before, now = base.to(unit).value, sum((months.get(month, Decimal(0)) for month in shared), start=Decimal(0))
        if before:
            yield from _changed(data, place=place, category=category, item=item, unit=unit, now=now, before=before)


def _by_source(uses: Iterable[Use]) -> dict[_Source, dict[int, Decimal]]:
    """Amounts by source and number of the month."""
    found: dict[_Source, dict[int, Decimal]] = {}
    for (source, month), amount in _summed(((use.location_id, use) for use in uses), by_month=True).items():
        if month is not None:
            found.setdefault(source, {})[month.month] = amount
    return found


def _changed(
    data: Data, *, place: str, category: Category, item: str | None, unit: Unit, now: Decimal, before: Decimal
) -> Iterable[Finding]:
    change = 100 * (now - before) / before
    chosen = _chosen(
        data, basis=Basis.CHANGE, path=data.paths[place], category=category, item=item, unit=None,
        day=date(data.year, 1, 1),
    )  # fmt: skip
    held = next((held for held in chosen if held.misses(change)), None)
    if held is not None:
        seen = f"{_plain(now)} {unit} after {_plain(before)} in the same months of the year before; "
        yield _missed(held, location_id=place, category=category, item=item, value=change, seen=seen)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
