"""Refusals, in order: sums over many inventories."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "DimensionsNotCombined",
    "FiguresTooMany",
]


class DimensionsNotCombined(Refused):
    code: ClassVar[str] = "DIMENSIONS_NOT_COMBINED"


class FiguresTooMany(Refused):
    code: ClassVar[str] = "FIGURES_TOO_MANY"
