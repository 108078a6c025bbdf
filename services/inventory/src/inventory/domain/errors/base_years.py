"""Refusals, in order: the base year."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "BaseYearDataMissing",
    "BaseYearMissing",
    "FinalInventoryMissing",
    "NothingToRecalculate",
    "ProposalAlreadyDecided",
    "ProposalOutOfDate",
    "ProposerMayNotDecide",
    "RecalculationRequired",
    "ThresholdOutOfRange",
]


class BaseYearMissing(Refused):
    """The location has none for this."""

    code: ClassVar[str] = "BASE_YEAR_MISSING"


class FinalInventoryMissing(Refused):
    """A base year rests on a final inventory."""

    code: ClassVar[str] = "FINAL_INVENTORY_MISSING"


class ThresholdOutOfRange(Refused):
    code: ClassVar[str] = "THRESHOLD_OUT_OF_RANGE"


class NothingToRecalculate(Refused):
    code: ClassVar[str] = "NOTHING_TO_RECALCULATE"


class BaseYearDataMissing(Refused):
    """A missing figure is never taken as 0."""

    code: ClassVar[str] = "BASE_YEAR_DATA_MISSING"


class RecalculationRequired(Refused):
    """Over the threshold, the base year is recalculated."""

    code: ClassVar[str] = "RECALCULATION_REQUIRED"


class ProposalAlreadyDecided(Refused):
    code: ClassVar[str] = "PROPOSAL_ALREADY_DECIDED"


class ProposerMayNotDecide(Refused):
    """Two people: who proposes does not decide."""

    code: ClassVar[str] = "PROPOSER_MAY_NOT_DECIDE"


class ProposalOutOfDate(Refused):
    code: ClassVar[str] = "PROPOSAL_OUT_OF_DATE"
