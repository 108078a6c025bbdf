"""SQL of the register."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location
from inventory.domain.location import Location
from inventory.domain.location_change import LocationChange, LocationChangeKind
from inventory.tables import location_change, location_detail, site_position
from quantities.person import Person

__all__ = [
    "add_change",
    "add_detail",
    "by_ids",
    "change_by_id",
    "changes_of",
    "children_of",
    "for_change",
    "lineage_of",
    "newest_change",
    "open_parts",
    "page",
    "places_of",
    "places_under",
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


_PLACE = select(location.c.id, location.c.country, location_detail.c.grid).join(
    location_detail, location_detail.c.location_id == location.c.id
)


async def places_under(tx: AsyncConnection, path: str) -> dict[str, tuple[str | None, str | None]]:
    """Country and grid of the location at that path and of everything under it, by code."""
    rows = await tx.execute(
        _PLACE.where((location.c.path == path) | location.c.path.startswith(f"{path}.", autoescape=True))
    )
    return {row.id: (row.country, row.grid) for row in rows}


async def places_of(tx: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Country and grid of each, by code."""
    rows = await tx.execute(_PLACE.where(location.c.id.in_(ids)))
    return {row.id: (row.country, row.grid) for row in rows}


async def lineage_of(tx: AsyncConnection, *, location_id: str, as_of: date) -> Sequence[str]:
    """Codes from the root to the location, as the tree was on that day."""
    found = await tx.scalars(
        text(
            # The more it has above it, the further down it is.
            "SELECT up.ancestor_id FROM location_lineage up WHERE up.descendant_id = :id"
            " AND up.valid_from <= :as_of AND (up.valid_to IS NULL OR up.valid_to > :as_of)"
            " ORDER BY (SELECT count(*) FROM location_lineage over WHERE over.descendant_id = up.ancestor_id"
            " AND over.valid_from <= :as_of AND (over.valid_to IS NULL OR over.valid_to > :as_of)), 1"
        ),
        {"id": location_id, "as_of": as_of},
    )
    return list(found)


async def for_change(tx: AsyncConnection) -> None:
    """Changes of the tree wait for each other until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('lichen location tree'))"))


async def open_parts(tx: AsyncConnection, location_id: str, *, on: date) -> Sequence[str]:
    """Locations below it that have not ended by that day."""
    found = await tx.scalars(
        text(
            "SELECT l.id FROM location l JOIN location_closure c ON c.descendant_id = l.id"
            " WHERE c.ancestor_id = :id AND l.id <> :id AND (l.valid_to IS NULL OR l.valid_to > :on) ORDER BY 1"
        ),
        {"id": location_id, "on": on},
    )
    return list(found)


async def newest_change(tx: AsyncConnection, location_ids: Sequence[str]) -> date | None:
    """The newest day on which one of them, what is above it, or what is or was below the first, changed or ended."""
    found: date | None = await tx.scalar(
        text(
            "WITH above AS (SELECT ancestor_id AS id FROM location_closure WHERE descendant_id = ANY (:ids)),"
            " below AS (SELECT descendant_id AS id FROM location_closure WHERE ancestor_id = :first)"
            ' SELECT max(c."on") FROM location_change c WHERE c.location_id IN (SELECT id FROM above)'
            " OR c.location_id IN (SELECT id FROM below) OR c.from_parent_id IN (SELECT id FROM below)"
        ),
        {"ids": list(location_ids), "first": location_ids[0]},
    )
    return found


async def add_change(tx: AsyncConnection, new: LocationChange) -> None:
    values = asdict(new)
    del values["by"], values["at"]
    who = {"changed_by": new.by.name, "changed_by_subject": new.by.subject, "changed_at": new.at}
    await tx.execute(insert(location_change).values(**values, **who))


def _change(row: AnyRow) -> LocationChange:
    return LocationChange(
        id=row.id,
        location_id=row.location_id,
        kind=LocationChangeKind(row.kind),
        on=row.on,
        from_parent_id=row.from_parent_id,
        parent_id=row.parent_id,
        recipient=row.recipient,
        reason=row.reason,
        by=Person(subject=row.changed_by_subject, name=row.changed_by),
        at=row.changed_at,
    )


async def change_by_id(tx: AsyncConnection, change_id: str) -> LocationChange:
    """That change; it is there."""
    return _change((await tx.execute(select(location_change).where(location_change.c.id == change_id))).one())


async def changes_of(tx: AsyncConnection, location_ids: Sequence[str]) -> Sequence[Sequence[LocationChange]]:
    """What happened to each location, and what was merged into it, oldest first."""
    rows = await tx.execute(
        select(location_change)
        .where(
            location_change.c.location_id.in_(location_ids)
            | (location_change.c.parent_id.in_(location_ids) & (location_change.c.kind == LocationChangeKind.MERGED))
        )
        .order_by(location_change.c.on, location_change.c.id)
    )
    found: dict[str, list[LocationChange]] = {location_id: [] for location_id in location_ids}
    for row in rows:
        item = _change(row)
        for location_id in (
            {item.location_id, item.parent_id} if item.kind == LocationChangeKind.MERGED else {item.location_id}
        ):
            if location_id in found:
                found[location_id].append(item)
    return [found[location_id] for location_id in location_ids]
