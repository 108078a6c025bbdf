"""What becomes of locations of the register: they move, merge, close, are handed over. History is never rewritten."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations as register
from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.locations import Place
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access, outgoing
from inventory.domain import location_change
from inventory.domain.location import Location
from inventory.domain.location_change import LocationChange, LocationChangeKind
from inventory.store import locations

__all__ = ["close_location", "move_location"]


async def move_location(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    parent_id: str,
    on: date,
    reason: str,
) -> LocationChange:
    """Put a location, with all below it, under another parent from a day on.

    Figures of earlier years stay with the tree as it was; rights follow the tree as it is.

    Refuses, in this order: as `permitted` at the location, then at the new parent; as `domain.move_location`.
    """
    await permitted(tx, principal, access.MOVE_LOCATION, location_id=location_id)
    await locations.for_change(tx)
    above = await permitted(tx, principal, access.MOVE_LOCATION, location_id=parent_id)
    moved = location_change.move_location(
        await _location(tx, location_id),
        change_id=new_id(),
        parent=await _location(tx, parent_id),
        above_parent=above.lineage,
        earlier=await locations.newest_change(tx, [location_id, parent_id]),
        on=on,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await locations.add_change(tx, moved)
    place = await _move(tx, moved)
    await outbox.add(tx, outgoing.location_moved(moved, path=place.path), now=now)
    return moved


async def close_location(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    merged_into_id: str | None,
    handed_over_to: str | None,
    on: date,
    reason: str,
) -> LocationChange:
    """End a location: closed, merged into another one, or handed over to somebody outside the Secretariat.

    Refuses, in this order: as `permitted` at the location, then at what it is merged into; as `domain.close_location`.
    """
    await permitted(tx, principal, access.CLOSE_LOCATION, location_id=location_id)
    await locations.for_change(tx)
    above, concerned = None, [location_id]
    if merged_into_id is not None:
        above = await permitted(tx, principal, access.CLOSE_LOCATION, location_id=merged_into_id)
        concerned.append(merged_into_id)
    closed = location_change.close_location(
        await _location(tx, location_id),
        change_id=new_id(),
        into=None if merged_into_id is None else await _location(tx, merged_into_id),
        above_into=frozenset() if above is None else above.lineage,
        recipient=handed_over_to,
        open_parts=await locations.open_parts(tx, location_id, on=on),
        earlier=await locations.newest_change(tx, concerned),
        on=on,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await locations.add_change(tx, closed)
    if closed.kind == LocationChangeKind.MERGED and closed.parent_id != closed.from_parent_id:
        place = await _move(tx, closed)
        await outbox.add(tx, outgoing.location_moved(closed, path=place.path), now=now)
    await register.close(tx, location_id=location_id, on=on)
    await outbox.add(tx, outgoing.location_closed(closed), now=now)
    return closed


async def _move(tx: AsyncConnection, change: LocationChange) -> Place:
    return await register.move(tx, location_id=change.location_id, parent_id=change.parent_id, on=change.on)


async def _location(tx: AsyncConnection, location_id: str) -> Location:
    (found,) = await locations.by_ids(tx, [location_id])
    if found is None:
        raise NotFound(kind="location", key=location_id)
    return found
