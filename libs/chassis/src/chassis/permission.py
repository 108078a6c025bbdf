"""The first line of every use case that a person starts."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal, require
from chassis.audit.writing import decided_at
from chassis.locations import Place, place
from contracts.access import Capability

__all__ = ["permitted"]


async def permitted(tx: AsyncConnection, principal: Principal, capability: Capability, *, location_id: str) -> Place:
    """The location's place, if the principal may do this there. Refuses as `chassis.access.require`."""
    found = await place(tx, location_id)
    if found is not None:
        # For the audit record, which keeps denials too.
        decided_at.set(location_id)
    return require(principal, capability, found, location_id=location_id)
