"""Facts that *reporting* publishes."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.fact import Amount, Fact

__all__ = ["ConsolidatedReportPublished", "IncludedLocation", "ProgressReportAccepted", "ProgressReportSubmitted"]


class ProgressReportSubmitted(Fact):
    """A local steering group (for missions the DFS Environment Section) handed in its progress report."""

    producer: ClassVar[str] = "reporting"
    name: ClassVar[str] = "progress_report_submitted"
    aggregate: ClassVar[str] = "report_id"

    report_id: str
    year: int
    submitted_by: str


class ProgressReportAccepted(Fact):
    """The central coordinator accepted a progress report; its figures are frozen."""

    producer: ClassVar[str] = "reporting"
    name: ClassVar[str] = "progress_report_accepted"
    aggregate: ClassVar[str] = "report_id"

    report_id: str
    year: int
    accepted_by: str


class IncludedLocation(BaseModel):
    """A location that a consolidation includes, by the inventory version that it froze."""

    model_config = ConfigDict(frozen=True)

    location_id: str
    inventory_id: str
    inventory_version: int
    total: Amount


class ConsolidatedReportPublished(Fact):
    """The Secretariat's consolidated report of a year is public, and with it the figures of the included locations."""

    producer: ClassVar[str] = "reporting"
    name: ClassVar[str] = "consolidated_report_published"
    aggregate: ClassVar[str] = "report_id"

    report_id: str
    year: int
    included: tuple[IncludedLocation, ...]
    missing: tuple[str, ...] = Field(description="Locations that owe a report and have none accepted")
    total: Amount
