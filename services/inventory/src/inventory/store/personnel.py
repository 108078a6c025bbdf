"""Personnel and floor area of locations in a year: the one place that says where they are stated."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location
from inventory.domain.denominator import DenominatorKind, days_open, denominator_of
from inventory.store.denominators import of_locations

__all__ = ["floor_area_of", "person_years_of", "personnel_of"]

_DIGITS = 28


async def personnel_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """How many are there while it is open: the mean over those days of the year, where it is stated for each of them.

    A location's include those of all under it.
    """
    found = await _means(tx, DenominatorKind.PERSONNEL, location_ids, year=year)
    return {location_id: mean.value for location_id, mean in found.items()}


async def floor_area_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """Square metres, as above."""
    found = await _means(tx, DenominatorKind.FLOOR_AREA, location_ids, year=year)
    return {location_id: mean.value for location_id, mean in found.items()}


async def person_years_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """As `personnel_of`, but the mean over the whole year, with nobody on days on which it was not open.

    So that they can be added, and compared with those of a location above that was open all year.
    """
    found = await _means(tx, DenominatorKind.PERSONNEL, location_ids, year=year)
    with localcontext(prec=_DIGITS):
        return {
            location_id: mean.value if mean.days == mean.of_days else mean.value * mean.days / mean.of_days
            for location_id, mean in found.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mean:
    value: Decimal
    days: int
    """On which it was open."""
    of_days: int
    """Of the year."""


async def _means(
    tx: AsyncConnection, kind: DenominatorKind, location_ids: Collection[str], *, year: int
) -> Mapping[str, _Mean]:
    of_days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    stated = await of_locations(tx, location_ids)
    rows = await tx.execute(
        select(location.c.id, location.c.valid_from, location.c.valid_to).where(location.c.id.in_(location_ids))
    )
    found: dict[str, _Mean] = {}
    for row in rows:
        period = days_open(year, opened=row.valid_from, closed=row.valid_to)
        value = denominator_of(stated[row.id], kind=kind, topic=None, period=period).value
        if value is not None:
            found[row.id] = _Mean(value=value, days=period.days, of_days=of_days)
    return found
