"""Refusals, in order: uncertainty."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "FactorUncertaintyPublished",
    "FactorUnused",
    "SimulationOutOfRange",
    "UncertaintyOutOfRange",
    "UncertaintySubjectUnclear",
]


class UncertaintySubjectUnclear(Refused):
    """Stated for lines and a factor at once, for neither, or for a category or quality that there is not."""

    code: ClassVar[str] = "UNCERTAINTY_SUBJECT_UNCLEAR"


class FactorUnused(Refused):
    """Stated for a factor that no line uses, most likely by a slip in its id."""

    code: ClassVar[str] = "FACTOR_UNUSED"


class FactorUncertaintyPublished(Refused):
    """What a publisher gives is not overruled: the statement would change nothing."""

    code: ClassVar[str] = "FACTOR_UNCERTAINTY_PUBLISHED"


class UncertaintyOutOfRange(Refused):
    code: ClassVar[str] = "UNCERTAINTY_OUT_OF_RANGE"


class SimulationOutOfRange(Refused):
    """More draws than one caller may ask of a service that others use, or a seed that is none."""

    code: ClassVar[str] = "SIMULATION_OUT_OF_RANGE"
