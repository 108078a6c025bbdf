"""The event edge of *targets*. The table at the foot says what happens when."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations, publications
from chassis.inbox import Handler
from contracts.fact import Fact
from contracts.inventory import InventoryFinalised, LocationClosed, LocationMoved, LocationRegistered
from contracts.reporting import ConsolidatedReportPublished
from targets import usecases
from targets.domain.progress import MeasuredIndicator

__all__ = ["SUBSCRIPTIONS"]


async def location_registered(tx: AsyncConnection, event: LocationRegistered, _now: datetime) -> None:
    await locations.register_from_event(tx, event)


async def location_moved(tx: AsyncConnection, event: LocationMoved, _now: datetime) -> None:
    await locations.move_from_event(tx, event)


async def location_closed(tx: AsyncConnection, event: LocationClosed, _now: datetime) -> None:
    await locations.close_from_event(tx, event)


async def inventory_finalised(tx: AsyncConnection, event: InventoryFinalised, now: datetime) -> None:
    await usecases.assess_inventory(
        tx,
        now=now,
        location_id=event.location_id,
        measured=[
            MeasuredIndicator(
                location_id=event.location_id,
                year=event.year,
                inventory_id=event.inventory_id,
                inventory_version=event.inventory_version,
                indicator=indicator,
                value=amount.value,
                unit=amount.unit,
            )
            for indicator, amount in sorted(event.indicators.items())
        ],
    )


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
