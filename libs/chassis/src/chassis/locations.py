"""The local copy of the register of locations: what row security and event subjects need of the tree.

*inventory* owns the register and fills these tables by use case; the others fill theirs from `LocationRegistered`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location, location_closure
from contracts.inventory import LocationRegistered

__all__ = ["LocationUnknown", "Place", "place", "places", "register", "register_from_event"]


class LocationUnknown(LookupError):
    """No such location is registered (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A location as rights see it."""

    location_id: str
    path: str
    """Codes from the root, joined by dots."""

    @property
    def lineage(self) -> frozenset[str]:
        """The location and everything above it."""
        return frozenset(self.path.split("."))


async def place(tx: AsyncConnection, location_id: str) -> Place | None:
    """The location's place in the tree, or None where the register has no such code."""
    path = await tx.scalar(text("SELECT path FROM location WHERE id = :id"), {"id": location_id})
    return None if path is None else Place(location_id=location_id, path=path)


async def places(tx: AsyncConnection, location_ids: Sequence[str]) -> Sequence[Place | None]:
    """The place of each, None where the register has no such code."""
    rows = await tx.execute(select(location.c.id, location.c.path).where(location.c.id.in_(location_ids)))
    paths = {row.id: row.path for row in rows}
    return [
        Place(location_id=location_id, path=paths[location_id]) if location_id in paths else None
        for location_id in location_ids
    ]


async def register(
    tx: AsyncConnection,
    *,
    location_id: str,
    name: str,
    kind: str,
    parent_id: str | None,
    country: str | None,
    valid_from: date,
    valid_to: date | None,
) -> Place:
    """Add a location under its parent; the same code again changes nothing.

    Refuses: LocationUnknown when the parent is not registered.
    """
    path = location_id
    if parent_id is not None:
        parent = await place(tx, parent_id)
        if parent is None:
            message = f"parent {parent_id} of {location_id} is not registered"
            raise LocationUnknown(message)
        path = f"{parent.path}.{location_id}"
    await tx.execute(
        insert(location)
        .values(
            id=location_id,
            name=name,
            kind=kind,
            parent_id=parent_id,
            path=path,
            country=country,
            valid_from=valid_from,
            valid_to=valid_to,
        )
        .on_conflict_do_nothing()
    )
    await tx.execute(
        insert(location_closure)
        .values([{"ancestor_id": ancestor, "descendant_id": location_id} for ancestor in path.split(".")])
        .on_conflict_do_nothing()
    )
    return Place(location_id=location_id, path=path)


async def register_from_event(tx: AsyncConnection, event: LocationRegistered) -> None:
    """Fill the local copy from the owner's event."""
    await register(
        tx,
        location_id=event.location_id,
        name=event.title,
        kind=event.kind,
        parent_id=event.parent_id,
        country=event.country,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
    )
