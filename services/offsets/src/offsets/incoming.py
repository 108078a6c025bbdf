"""The event edge of *offsets*. The table at the foot says what happens when."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations, publications
from chassis.inbox import EventUnreadable, Handler
from contracts.fact import Fact
from contracts.inventory import InventoryFinalised, LocationClosed, LocationMoved, LocationRegistered
from contracts.reporting import ConsolidatedReportPublished
from offsets import usecases
from offsets.domain.need import need_of

__all__ = ["SUBSCRIPTIONS"]


async def location_registered(tx: AsyncConnection, event: LocationRegistered, _now: datetime) -> None:
    await locations.register_from_event(tx, event)


async def location_moved(tx: AsyncConnection, event: LocationMoved, _now: datetime) -> None:
    await locations.move_from_event(tx, event)


async def location_closed(tx: AsyncConnection, event: LocationClosed, _now: datetime) -> None:
    await locations.close_from_event(tx, event)


async def inventory_finalised(tx: AsyncConnection, event: InventoryFinalised, now: datetime) -> None:
    if event.total.unit != "kgCO2e":
        message = f"total of inventory {event.inventory_id} is in {event.total.unit}, not in kgCO2e"
        raise EventUnreadable(message)
    need = need_of(
        location_id=event.location_id,
        year=event.year,
        inventory_id=event.inventory_id,
        inventory_version=event.inventory_version,
        total_kg=event.total.value,
        at=now,
    )
    await usecases.take_in_need(tx, now=now, need=need)


async def consolidated_report_published(
    tx: AsyncConnection, event: ConsolidatedReportPublished, _now: datetime
) -> None:
    await publications.publish_from_event(tx, event)


SUBSCRIPTIONS: Mapping[type[Fact], Handler] = {
    LocationRegistered: location_registered,
    LocationMoved: location_moved,
    LocationClosed: location_closed,
    InventoryFinalised: inventory_finalised,
    ConsolidatedReportPublished: consolidated_report_published,
}
