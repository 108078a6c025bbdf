"""The local copy of the register of locations: what row security and event subjects need of the tree.

*inventory* owns the register and fills these tables by use case; the others fill theirs from its events. Rights follow
the tree as it is (`location_closure`); what was under what, and when, stays in `location_lineage`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location, location_closure
from contracts.inventory import LocationClosed, LocationMoved, LocationRegistered

__all__ = [
    "LocationUnknown",
    "Place",
    "close",
    "close_from_event",
    "move",
    "move_from_event",
    "place",
    "places",
    "register",
    "register_from_event",
]


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
    await tx.execute(_BEGIN_LINEAGE, {"id": location_id, "parent_id": parent_id})
    return Place(location_id=location_id, path=path)


_BEGIN_LINEAGE = text(
    # Under its parent it is under all that the parent was under since.
    "INSERT INTO location_lineage (ancestor_id, descendant_id, valid_from, valid_to)"
    " SELECT above.ancestor_id, l.id, greatest(above.valid_from, l.valid_from), above.valid_to"
    " FROM location l JOIN location_lineage above ON above.descendant_id = CAST(:parent_id AS text)"
    " WHERE l.id = :id AND (above.valid_to IS NULL OR above.valid_to > l.valid_from)"
    " UNION ALL SELECT l.id, l.id, l.valid_from, NULL FROM location l WHERE l.id = :id"
    " ON CONFLICT DO NOTHING"
)

_MOVE = """
UPDATE location SET parent_id = :parent_id WHERE id = :id;

UPDATE location SET path = CAST(:path AS text) || substr(path, length(CAST(:old_path AS text)) + 1)
 WHERE id = ANY (:moved);

-- What was ends on that day; what would have begun later never was.
DELETE FROM location_lineage
 WHERE valid_to IS NULL AND valid_from >= :on AND descendant_id = ANY (:moved) AND ancestor_id <> ALL (:moved);

UPDATE location_lineage SET valid_to = :on
 WHERE valid_to IS NULL AND descendant_id = ANY (:moved) AND ancestor_id <> ALL (:moved);

INSERT INTO location_lineage (ancestor_id, descendant_id, valid_from)
SELECT above.ancestor_id, l.id, greatest(CAST(:on AS date), l.valid_from)
  FROM location_closure above, location l WHERE above.descendant_id = :parent_id AND l.id = ANY (:moved);

DELETE FROM location_closure WHERE descendant_id = ANY (:moved) AND ancestor_id <> ALL (:moved);

INSERT INTO location_closure (ancestor_id, descendant_id)
SELECT above.ancestor_id, l.id
  FROM location_closure above, location l WHERE above.descendant_id = :parent_id AND l.id = ANY (:moved)
"""
"""`moved` is the location with all below it."""


async def move(tx: AsyncConnection, *, location_id: str, parent_id: str, on: date) -> Place:
    """Put a location, with all below it, under another parent from that day on. Rights follow at once.

    Refuses: LocationUnknown when one of them is not registered.
    """
    old, parent = await places(tx, [location_id, parent_id])
    if old is None or parent is None:
        message = f"{location_id} or its new parent {parent_id} is not registered"
        raise LocationUnknown(message)
    path = f"{parent.path}.{location_id}"
    moved = await tx.scalars(
        select(location_closure.c.descendant_id).where(location_closure.c.ancestor_id == location_id)
    )
    values = {
        "id": location_id,
        "parent_id": parent_id,
        "path": path,
        "old_path": old.path,
        "moved": list(moved),
        "on": on,
    }
    for statement in _MOVE.split(";\n\n"):
        named = {name: value for name, value in values.items() if re.search(rf":{name}\b", statement)}
        await tx.execute(text(statement), named)
    return Place(location_id=location_id, path=path)


async def close(tx: AsyncConnection, *, location_id: str, on: date) -> None:
    """From that day on it is no longer a location; it stays in the tree, with its history.

    Refuses: LocationUnknown when it is not registered.
    """
    closed = await tx.execute(text("UPDATE location SET valid_to = :on WHERE id = :id"), {"id": location_id, "on": on})
    if not closed.rowcount:
        message = f"{location_id} is not registered"
        raise LocationUnknown(message)


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


async def move_from_event(tx: AsyncConnection, event: LocationMoved) -> None:
    """As `move`, from the owner's event."""
    await move(tx, location_id=event.location_id, parent_id=event.parent_id, on=event.moved_on)


async def close_from_event(tx: AsyncConnection, event: LocationClosed) -> None:
    """As `close`, from the owner's event. A merged one was moved by an event of its own."""
    await close(tx, location_id=event.location_id, on=event.closed_on)
