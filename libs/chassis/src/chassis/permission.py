"""The first line of every use case that a person starts."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal, require
from chassis.locations import Place, place
from contracts.access import Capability

__all__ = ["permitted"]


async def permitted(tx: AsyncConnection, principal: Principal, capability: Capability, *, location_id: str) -> Place:
    """The location's place, if the principal may do this there. Refuses as `chassis.access.require`."""
    return require(principal, capability, await place(tx, location_id), location_id=location_id)
