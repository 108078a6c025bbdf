"""A consolidation: the Secretariat's totals of a year from accepted reports, with who is in and who is missing.

Source: A/72/82, paragraph 34 (consolidation by the central coordinator).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, Inexact, localcontext

from quantities.person import Person
from reporting.domain.errors import AlreadyPublished, ConsolidatorMayNotPublish, NoAcceptedReports
from reporting.domain.figure import Figure, Figures, Section

__all__ = ["ConsolidatedReport", "Member", "consolidate"]

_EXACT_DIGITS = 150_000
"""More than any figure can have; a sum that needed more would be refused, never rounded."""
_SUMMED = (Section.TOTAL, Section.SCOPE, Section.CATEGORY, Section.OPTIONAL)
"""Sections whose figures add up; intensities and verdicts do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A location that is in, by the report and inventory version that were frozen."""

    location_id: str
    report_id: str
    inventory_id: str
    inventory_version: int
    total_kg: Decimal
    """kgCO2e."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolidatedReport:
    """One version of a year's consolidation; figures are frozen when it is made."""

    id: str
    location_id: str
    """The root: it is the Secretariat's report."""
    year: int
    version: int
    included: tuple[Member, ...]
    missing: tuple[str, ...]
    """Codes of locations that owe a report and have none accepted."""
    figures: tuple[Figure, ...]
    consolidated_by: Person
    consolidated_at: datetime
    published_at: datetime | None

    def publish(self, *, by: Person, at: datetime) -> "ConsolidatedReport":
        """Refuses, in this order: AlreadyPublished, ConsolidatorMayNotPublish."""
        if self.published_at is not None:
            raise AlreadyPublished(
                subject=f"consolidated report {self.year}, version {self.version}",
                found=f"published on {self.published_at:%Y-%m-%d}",
                expected="a consolidation that is not published yet",
                message=f"Version {self.version} of {self.year} is published already.",
            )
        if by.is_same_as(self.consolidated_by):
            raise ConsolidatorMayNotPublish(
                subject=f"consolidated report {self.year}, version {self.version}",
                found="publication by the person who consolidated it",
                expected="publication by somebody else",
                message=f"Who consolidated version {self.version} of {self.year} may not publish it.",
            )
        return replace(self, published_at=at)


def consolidate(
    *,
    report_id: str,
    root: str,
    year: int,
    version: int,
    owing: Sequence[str],
    accepted: Mapping[str, tuple[str, Figures]],
    by: Person,
    at: datetime,
) -> ConsolidatedReport:
    """Sum the frozen figures of the accepted reports (report id and figures, by location), exactly.

    Refuses: NoAcceptedReports.
    """
    if not accepted:
        raise NoAcceptedReports(
            subject=f"cycle {year}",
            found=f"0 of {len(owing)} reports accepted",
            expected="at least one",
            message=f"No report for {year} is accepted yet.",
        )
    sums: dict[tuple[Section, str], Figure] = {}
    with localcontext(prec=_EXACT_DIGITS) as exact:
        exact.traps[Inexact] = True
        for _, figures in accepted.values():
            for figure in figures.figures:
                if figure.section in _SUMMED:
                    so_far = sums.get((figure.section, figure.key))
                    value = figure.value if so_far is None else so_far.value + figure.value
                    sums[figure.section, figure.key] = replace(figure, value=value)
    return ConsolidatedReport(
        id=report_id,
        location_id=root,
        year=year,
        version=version,
        included=tuple(
            Member(
                location_id=location_id,
                report_id=accepted_id,
                inventory_id=figures.inventory_id,
                inventory_version=figures.inventory_version,
                total_kg=figures.total_kg,
            )
            for location_id, (accepted_id, figures) in sorted(accepted.items())
        ),
        missing=tuple(location_id for location_id in owing if location_id not in accepted),
        figures=tuple(sums[key] for key in sorted(sums)),
        consolidated_by=by,
        consolidated_at=at,
        published_at=None,
    )
