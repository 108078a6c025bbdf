"""The event edge of *access*. The table at the foot says what happens when."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations
from chassis.inbox import Handler
from contracts.fact import Fact
from contracts.inventory import LocationClosed, LocationMoved, LocationRegistered

__all__ = ["SUBSCRIPTIONS"]


async def location_registered(tx: AsyncConnection, event: LocationRegistered, _now: datetime) -> None:
    await locations.register_from_event(tx, event)


async def location_moved(tx: AsyncConnection, event: LocationMoved, _now: datetime) -> None:
    await locations.move_from_event(tx, event)


async def location_closed(tx: AsyncConnection, event: LocationClosed, _now: datetime) -> None:
    await locations.close_from_event(tx, event)


SUBSCRIPTIONS: Mapping[type[Fact], Handler] = {
    LocationRegistered: location_registered,
    LocationMoved: location_moved,
    LocationClosed: location_closed,
}
