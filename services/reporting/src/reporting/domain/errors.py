"""Every refusal of *reporting*, in the order in which a request meets them."""

from typing import ClassVar

from quantities.refusal import Refusal

__all__ = [
    "AlreadyPublished",
    "ConsolidatorMayNotPublish",
    "CycleAlreadyOpen",
    "CycleNotOpen",
    "InventoryNotFinal",
    "NarrativeMissing",
    "NoAcceptedReports",
    "NoReportOwed",
    "NobodyOwes",
    "OwingLocationInsideAnother",
    "OwingLocationRepeated",
    "ReasonsMissing",
    "ReportAlreadyDecided",
    "ReportAwaitsDecision",
    "SubmitterMayNotAccept",
]


# Opening a cycle.


class CycleAlreadyOpen(Refusal):
    """The year has a reporting cycle."""

    code: ClassVar[str] = "CYCLE_ALREADY_OPEN"


class NobodyOwes(Refusal):
    """A cycle in which no location owes a report asks nothing of anybody."""

    code: ClassVar[str] = "NOBODY_OWES"


class OwingLocationRepeated(Refusal):
    """A location is named twice."""

    code: ClassVar[str] = "OWING_LOCATION_REPEATED"


class OwingLocationInsideAnother(Refusal):
    """A report covers everything under its location: one inside another would count twice."""

    code: ClassVar[str] = "OWING_LOCATION_INSIDE_ANOTHER"


# Submitting a report.


class CycleNotOpen(Refusal):
    """The year has no reporting cycle."""

    code: ClassVar[str] = "CYCLE_NOT_OPEN"


class NoReportOwed(Refusal):
    """The location owes no report in this cycle."""

    code: ClassVar[str] = "NO_REPORT_OWED"


class NarrativeMissing(Refusal):
    """A report says in words what the figures mean."""

    code: ClassVar[str] = "NARRATIVE_MISSING"


class ReportAwaitsDecision(Refusal):
    """The report that was submitted has been neither returned nor accepted."""

    code: ClassVar[str] = "REPORT_AWAITS_DECISION"


class ReportAlreadyDecided(Refusal):
    """The report was returned or accepted already."""

    code: ClassVar[str] = "REPORT_ALREADY_DECIDED"


class InventoryNotFinal(Refusal):
    """No final inventory of the location and year has been heard of."""

    code: ClassVar[str] = "INVENTORY_NOT_FINAL"


# Deciding on it.


class SubmitterMayNotAccept(Refusal):
    """Separation of duties: who submitted a report, or an earlier version of it, neither accepts nor returns it."""

    code: ClassVar[str] = "SUBMITTER_MAY_NOT_ACCEPT"


class ReasonsMissing(Refusal):
    """Returned work says why."""

    code: ClassVar[str] = "REASONS_MISSING"


# Consolidating and publishing.


class NoAcceptedReports(Refusal):
    """There is nothing to consolidate."""

    code: ClassVar[str] = "NO_ACCEPTED_REPORTS"


class ConsolidatorMayNotPublish(Refusal):
    """Separation of duties: who consolidated does not publish."""

    code: ClassVar[str] = "CONSOLIDATOR_MAY_NOT_PUBLISH"


class AlreadyPublished(Refusal):
    """What is published stays; a correction is a new consolidation."""

    code: ClassVar[str] = "ALREADY_PUBLISHED"
