"""What *reporting* does: one plain function a verb. Check the right, load, decide, store, say what happened."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from reporting import access, outgoing
from reporting.domain import consolidated_report
from reporting.domain.consolidated_report import ConsolidatedReport
from reporting.domain.cycle import ReportingCycle, open_cycle
from reporting.domain.errors import CycleAlreadyOpen, CycleNotOpen, NoReportOwed
from reporting.domain.progress_report import ProgressReport, submit_report
from reporting.store import consolidations, cycles, figures, reports

__all__ = [
    "accept_progress_report",
    "consolidate_reports",
    "open_reporting_cycle",
    "publish_consolidated_report",
    "return_progress_report",
    "submit_progress_report",
]


async def open_reporting_cycle(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    root: str,
    year: int,
    due_on: date,
    owing: Sequence[str],
) -> ReportingCycle:
    """Say who owes a report for the year, and by when.

    Refuses, in this order: as `permitted` at the root; CycleAlreadyOpen; NotFound for a location that is not
    registered; as `domain.cycle.open_cycle`.
    """
    await permitted(tx, principal, access.OPEN_REPORTING_CYCLE, location_id=root)
    if await cycles.by_year_for_opening(tx, year) is not None:
        raise CycleAlreadyOpen(
            subject=f"cycle {year}",
            found="a cycle for the year",
            expected="none yet",
            message=f"The reporting cycle of {year} is open already.",
        )
    paths = await cycles.paths_of(tx, owing)
    for location_id in owing:
        if location_id not in paths:
            raise NotFound(kind="location", key=location_id)
    cycle = open_cycle(year=year, due_on=due_on, owing=owing, paths=paths, by=principal.name, at=now)
    await cycles.add(tx, cycle)
    return cycle


async def submit_progress_report(
    tx: AsyncConnection, *, principal: Principal, now: datetime, location_id: str, year: int, narrative: str
) -> ProgressReport:
    """Hand in the location's report; its figures are frozen as they are now.

    Refuses, in this order: as `permitted`; CycleNotOpen; NoReportOwed; as `domain.progress_report.submit_report`.
    """
    await permitted(tx, principal, access.SUBMIT_PROGRESS_REPORT, location_id=location_id)
    cycle = await _cycle(tx, year)
    if location_id not in cycle.owing:
        raise NoReportOwed(
            subject=f"{location_id} {year}",
            found="no report owed",
            expected=f"one of {', '.join(cycle.owing)}",
            message=f"{location_id} owes no report for {year}.",
        )
    newest = await reports.newest_for_update(tx, location_id=location_id, year=year)
    found = await figures.current(tx, location_id=location_id, year=year)
    report = submit_report(
        report_id=new_id(),
        location_id=location_id,
        year=year,
        narrative=narrative,
        newest=newest,
        figures=found,
        by=principal.person,
        at=now,
    )
    if found is not None:
        await reports.add(tx, report, found)
    await outbox.add(tx, outgoing.progress_report_submitted(report), now=now)
    return report


async def return_progress_report(
    tx: AsyncConnection, *, principal: Principal, now: datetime, report_id: str, reasons: str
) -> ProgressReport:
    """Give it back with reasons. Refuses: NotFound; as `permitted`; as `ProgressReport.return_`."""
    submitted = await _report(tx, report_id)
    await permitted(tx, principal, access.RETURN_PROGRESS_REPORT, location_id=submitted.location_id)
    earlier = await reports.earlier_submitters(tx, submitted)
    returned = submitted.return_(by=principal.person, at=now, earlier=earlier, reasons=reasons)
    await _store_decision(tx, returned)
    return returned


async def accept_progress_report(
    tx: AsyncConnection, *, principal: Principal, now: datetime, report_id: str
) -> ProgressReport:
    """Accept it: its figures count. Refuses: NotFound; as `permitted`; as `ProgressReport.accept`."""
    submitted = await _report(tx, report_id)
    await permitted(tx, principal, access.ACCEPT_PROGRESS_REPORT, location_id=submitted.location_id)
    earlier = await reports.earlier_submitters(tx, submitted)
    accepted = submitted.accept(by=principal.person, at=now, earlier=earlier)
    await _store_decision(tx, accepted)
    await outbox.add(tx, outgoing.progress_report_accepted(accepted, by=principal.name), now=now)
    return accepted


async def consolidate_reports(
    tx: AsyncConnection, *, principal: Principal, now: datetime, root: str, year: int
) -> ConsolidatedReport:
    """Sum the accepted reports of the year, with who is in and who is missing.

    Refuses, in this order: as `permitted` at the root; CycleNotOpen; as `domain.consolidated_report.consolidate`.
    """
    await permitted(tx, principal, access.CONSOLIDATE_REPORTS, location_id=root)
    cycle = await _cycle(tx, year)
    new = consolidated_report.consolidate(
        report_id=new_id(),
        root=root,
        year=year,
        version=await consolidations.next_version(tx, year),
        owing=cycle.owing,
        accepted=await reports.accepted(tx, year),
        by=principal.person,
        at=now,
    )
    await consolidations.add(tx, new)
    return new


async def publish_consolidated_report(
    tx: AsyncConnection, *, principal: Principal, now: datetime, report_id: str
) -> ConsolidatedReport:
    """Open the report and the included figures to everyone.

    Refuses: NotFound; as `permitted`; as `ConsolidatedReport.publish`.
    """
    found = await consolidations.for_publication(tx, report_id)
    if found is None:
        raise NotFound(kind="consolidated report", key=report_id)
    await permitted(tx, principal, access.PUBLISH_CONSOLIDATED_REPORT, location_id=found.location_id)
    published = found.publish(by=principal.person, at=now)
    await consolidations.publish(tx, published, by=principal.name, at=now)
    await outbox.add(tx, outgoing.consolidated_report_published(published), now=now)
    return published


async def _cycle(tx: AsyncConnection, year: int) -> ReportingCycle:
    cycle = await cycles.by_year(tx, year)
    if cycle is None:
        raise CycleNotOpen(
            subject=f"cycle {year}",
            found="no reporting cycle",
            expected="a year whose cycle the coordinator opened",
            message=f"There is no reporting cycle for {year}.",
        )
    return cycle


async def _report(tx: AsyncConnection, report_id: str) -> ProgressReport:
    found = await reports.for_decision(tx, report_id)
    if found is None:
        raise NotFound(kind="progress report", key=report_id)
    return found


async def _store_decision(tx: AsyncConnection, report: ProgressReport) -> None:
    if report.decision is not None:
        await reports.add_decision(tx, report, report.decision)
