"""The only maker of the events of *reporting*."""

from contracts.fact import Amount
from contracts.reporting import (
    ConsolidatedReportPublished,
    IncludedLocation,
    ProgressReportAccepted,
    ProgressReportSubmitted,
)
from reporting.domain.consolidated_report import ConsolidatedReport
from reporting.domain.figure import Section
from reporting.domain.progress_report import ProgressReport

__all__ = ["consolidated_report_published", "progress_report_accepted", "progress_report_submitted"]


def progress_report_submitted(report: ProgressReport) -> ProgressReportSubmitted:
    return ProgressReportSubmitted(
        location_id=report.location_id, report_id=report.id, year=report.year, submitted_by=report.submitted_by.name
    )


def progress_report_accepted(report: ProgressReport, *, by: str) -> ProgressReportAccepted:
    return ProgressReportAccepted(location_id=report.location_id, report_id=report.id, year=report.year, accepted_by=by)


def consolidated_report_published(report: ConsolidatedReport) -> ConsolidatedReportPublished:
    (total,) = (figure for figure in report.figures if figure.section is Section.TOTAL)
    return ConsolidatedReportPublished(
        location_id=report.location_id,
        report_id=report.id,
        year=report.year,
        included=tuple(
            IncludedLocation(
                location_id=member.location_id,
                inventory_id=member.inventory_id,
                inventory_version=member.inventory_version,
                total=Amount(value=member.total_kg, unit=total.unit),
            )
            for member in report.included
        ),
        missing=report.missing,
        total=Amount(value=total.value, unit=total.unit),
    )
