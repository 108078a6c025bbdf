"""Who used what of a meter that several tenants share: by area and occupancy, for the days that each was there.

Shares are exact and never add up to more than the meter: a tenant's share is rounded down to twelve decimals, and the
operator has all that no tenant has: its own space, common space, vacant space and time, and what rounding left. So a
tenant's share depends on its own tenancy and the building alone. Shares of parties outside the register are excluded
(UNEP Sustainable United Nations: own share only, sub-let space left out). Why so: docs/adr/0020-shared-premises.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import MAX_PREC, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from inventory.domain.activity_data import Period
from inventory.domain.premises import MeterReading, Premises, Tenancy

__all__ = [
    "SHARE_PLACES",
    "MeteredPart",
    "Share",
    "ShareKind",
    "by_year",
    "operator_share",
    "share_out",
    "tenant_share",
]

SHARE_PLACES = 12
"""Decimals of a part of an amount, in the meter's unit."""


class ShareKind(StrEnum):
    """Whose a share is."""

    TENANT = "tenant"
    OPERATOR = "operator"
    """What no tenant has, and what the operator occupies itself."""
    EXCLUDED = "excluded"
    """Of a party outside the register: in no inventory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredPart:
    """What of a reading is of one calendar year, by days."""

    reading: MeterReading
    period: Period
    amount: Decimal
    """In the unit of the reading."""

    @property
    def year(self) -> int:
        return self.period.start.year


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one has of a part of a reading."""

    part: MeteredPart
    kind: ShareKind
    location_id: str | None
    """In whose inventory it belongs; None where it is excluded."""
    outside_party: str | None
    period: Period
    """From the first to the last of the part's days on which its tenant was there."""
    numerator: Decimal
    """Area by occupancy by days, in m2·day."""
    denominator: Decimal
    """Gross area by days, in m2·day."""
    amount: Decimal
    """In the unit of the reading."""


def by_year(reading: MeterReading) -> tuple[MeteredPart, ...]:
    """The reading, split by days where it crosses a year; the parts add up to it, exactly."""
    whole = reading.period
    parts: list[MeteredPart] = []
    start, before = whole.start, Decimal(0)
    while start < whole.end:
        end = min(date(start.year + 1, 1, 1), whole.end)
        upto = (
            reading.amount.value
            if end == whole.end
            else _part(
                reading.amount.value, numerator=Decimal((end - whole.start).days), denominator=Decimal(whole.days)
            )
        )
        with localcontext(prec=MAX_PREC):
            amount = upto - before
        parts.append(MeteredPart(reading=reading, period=Period(start=start, end=end), amount=amount))
        start, before = end, upto
    return tuple(parts)


def tenant_share(part: MeteredPart, premises: Premises, tenancies: Iterable[Tenancy]) -> Share | None:
    """The share of one tenant, by all its tenancies that hold; None where it was not there."""
    there = [(item, then) for item in tenancies if item.holds and (then := _days(item, part.period)) is not None]
    if not there:
        return None
    with localcontext(prec=MAX_PREC):
        numerator = sum((item.weight_m2 * then.days for item, then in there), start=Decimal(0))
    if not numerator:
        return None
    tenant = there[0][0]
    denominator = _denominator(part, premises)
    return Share(
        part=part,
        kind=ShareKind.EXCLUDED if tenant.tenant_id is None else ShareKind.TENANT,
        location_id=tenant.tenant_id,
        outside_party=tenant.outside_party,
        period=Period(start=min(then.start for _, then in there), end=max(then.end for _, then in there)),
        numerator=numerator,
        denominator=denominator,
        amount=_part(part.amount, numerator=numerator, denominator=denominator),
    )


def operator_share(part: MeteredPart, premises: Premises, others: Sequence[Share]) -> Share:
    """All that the `others` don't have. They are never more than the whole: tenancies have room in the building."""
    denominator = _denominator(part, premises)
    with localcontext(prec=MAX_PREC):
        numerator = denominator - sum((item.numerator for item in others), start=Decimal(0))
        amount = part.amount - sum((item.amount for item in others), start=Decimal(0))
    return Share(
        part=part,
        kind=ShareKind.OPERATOR,
        location_id=premises.location_id,
        outside_party=None,
        period=part.period,
        numerator=numerator,
        denominator=denominator,
        amount=amount,
    )


def share_out(part: MeteredPart, premises: Premises, tenancies: Iterable[Tenancy]) -> tuple[Share, ...]:
    """Every share of the part: tenants by code, the excluded by name, and the operator; together they are the part."""
    by_tenant: dict[tuple[bool, str], list[Tenancy]] = {}
    for item in tenancies:
        if item.tenant_id != premises.location_id:
            by_tenant.setdefault((item.tenant_id is None, item.who), []).append(item)
    found = [tenant_share(part, premises, of) for _, of in sorted(by_tenant.items())]
    others = [item for item in found if item is not None]
    return (*others, operator_share(part, premises, others))


def _denominator(part: MeteredPart, premises: Premises) -> Decimal:
    with localcontext(prec=MAX_PREC):
        return premises.gross_area_m2 * part.period.days


def _days(tenancy: Tenancy, period: Period) -> Period | None:
    """The tenancy's days in the period."""
    start = max(tenancy.valid_from, period.start)
    end = period.end if tenancy.valid_to is None else min(tenancy.valid_to, period.end)
    return Period(start=start, end=end) if start < end else None


def _part(amount: Decimal, *, numerator: Decimal, denominator: Decimal) -> Decimal:
    """The amount by the fraction, rounded down."""
    units = Fraction(amount) * Fraction(numerator) / Fraction(denominator) * 10**SHARE_PLACES
    with localcontext(prec=MAX_PREC):
        return Decimal(units.numerator // units.denominator).scaleb(-SHARE_PLACES).normalize()
