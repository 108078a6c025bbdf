"""What subscribers hear of *reporting*, and what each event leads to."""

from chassis.graphql.events import subscription
from reporting.graphql.types import ConsolidatedReport, Location, ProgressReport

__all__ = ["Subscription"]

Subscription = subscription(
    "reporting",
    field="reporting_events",
    links={
        "location": (Location, "location_id"),
        "progress_report": (ProgressReport, "report_id"),
        "consolidated_report": (ConsolidatedReport, "report_id"),
    },
)
