"""Personnel of locations in a year: the one place that says where it is stated."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Period
from inventory.domain.denominator import DenominatorKind, denominator_of
from inventory.store.denominators import of_locations

__all__ = ["personnel_of"]


async def personnel_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """Mean over the year, where it is stated for every day. A location's include those of all under it."""
    period = Period(start=date(year, 1, 1), end=date(year + 1, 1, 1))
    found = {
        location_id: denominator_of(stated, kind=DenominatorKind.PERSONNEL, topic=None, period=period).value
        for location_id, stated in (await of_locations(tx, location_ids)).items()
    }
    return {location_id: persons for location_id, persons in found.items() if persons is not None}
