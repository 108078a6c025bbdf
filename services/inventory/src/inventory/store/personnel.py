"""Personnel and floor area of locations in a year: the one place that says where they are stated."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Period
from inventory.domain.denominator import DenominatorKind, denominator_of
from inventory.store.denominators import of_locations

__all__ = ["floor_area_of", "personnel_of"]


async def personnel_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """Mean over the year, where it is stated for every day. A location's include those of all under it."""
    return await _mean(tx, DenominatorKind.PERSONNEL, location_ids, year=year)


async def floor_area_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """Square metres, as above."""
    return await _mean(tx, DenominatorKind.FLOOR_AREA, location_ids, year=year)


async def _mean(
    tx: AsyncConnection, kind: DenominatorKind, location_ids: Collection[str], *, year: int
) -> Mapping[str, Decimal]:
    period = Period(start=date(year, 1, 1), end=date(year + 1, 1, 1))
    found = {
        location_id: denominator_of(stated, kind=kind, topic=None, period=period).value
        for location_id, stated in (await of_locations(tx, location_ids)).items()
    }
    return {location_id: value for location_id, value in found.items() if value is not None}
