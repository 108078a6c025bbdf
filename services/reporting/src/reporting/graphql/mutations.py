"""Mutations of *reporting*."""

from datetime import date
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from reporting import access, usecases
from reporting.graphql.types import ConsolidatedReport, ProgressReport, ReportingCycle
from reporting.store import consolidations, reports

__all__ = ["Mutation"]


@strawberry.input
class OpenReportingCycleInput:
    year: int
    due_on: date
    owing_location_ids: list[strawberry.ID]


@strawberry.input
class SubmitProgressReportInput:
    location_id: strawberry.ID
    year: int
    narrative: str
    idempotency_key: str


@strawberry.input
class ReturnProgressReportInput:
    report_id: strawberry.ID
    reasons: str
    idempotency_key: str


@strawberry.input
class AcceptProgressReportInput:
    report_id: strawberry.ID
    idempotency_key: str


@strawberry.input
class ConsolidateReportsInput:
    year: int
    idempotency_key: str


@strawberry.input
class PublishConsolidatedReportInput:
    report_id: strawberry.ID
    idempotency_key: str


OpenReportingCycleResult = Annotated[ReportingCycle | Refusal, strawberry.union("OpenReportingCycleResult")]
SubmitProgressReportResult = Annotated[ProgressReport | Refusal, strawberry.union("SubmitProgressReportResult")]
ReturnProgressReportResult = Annotated[ProgressReport | Refusal, strawberry.union("ReturnProgressReportResult")]
AcceptProgressReportResult = Annotated[ProgressReport | Refusal, strawberry.union("AcceptProgressReportResult")]
ConsolidateReportsResult = Annotated[ConsolidatedReport | Refusal, strawberry.union("ConsolidateReportsResult")]
PublishConsolidatedReportResult = Annotated[
    ConsolidatedReport | Refusal, strawberry.union("PublishConsolidatedReportResult")
]


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Say who owes a report for a year, and by when (central coordinator).")
    async def open_reporting_cycle(
        self,
        info: Info,
        input: OpenReportingCycleInput,  # noqa: A002 - GraphQL's name
    ) -> OpenReportingCycleResult:
        return await info.context.decide(
            access.OPEN_REPORTING_CYCLE,
            lambda tx, principal, now: usecases.open_reporting_cycle(
                tx,
                principal=principal,
                now=now,
                root=info.context.root,
                year=input.year,
                due_on=input.due_on,
                owing=input.owing_location_ids,
            ),
            request=input,
            to=ReportingCycle.of,
        )

    @strawberry.mutation(description="Hand in a location's report (local chair; DFS Environment for missions).")
    async def submit_progress_report(
        self,
        info: Info,
        input: SubmitProgressReportInput,  # noqa: A002 - as above
    ) -> SubmitProgressReportResult:
        return await info.context.decide(
            access.SUBMIT_PROGRESS_REPORT,
            lambda tx, principal, now: usecases.submit_progress_report(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                narrative=input.narrative,
            ),
            request=input,
            to=ProgressReport.of,
            once=Once(key=input.idempotency_key, again=reports.existing),
        )

    @strawberry.mutation(description="Give a report back, with reasons (central coordinator; not who submitted it).")
    async def return_progress_report(
        self,
        info: Info,
        input: ReturnProgressReportInput,  # noqa: A002 - as above
    ) -> ReturnProgressReportResult:
        return await info.context.decide(
            access.RETURN_PROGRESS_REPORT,
            lambda tx, principal, now: usecases.return_progress_report(
                tx, principal=principal, now=now, report_id=input.report_id, reasons=input.reasons
            ),
            request=input,
            to=ProgressReport.of,
            once=Once(key=input.idempotency_key, again=reports.existing),
        )

    @strawberry.mutation(description="Accept a report: its figures count (central coordinator; not who submitted it).")
    async def accept_progress_report(
        self,
        info: Info,
        input: AcceptProgressReportInput,  # noqa: A002 - as above
    ) -> AcceptProgressReportResult:
        return await info.context.decide(
            access.ACCEPT_PROGRESS_REPORT,
            lambda tx, principal, now: usecases.accept_progress_report(
                tx, principal=principal, now=now, report_id=input.report_id
            ),
            request=input,
            to=ProgressReport.of,
            once=Once(key=input.idempotency_key, again=reports.existing),
        )

    @strawberry.mutation(description="Sum the accepted reports of a year (central coordinator).")
    async def consolidate_reports(
        self,
        info: Info,
        input: ConsolidateReportsInput,  # noqa: A002 - as above
    ) -> ConsolidateReportsResult:
        return await info.context.decide(
            access.CONSOLIDATE_REPORTS,
            lambda tx, principal, now: usecases.consolidate_reports(
                tx, principal=principal, now=now, root=info.context.root, year=input.year
            ),
            request=input,
            to=ConsolidatedReport.of,
            once=Once(key=input.idempotency_key, again=consolidations.existing),
        )

    @strawberry.mutation(
        description="Open a consolidation and its figures to everyone (central coordinator; not who consolidated)."
    )
    async def publish_consolidated_report(
        self,
        info: Info,
        input: PublishConsolidatedReportInput,  # noqa: A002 - as above
    ) -> PublishConsolidatedReportResult:
        return await info.context.decide(
            access.PUBLISH_CONSOLIDATED_REPORT,
            lambda tx, principal, now: usecases.publish_consolidated_report(
                tx, principal=principal, now=now, report_id=input.report_id
            ),
            request=input,
            to=ConsolidatedReport.of,
            once=Once(key=input.idempotency_key, again=consolidations.existing),
        )
