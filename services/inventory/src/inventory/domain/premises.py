"""Premises that several tenants share: the building, who is in it, and what its meters say.

A building with several tenants is metered once; each tenant reports its own share; what is let to others is left out
(UNEP Sustainable United Nations, greenhouse gas inventory design, boundary of shared premises).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import MAX_PREC, Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

from inventory.domain.activity_data import Category, DataQuality, Period
from inventory.domain.categories import CATEGORIES
from inventory.domain.categories.form import Form
from inventory.domain.days import latest_day
from inventory.domain.errors import (
    AmountNegative,
    MeterMissing,
    MeterOfAnotherUtility,
    OccupancyOutOfRange,
    PeriodEndsBeforeStart,
    PremisesAreaNotPositive,
    PremisesNameMissing,
    PremisesOverlet,
    ReadingAlreadySuperseded,
    ReadingInTheFuture,
    ReadingOutsidePremises,
    ReadingsOverlap,
    ReasonsMissing,
    SupersedesAnotherMeter,
    TenancyAlreadyReplaced,
    TenancyAreaOutOfRange,
    TenancyOutsidePremises,
    TenantNotOne,
    UtilityItemUnknown,
)
from quantities import Quantity, UnitsNotConvertible, convertible, parse_unit
from quantities.person import Person

__all__ = [
    "CATEGORY_BY_UTILITY",
    "MeterReading",
    "Premises",
    "Tenancy",
    "Utility",
    "form_of_utility",
    "premises_to_register",
    "reading_to_record",
    "tenancy_to_set",
]


class Utility(StrEnum):
    """What a meter of a building measures."""

    ELECTRICITY = "electricity"
    HEAT = "heat"
    COOLING = "cooling"
    WATER = "water"
    HEATING_FUEL = "heating_fuel"
    GENERATOR_FUEL = "generator_fuel"


CATEGORY_BY_UTILITY: Mapping[Utility, Category] = MappingProxyType(
    {
        Utility.ELECTRICITY: Category.GRID_ELECTRICITY,
        Utility.HEAT: Category.PURCHASED_HEAT,
        Utility.COOLING: Category.PURCHASED_COOLING,
        Utility.WATER: Category.WATER,
        Utility.HEATING_FUEL: Category.HEATING_FUEL,
        Utility.GENERATOR_FUEL: Category.GENERATOR_FUEL,
    }
)


def form_of_utility(utility: Utility) -> Form:
    """How its category states an amount: items, units."""
    return CATEGORIES[CATEGORY_BY_UTILITY[utility]].forms[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """A building, or a part of one, that is metered as a whole."""

    id: str
    location_id: str
    """Who operates it, reads its meters, and reports what no tenant does."""
    name: str
    gross_area_m2: Decimal
    """What the meters serve: let, common and vacant space. Another area is other premises."""
    valid_from: date
    valid_to: date | None
    """First day on which they are no longer in use."""
    registered_by: Person
    registered_at: datetime

    def are_in_use(self, *, start: date, end: date | None) -> bool:
        """On all days from `start` up to, and without, `end`; None is for ever."""
        if start < self.valid_from:
            return False
        return self.valid_to is None or (end is not None and end <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """What a tenant occupies of premises, for how much of the time, from when until when."""

    id: str
    premises_id: str
    tenant_id: str | None
    """A location of the register; None for a party outside it."""
    outside_party: str | None
    """Whoever else the space is let to: its share is nobody's in the Secretariat."""
    net_area_m2: Decimal
    """0 where the tenancy that it replaces never was."""
    occupancy: Decimal
    """Part of the time in which the space is the tenant's, above 0 and at most 1."""
    valid_from: date
    valid_to: date | None
    """First day on which the tenant is no longer there."""
    replaces_id: str | None
    reason: str | None
    """Why it replaces one; None for a first."""
    set_by: Person
    set_at: datetime
    holds: bool = True
    """False once another replaces it."""

    @property
    def weight_m2(self) -> Decimal:
        """Area by occupancy."""
        with localcontext(prec=MAX_PREC):
            return self.net_area_m2 * self.occupancy

    @property
    def who(self) -> str:
        return self.tenant_id or self.outside_party or ""

    def is_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What a meter of premises counted in a period."""

    id: str
    premises_id: str
    meter: str
    """As it is called at the premises, such as its serial number."""
    utility: Utility
    item: str
    """Fuel, source of water, heat or steam, by its name in activity data."""
    period: Period
    amount: Quantity
    quality: DataQuality
    supersedes_id: str | None
    reason: str | None
    """Why it supersedes one; None for a first."""
    recorded_by: Person
    recorded_at: datetime
    holds: bool = True
    """False once another supersedes it."""

    @property
    def category(self) -> Category:
        return CATEGORY_BY_UTILITY[self.utility]

    @property
    def name(self) -> str:
        return f"reading {self.id} of {self.meter} ({self.period.start} to {self.period.end}, {self.amount})"


def premises_to_register(
    *,
    premises_id: str,
    location_id: str,
    name: str,
    gross_area_m2: Decimal,
    valid_from: date,
    valid_to: date | None,
    by: Person,
    at: datetime,
) -> Premises:
    """Refuses, in this order: PremisesNameMissing, PremisesAreaNotPositive, PeriodEndsBeforeStart."""
    plain = " ".join(name.split())
    if not plain:
        raise PremisesNameMissing(
            subject=location_id,
            found="no name",
            expected="the name of the building",
            message="Premises are registered under a name.",
        )
    if gross_area_m2 <= 0:
        raise PremisesAreaNotPositive(
            subject=plain,
            found=f"{gross_area_m2:f} m2",
            expected="more than 0 m2",
            message=f"The gross area of {plain} is more than 0 m2.",
        )
    if valid_to is not None and valid_to <= valid_from:
        raise PeriodEndsBeforeStart(
            subject=plain,
            found=f"in use until {valid_to}",
            expected=f"a day after {valid_from}",
            message=f"{plain} would be out of use before it is in use, on {valid_from}.",
        )
    return Premises(
        id=premises_id,
        location_id=location_id,
        name=plain,
        gross_area_m2=gross_area_m2,
        valid_from=valid_from,
        valid_to=valid_to,
        registered_by=by,
        registered_at=at,
    )


def tenancy_to_set(
    premises: Premises,
    *,
    tenancy_id: str,
    others: Iterable[Tenancy],
    replaced: Tenancy | None,
    tenant_id: str | None,
    outside_party: str | None,
    net_area_m2: Decimal,
    occupancy: Decimal,
    valid_from: date,
    valid_to: date | None,
    reason: str | None,
    by: Person,
    at: datetime,
) -> Tenancy:
    """A tenancy beside the `others` that hold; `replaced` holds no more then.

    Refuses, in this order: TenancyAlreadyReplaced; TenantNotOne; TenancyAreaOutOfRange, for 0 too where none is
    replaced; OccupancyOutOfRange; TenancyOutsidePremises; ReasonsMissing where one is replaced; PremisesOverlet.
    """
    if replaced is not None and not replaced.holds:
        raise TenancyAlreadyReplaced(
            subject=replaced.id,
            found="a tenancy that another one replaced",
            expected="one that holds",
            message=f"The tenancy of {replaced.who} in {premises.name} was replaced already.",
        )
    outside = " ".join((outside_party or "").split()) or None
    if (tenant_id is None) == (outside is None):
        raise TenantNotOne(
            subject=premises.name,
            found="both" if outside else "neither",
            expected="a location of the register, or the name of a party outside it",
            message=f"A tenancy of {premises.name} is of one location, or of one party outside the register.",
        )
    new = Tenancy(
        id=tenancy_id,
        premises_id=premises.id,
        tenant_id=tenant_id,
        outside_party=outside,
        net_area_m2=net_area_m2,
        occupancy=occupancy,
        valid_from=valid_from,
        valid_to=valid_to,
        replaces_id=None if replaced is None else replaced.id,
        reason=None,
        set_by=by,
        set_at=at,
    )
    _require_within(premises, new)
    if replaced is None:
        why = None
    else:
        why = (reason or "").strip()
        if not why:
            raise ReasonsMissing(
                subject=replaced.id,
                found="no reason",
                expected="what has changed, or what was wrong",
                message=f"The tenancy of {replaced.who} in {premises.name} is replaced only with a reason.",
            )
    beside = [item for item in others if item.holds and (replaced is None or item.id != replaced.id)]
    _require_room(premises, [*beside, new], named=new)
    return replace(new, reason=why)


def _require_within(premises: Premises, new: Tenancy) -> None:
    is_none = new.net_area_m2 == 0 and new.replaces_id is None
    if is_none or not 0 <= new.net_area_m2 <= premises.gross_area_m2:
        raise TenancyAreaOutOfRange(
            subject=new.who,
            found=f"{new.net_area_m2:f} m2",
            expected=f"more than 0 and at most {premises.gross_area_m2:f} m2",
            message=f"{new.who} can't occupy {new.net_area_m2:f} m2 of {premises.name}: it has"
            f" {premises.gross_area_m2:f} m2.",
        )
    if not 0 < new.occupancy <= 1:
        raise OccupancyOutOfRange(
            subject=new.who,
            found=f"{new.occupancy:f}",
            expected="a part of the time, above 0 and at most 1",
            message=f"The occupancy of {new.who} is a part of the time above 0 and at most 1, not {new.occupancy:f}.",
        )
    ends_early = new.valid_to is not None and new.valid_to <= new.valid_from
    if ends_early or not premises.are_in_use(start=new.valid_from, end=new.valid_to or premises.valid_to):
        raise TenancyOutsidePremises(
            subject=new.who,
            found=_span(new.valid_from, new.valid_to),
            expected=f"days within {_span(premises.valid_from, premises.valid_to)}",
            message=f"{premises.name} is in use {_span(premises.valid_from, premises.valid_to)};"
            f" the tenancy would be {_span(new.valid_from, new.valid_to)}.",
        )


def _require_room(premises: Premises, tenancies: Collection[Tenancy], *, named: Tenancy) -> None:
    # What is occupied only grows on a day on which a tenancy begins.
    for day in sorted({item.valid_from for item in tenancies}):
        there = [item for item in tenancies if item.is_on(day)]
        with localcontext(prec=MAX_PREC):
            occupied = sum((item.weight_m2 for item in there), start=Decimal(0))
        if occupied > premises.gross_area_m2 and named in there:
            raise PremisesOverlet(
                subject=premises.name,
                found=f"{occupied:f} m2 by occupancy on {day}",
                expected=f"at most {premises.gross_area_m2:f} m2",
                message=f"On {day} the tenants of {premises.name} would occupy {occupied:f} of its"
                f" {premises.gross_area_m2:f} m2.",
            )


def reading_to_record(
    premises: Premises,
    *,
    reading_id: str,
    of_meter: Iterable[MeterReading],
    superseded: MeterReading | None,
    meter: str,
    utility: Utility,
    item: str | None,
    items: Collection[str],
    start: date,
    end: date,
    amount: Decimal,
    unit: str,
    quality: DataQuality,
    reason: str | None,
    by: Person,
    at: datetime,
) -> MeterReading:
    """A reading of the days from `start` up to, and without, `end`; `of_meter` are those of the meter that hold.

    `items` are what activity data of that utility may be of.

    Refuses, in this order: MeterMissing; UtilityItemUnknown; UnitAmbiguous, UnitUnknown, UnitsNotConvertible;
    AmountNegative; PeriodEndsBeforeStart; ReadingInTheFuture; ReadingOutsidePremises; ReadingAlreadySuperseded;
    SupersedesAnotherMeter; ReasonsMissing where one is superseded; MeterOfAnotherUtility; ReadingsOverlap.
    """
    called = " ".join(meter.split())
    if not called:
        raise MeterMissing(
            subject=premises.name,
            found="no meter",
            expected="the meter's name or serial number",
            message=f"A reading of {premises.name} names its meter.",
        )
    new = MeterReading(
        id=reading_id,
        premises_id=premises.id,
        meter=called,
        utility=utility,
        item=_item(called, utility=utility, item=item, items=items),
        amount=_amount(called, utility=utility, amount=amount, unit=unit),
        period=Period(start=start, end=end),
        quality=quality,
        supersedes_id=None if superseded is None else superseded.id,
        reason=None,
        recorded_by=by,
        recorded_at=at,
    )
    latest = latest_day(at)
    if end > latest:
        raise ReadingInTheFuture(
            subject=called,
            found=f"read on {end}",
            expected=f"{latest} or earlier",
            message=f"The meter {called} can't have been read on {end}: that day has not come.",
        )
    if not premises.are_in_use(start=start, end=end):
        raise ReadingOutsidePremises(
            subject=called,
            found=_span(start, end),
            expected=f"days within {_span(premises.valid_from, premises.valid_to)}",
            message=f"{premises.name} is in use {_span(premises.valid_from, premises.valid_to)}; the reading is"
            f" {_span(start, end)}.",
        )
    why = _why(superseded, new, reason=reason)
    _require_alone(new, beside=[found for found in of_meter if found.holds and found.id != new.supersedes_id])
    return replace(new, reason=why)


def _item(meter: str, *, utility: Utility, item: str | None, items: Collection[str]) -> str:
    wanted = item or form_of_utility(utility).only_item or ""
    if wanted not in items:
        expected = ", ".join(sorted(items))
        raise UtilityItemUnknown(
            subject=meter,
            found=wanted or "nothing",
            expected=expected,
            message=f"A meter of {utility} counts one of: {expected}.",
        )
    return wanted


def _amount(meter: str, *, utility: Utility, amount: Decimal, unit: str) -> Quantity:
    counted = Quantity(amount, parse_unit(unit))
    stated = form_of_utility(utility).stated
    if not any(convertible(counted.unit, to=wanted) for wanted in stated):
        raise UnitsNotConvertible(
            subject=meter,
            found=counted.unit,
            expected=" or ".join(stated),
            message=f"{utility} is counted in {' or '.join(stated)}, not in {counted.unit}.",
        )
    if amount < 0:
        raise AmountNegative(
            subject=meter,
            found=str(counted),
            expected="0 or more",
            message=f"The meter {meter} can't have counted {counted}.",
        )
    return counted


def _why(superseded: MeterReading | None, new: MeterReading, *, reason: str | None) -> str | None:
    if superseded is None:
        return None
    if not superseded.holds:
        raise ReadingAlreadySuperseded(
            subject=superseded.id,
            found="a reading that another one superseded",
            expected="one that holds",
            message=f"The {superseded.name} was superseded already.",
        )
    if superseded.meter != new.meter:
        raise SupersedesAnotherMeter(
            subject=superseded.id,
            found=new.meter,
            expected=superseded.meter,
            message=f"A reading of {new.meter} can't supersede one of {superseded.meter}.",
        )
    why = (reason or "").strip()
    if not why:
        raise ReasonsMissing(
            subject=superseded.id,
            found="no reason",
            expected="what was wrong",
            message=f"The {superseded.name} is superseded only with a reason.",
        )
    return why


def _require_alone(new: MeterReading, *, beside: Iterable[MeterReading]) -> None:
    for other in beside:
        if (other.utility, other.item) != (new.utility, new.item) or not convertible(
            other.amount.unit, to=new.amount.unit
        ):
            raise MeterOfAnotherUtility(
                subject=new.meter,
                found=f"{new.utility} ({new.item}) in {new.amount.unit}",
                expected=f"{other.utility} ({other.item}) in {other.amount.unit}",
                message=f"The meter {new.meter} counts {other.utility} ({other.item}), by the {other.name}.",
            )
        if other.period.overlaps(new.period):
            raise ReadingsOverlap(
                subject=new.meter,
                found=f"{_span(new.period.start, new.period.end)} beside the {other.name}",
                expected="days that no other reading of the meter is of",
                message=f"The reading {_span(new.period.start, new.period.end)} of {new.amount} overlaps the"
                f" {other.name}; each day of a meter is counted once.",
            )


def _span(start: date, end: date | None) -> str:
    return f"from {start}" if end is None else f"from {start} to {end}"
