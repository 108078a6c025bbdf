"""A progress report: one location's account of a year, in words and in figures that no longer move."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from quantities.person import Person
from reporting.domain.errors import (
    InventoryNotFinal,
    NarrativeMissing,
    ReasonsMissing,
    ReportAlreadyDecided,
    ReportAwaitsDecision,
    SubmitterMayNotAccept,
)
from reporting.domain.figure import Figures

__all__ = ["Decision", "ProgressReport", "ReportState", "submit_report"]


class ReportState(StrEnum):
    """Where a location's report stands."""

    MISSING = "missing"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the coordinator said of a submitted report."""

    action: ReportState
    """RETURNED or ACCEPTED."""
    by: str
    at: datetime
    reasons: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """One version of a location's report for a year; the next version follows a returned one."""

    id: str
    location_id: str
    year: int
    version: int
    inventory_id: str
    inventory_version: int
    narrative: str
    submitted_by: Person
    submitted_at: datetime
    decision: Decision | None

    @property
    def state(self) -> ReportState:
        return ReportState.SUBMITTED if self.decision is None else self.decision.action

    def accept(self, *, by: Person, at: datetime, earlier: Iterable[Person]) -> "ProgressReport":
        """Let its figures count; `earlier` are those who submitted the versions before it.

        Refuses, in this order: ReportAlreadyDecided, SubmitterMayNotAccept.
        """
        self._require_open(by, earlier)
        return replace(self, decision=Decision(action=ReportState.ACCEPTED, by=by.name, at=at, reasons=None))

    def return_(self, *, by: Person, at: datetime, earlier: Iterable[Person], reasons: str) -> "ProgressReport":
        """Give it back, saying why; `earlier` as above.

        Refuses, in this order: ReportAlreadyDecided, SubmitterMayNotAccept, ReasonsMissing.
        """
        self._require_open(by, earlier)
        if not reasons.strip():
            raise ReasonsMissing(
                subject=self._name,
                found="no reasons",
                expected="what has to be put right",
                message=f"The report of {self._name} is returned only with reasons.",
            )
        decision = Decision(action=ReportState.RETURNED, by=by.name, at=at, reasons=reasons.strip())
        return replace(self, decision=decision)

    @property
    def _name(self) -> str:
        return f"{self.location_id} {self.year}, version {self.version}"

    def _require_open(self, by: Person, earlier: Iterable[Person]) -> None:
        if self.decision is not None:
            raise ReportAlreadyDecided(
                subject=self._name,
                found=self.state,
                expected=ReportState.SUBMITTED,
                message=f"The report of {self._name} is {self.state} already.",
            )
        # A next version may be the last one with a comma changed: who submitted either does not judge it.
        if any(by.is_same_as(person) for person in (self.submitted_by, *earlier)):
            raise SubmitterMayNotAccept(
                subject=self._name,
                found="a decision by a person who submitted it",
                expected="a decision by somebody else",
                message=f"Who submitted the report of {self._name} may not decide on it.",
            )


def submit_report(
    *,
    report_id: str,
    location_id: str,
    year: int,
    narrative: str,
    newest: ProgressReport | None,
    figures: Figures | None,
    by: Person,
    at: datetime,
) -> ProgressReport:
    """The next version of the location's report, on the figures as they are now.

    Refuses, in this order: NarrativeMissing; ReportAwaitsDecision or ReportAlreadyDecided while the newest version is
    submitted or accepted; InventoryNotFinal.
    """
    subject = f"{location_id} {year}"
    if not narrative.strip():
        raise NarrativeMissing(
            subject=subject,
            found="no narrative",
            expected="some sentences on the year",
            message=f"The report of {subject} has no narrative.",
        )
    if newest is not None and newest.state is not ReportState.RETURNED:
        refusal = ReportAwaitsDecision if newest.state is ReportState.SUBMITTED else ReportAlreadyDecided
        raise refusal(
            subject=subject,
            found=f"version {newest.version}, {newest.state}",
            expected="no report yet, or a returned one",
            message=f"The report of {subject} is {newest.state}; a new version follows a returned one.",
        )
    if figures is None:
        raise InventoryNotFinal(
            subject=subject,
            found="no final inventory",
            expected="an inventory that the local steering group approved",
            message=f"There is no final inventory of {subject} to report on yet.",
        )
    return ProgressReport(
        id=report_id,
        location_id=location_id,
        year=year,
        version=1 if newest is None else newest.version + 1,
        inventory_id=figures.inventory_id,
        inventory_version=figures.inventory_version,
        narrative=narrative.strip(),
        submitted_by=by,
        submitted_at=at,
        decision=None,
    )
