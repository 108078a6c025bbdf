"""A reporting cycle: who owes a progress report for a year, and by when (A/72/82, paragraphs 30, 32 and 34)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from reporting.domain.errors import NobodyOwes, OwingLocationInsideAnother, OwingLocationRepeated

__all__ = ["ReportingCycle", "open_cycle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingCycle:
    """One year's reports."""

    year: int
    due_on: date
    owing: tuple[str, ...]
    """Codes of the locations that owe a report; each covers everything under it."""
    opened_by: str
    opened_at: datetime

    @property
    def id(self) -> str:
        """The year."""
        return str(self.year)


def open_cycle(
    *, year: int, due_on: date, owing: Sequence[str], paths: Mapping[str, str], by: str, at: datetime
) -> ReportingCycle:
    """The cycle; `paths` gives each owing location's codes from the root, joined by dots.

    Refuses, in this order: NobodyOwes, OwingLocationRepeated, OwingLocationInsideAnother.
    """
    if not owing:
        raise NobodyOwes(
            subject=f"cycle {year}",
            found="no owing location",
            expected="at least one",
            message=f"Name the locations that owe a report for {year}.",
        )
    repeated = sorted({location_id for location_id in owing if owing.count(location_id) > 1})
    if repeated:
        raise OwingLocationRepeated(
            subject=f"cycle {year}",
            found=f"{', '.join(repeated)} more than once",
            expected="each location once",
            message=f"{', '.join(repeated)} is named more than once.",
        )
    for location_id in owing:
        above = set(paths[location_id].split(".")[:-1]) & set(owing)
        if above:
            outer = min(above)
            raise OwingLocationInsideAnother(
                subject=location_id,
                found=f"{outer}, which it is under, owes a report too",
                expected="locations none of which is under another",
                message=f"{location_id} is under {outer}, whose report covers it.",
            )
    return ReportingCycle(year=year, due_on=due_on, owing=tuple(owing), opened_by=by, opened_at=at)
