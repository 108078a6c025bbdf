"""SQL of the register."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location
from inventory.domain.location import Location, LocationProfile
from inventory.tables import location_detail, location_profile, site_position

__all__ = [
    "add_detail",
    "by_ids",
    "children_of",
    "page",
    "places_under",
    "profile_of",
    "set_profile",
]

AnyRow = Row[*tuple[Any, ...]]

_COLUMNS = (
    location.c.id,
    location.c.name,
    location.c.kind,
    location.c.parent_id,
    location.c.country,
    site_position.c.city,
    site_position.c.latitude,
    site_position.c.longitude,
    location_detail.c.grid,
    location.c.valid_from,
    location.c.valid_to,
    location_detail.c.source,
)
# Row security leaves the position out for those who may not see it: then it is as if there were none.
_WHOLE = (
    select(*_COLUMNS)
    .join(location_detail, location_detail.c.location_id == location.c.id)
    .outerjoin(site_position, site_position.c.location_id == location.c.id)
)


def _location(row: AnyRow) -> Location:
    return Location(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented mapping of a row


async def add_detail(tx: AsyncConnection, new: Location) -> bool:
    """Whether it is new: False where somebody registered the code meanwhile."""
    statement = upsert(location_detail).values(location_id=new.id, grid=new.grid, source=new.source)
    if not (await tx.execute(statement.on_conflict_do_nothing())).rowcount:
        return False
    position = {"city": new.city, "latitude": new.latitude, "longitude": new.longitude}
    if any(value is not None for value in position.values()):
        await tx.execute(insert(site_position).values(location_id=new.id, **position))
    return True


async def by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Location | None]:
    """The location of each id, None for one that the register does not have."""
    rows = await tx.execute(_WHOLE.where(location.c.id.in_(ids)))
    found = {row.id: _location(row) for row in rows}
    return [found.get(location_id) for location_id in ids]


async def children_of(tx: AsyncConnection, parent_ids: Sequence[str]) -> Sequence[Sequence[Location]]:
    rows = await tx.execute(_WHOLE.where(location.c.parent_id.in_(parent_ids)).order_by(location.c.id))
    found: dict[str, list[Location]] = {parent_id: [] for parent_id in parent_ids}
    for row in rows:
        found[row.parent_id].append(_location(row))
    return [found[parent_id] for parent_id in parent_ids]


async def page(tx: AsyncConnection, *, limit: int, after: str | None) -> Sequence[Location]:
    """The register by code."""
    statement = _WHOLE.order_by(location.c.id).limit(limit)
    if after is not None:
        statement = statement.where(location.c.id > after)
    return [_location(row) for row in await tx.execute(statement)]


async def places_under(tx: AsyncConnection, path: str) -> dict[str, tuple[str | None, str | None]]:
    """Country and grid of the location at that path and of everything under it, by code."""
    rows = await tx.execute(
        select(location.c.id, location.c.country, location_detail.c.grid)
        .join(location_detail, location_detail.c.location_id == location.c.id)
        .where((location.c.path == path) | location.c.path.startswith(f"{path}.", autoescape=True))
    )
    return {row.id: (row.country, row.grid) for row in rows}


async def set_profile(tx: AsyncConnection, profile: LocationProfile, *, by: str, at: object) -> None:
    values = asdict(profile) | {"set_by": by, "set_at": at}
    statement = upsert(location_profile).values(**values)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[location_profile.c.location_id, location_profile.c.year],
            set_={name: statement.excluded[name] for name in values if name not in {"location_id", "year"}},
        )
    )


async def profile_of(tx: AsyncConnection, *, location_id: str, year: int) -> LocationProfile | None:
    row = (
        await tx.execute(
            select(
                location_profile.c.location_id,
                location_profile.c.year,
                location_profile.c.personnel,
                location_profile.c.floor_area_m2,
                location_profile.c.source,
            ).where(location_profile.c.location_id == location_id, location_profile.c.year == year)
        )
    ).one_or_none()
    return None if row is None else LocationProfile(**row._mapping)  # noqa: SLF001 - as above
