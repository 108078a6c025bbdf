"""A figure as reports carry it: copied from what a service measured, frozen, never recalculated."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

__all__ = ["Figure", "Figures", "Section"]


class Section(StrEnum):
    """Which table of the report a figure belongs to."""

    TOTAL = "total"
    SCOPE = "scope"
    CATEGORY = "category"
    OPTIONAL = "optional"
    """Outside the minimum boundary, apart from the total."""
    INDICATOR = "indicator"
    PROGRESS = "progress"
    NEUTRALITY = "neutrality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure with its unit."""

    section: Section
    key: str
    """Tells it apart within its section."""
    name: str
    value: Decimal
    unit: str
    note: str | None = None
    """A verdict or status that belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is known of a location and year, and the inventory version that it stands on."""

    inventory_id: str
    inventory_version: int
    figures: tuple[Figure, ...]

    @property
    def total_kg(self) -> Decimal:
        """kgCO2e."""
        (total,) = (figure.value for figure in self.figures if figure.section is Section.TOTAL)
        return total
