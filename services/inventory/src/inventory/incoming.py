"""The event edge of *inventory*. The table at the foot says what happens when."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import publications
from chassis.audit.sealing import keep_seal
from chassis.inbox import Handler
from contracts.audit import ReportingAuditSealed
from contracts.fact import Fact
from contracts.reporting import ConsolidatedReportPublished

__all__ = ["SUBSCRIPTIONS"]


async def consolidated_report_published(
    tx: AsyncConnection, event: ConsolidatedReportPublished, _now: datetime
) -> None:
    await publications.publish_from_event(tx, event)


SUBSCRIPTIONS: Mapping[type[Fact], Handler] = {
    ConsolidatedReportPublished: consolidated_report_published,
    ReportingAuditSealed: keep_seal,
}
