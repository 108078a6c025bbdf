"""What a file of activity data comes to: its sound rows, quantified, and all that is wrong with the others."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.activity_data import Category
from inventory.domain.quantification import Coefficient
from inventory.domain.rows import Problem
from quantities import Unit

__all__ = ["Checked", "Kind", "Line"]


class Kind(NamedTuple):
    """What lines have in common but for period, amount and note."""

    location_id: str
    category: Category
    item: str
    key: str
    unit: Unit
    details: tuple[tuple[str, str], ...]
    quality: str


class Line(NamedTuple):
    """One sound row, by what it has of its own."""

    kind: int
    """Index of its kind."""
    start: date
    end: date
    """First day that no longer belongs to it."""
    amount: Decimal
    note: str | None
    coefficient: int | None
    """Index; None where no emission is counted."""
    sheet: str
    row: int


@dataclass(slots=True, kw_only=True)
class Checked:
    """What a file says, and all that is wrong with it."""

    kinds: list[Kind] = field(default_factory=list)
    coefficients: list[Coefficient] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    """Sound rows in the order of the file."""
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    """Rows of activity data, sound or not."""
