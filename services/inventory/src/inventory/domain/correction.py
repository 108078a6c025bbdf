"""What is done to single lines of a draft: changed, removed or added, each with a reason."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from inventory.domain.errors import CorrectionIncomplete, ReasonsMissing
from inventory.domain.rows import Column, column_named
from quantities.person import Person

__all__ = ["CorrectionAction", "RecordCorrection", "action_of", "as_file", "with_uncertainty"]


class CorrectionAction(StrEnum):
    """What was done to a line."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCorrection:
    """One line of a draft that was changed, removed or added."""

    id: str
    inventory_id: str
    location_id: str
    """The line's site."""
    category: str
    action: CorrectionAction
    record_id: int | None
    """The line that is there now; None where it was removed."""
    replaced: Mapping[str, Any] | None
    """The line that was there, whole; None where one was added."""
    reason: str
    by: Person
    at: datetime


def action_of(
    *, inventory: str, record_id: str | None, cells: Mapping[str, str] | None, reason: str
) -> CorrectionAction:
    """A line with new cells is changed, one without is removed; cells without a line are one more.

    Refuses, in this order: CorrectionIncomplete for neither; ReasonsMissing.
    """
    if record_id is None and cells is None:
        raise CorrectionIncomplete(
            subject=inventory,
            found="neither a record nor a row",
            expected="a record to change or remove, or a row to add",
            message=f"A correction of {inventory} names a record, a row, or both.",
        )
    if not reason.strip():
        raise ReasonsMissing(
            subject=inventory,
            found="no reason",
            expected="why the record is another",
            message=f"A record of {inventory} is corrected only with a reason.",
        )
    if cells is None:
        return CorrectionAction.REMOVED
    return CorrectionAction.ADDED if record_id is None else CorrectionAction.CHANGED


def with_uncertainty(cells: Mapping[str, str], *, earlier: Decimal | None) -> Mapping[str, str]:
    """The row as well known as the line that it takes the place of, in percent, unless it says so itself.

    A blank in the column says that it is not known.
    """
    if earlier is None or any(column_named(header) == Column.UNCERTAINTY for header in cells):
        return cells
    return {**cells, Column.UNCERTAINTY.value: f"{earlier:f}"}


def as_file(cells: Mapping[str, str]) -> bytes:
    """The row as a file of one row, so that it is read like every other."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(cells.keys())
    writer.writerow(cells.values())
    return text.getvalue().encode()
