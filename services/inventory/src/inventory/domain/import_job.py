"""A file that is taken in by and by: what was asked, and how far it is."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from inventory.domain.errors import ImportIsOver
from quantities.person import Person

__all__ = ["ImportJob", "ImportOrder", "JobState"]


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    CHECKING = "checking"
    WRITING = "writing"
    DONE = "done"
    REFUSED = "refused"
    """Nothing was taken in: the file, its rows or the inventory did not allow it."""
    CANCELLED = "cancelled"
    FAILED = "failed"
    """Nothing was taken in: something went wrong on our side."""

    @property
    def is_over(self) -> bool:
        return self in {JobState.DONE, JobState.REFUSED, JobState.CANCELLED, JobState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What is to be done with a file."""

    location_id: str
    year: int
    file_name: str
    dry_run: bool = False
    """Check it all, against the inventory too, and take nothing in."""
    accept_partial: bool = False
    """Take in the sound rows where others have problems; else it is all or nothing."""
    decimal_comma: bool = False
    """A comma parts decimals in the file's texts, and a point groups thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """An order, and what has become of it."""

    id: str
    order: ImportOrder
    content_hash: str
    """SHA-256 of the file, hexadecimal."""
    bytes: int
    state: JobState
    requested_by: Person
    requested_at: datetime
    rows_checked: int = 0
    rows_written: int = 0
    problem_count: int = 0
    import_id: str | None = None
    """Of the import that it came to, or that the same file had come to before."""
    refusal_code: str | None = None
    refusal_message: str | None = None
    cancel_requested: bool = False
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def location_id(self) -> str:
        return self.order.location_id

    def cancel(self, *, at: datetime) -> "ImportJob":
        """Stop it: at once where nobody works on it yet, else as soon as the worker looks up. Refuses: ImportIsOver."""
        if self.state.is_over:
            raise ImportIsOver(
                subject=f"import {self.id}",
                found=self.state,
                expected="one that is queued or under way",
                message=f"The import of {self.order.file_name} is {self.state}: there is nothing to cancel.",
            )
        if self.state == JobState.QUEUED:
            return replace(self, state=JobState.CANCELLED, cancel_requested=True, finished_at=at)
        return replace(self, cancel_requested=True)
