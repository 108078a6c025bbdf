"""Root fields of *reporting*."""

import strawberry

from chassis.graphql.audit import audit_entries
from chassis.graphql.edge import Info
from reporting.graphql.types import ConsolidatedReport, ProgressReport, ReportingCycle
from reporting.store import consolidations, cycles, reports

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="A year's reporting cycle; null before it is opened.")
    async def reporting_cycle(self, info: Info, year: int) -> ReportingCycle | None:
        async with info.context.reading() as tx:
            found = await cycles.by_year(tx, year)
        return None if found is None else ReportingCycle.of(found)

    @strawberry.field(description="A progress report by its id; null when there is none that you may see.")
    async def progress_report(self, info: Info, id: strawberry.ID) -> ProgressReport | None:  # noqa: A002 - GraphQL's
        found = await info.context.loader("report", reports.by_ids).load(str(id))
        return None if found is None else ProgressReport.of(found)

    @strawberry.field(description="The newest consolidated report of the year that you may see.")
    async def consolidated_report(self, info: Info, year: int) -> ConsolidatedReport | None:
        async with info.context.reading() as tx:
            found = await consolidations.newest(tx, year)
        return None if found is None else ConsolidatedReport.of(found)

    reporting_audit_entries = audit_entries()
