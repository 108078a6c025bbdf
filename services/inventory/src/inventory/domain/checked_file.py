"""What a file of activity data comes to: its sound rows, quantified, and all that is wrong with the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from inventory.domain.activity_data import Category, SourceRow
from inventory.domain.overlap import Meter, Reading, meter_of
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
    uncertainty_percent: Decimal | None


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

    def readings(self) -> dict[Meter, list[Reading]]:
        """Lines that are read from meters, by meter."""
        meters = [
            meter_of(location_id=kind.location_id, category=kind.category, item=kind.item, details=dict(kind.details))
            for kind in self.kinds
        ]
        found: dict[Meter, list[Reading]] = {}
        for place, line in enumerate(self.lines):
            meter = meters[line.kind]
            if meter is not None:
                source = SourceRow(sheet=line.sheet, row=line.row)
                found.setdefault(meter, []).append(Reading(line.start, line.end, place, source))
        return found

    def refuse(self, problems: Mapping[int, Problem]) -> None:
        """Take lines out, by their place among the lines, each for its problem."""
        if problems:
            self.problems += [problems[place] for place in sorted(problems)]
            self.lines = [line for place, line in enumerate(self.lines) if place not in problems]
