"""Personnel of locations in a year: the one place that says where it is stated."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.tables import location_profile

__all__ = ["personnel_of"]


async def personnel_of(tx: AsyncConnection, location_ids: Collection[str], *, year: int) -> Mapping[str, Decimal]:
    """Persons by location, of those for which they are stated. A location's include those of all under it."""
    rows = await tx.execute(
        select(location_profile.c.location_id, location_profile.c.personnel).where(
            location_profile.c.location_id.in_(location_ids),
            location_profile.c.year == year,
            location_profile.c.personnel.is_not(None),
        )
    )
    return {row.location_id: row.personnel for row in rows}
