"""Which location-years are public: fed by `ConsolidatedReportPublished`, read by the policies of row security."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import publication
from contracts.reporting import ConsolidatedReportPublished

__all__ = ["publish_from_event"]


async def publish_from_event(tx: AsyncConnection, event: ConsolidatedReportPublished) -> None:
    """Open the included locations' figures of that year to readers without a token."""
    if not event.included:
        return
    await tx.execute(
        insert(publication)
        .values(
            [
                {
                    "location_id": item.location_id,
                    "year": event.year,
                    "inventory_id": item.inventory_id,
                    "report_id": event.report_id,
                }
                for item in event.included
            ]
        )
        .on_conflict_do_nothing()
    )
