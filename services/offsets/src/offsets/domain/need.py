"""What there is to offset: whole tonnes of a final inventory's total, rounded up. Credits come in whole tonnes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal, localcontext

__all__ = ["OffsetNeed", "need_of"]

_KG_PER_TONNE = 1000
_EXACT_DIGITS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetNeed:
    """The need of one location and year by one final inventory version; the newest version counts."""

    location_id: str
    year: int
    inventory_id: str
    inventory_version: int
    total_kg: Decimal
    """kgCO2e, exact as the inventory has it."""
    tonnes: int
    """tCO2e"""
    known_at: datetime


def need_of(
    *, location_id: str, year: int, inventory_id: str, inventory_version: int, total_kg: Decimal, at: datetime
) -> OffsetNeed:
    """The need that a final inventory leaves. A total below 0 leaves none."""
    with localcontext(prec=_EXACT_DIGITS):
        tonnes = int((total_kg / _KG_PER_TONNE).to_integral_value(rounding=ROUND_CEILING))
    return OffsetNeed(
        location_id=location_id,
        year=year,
        inventory_id=inventory_id,
        inventory_version=inventory_version,
        total_kg=total_kg,
        tonnes=max(tonnes, 0),
        known_at=at,
    )
