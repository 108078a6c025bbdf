"""Refusals, in order: the life of an inventory."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "CorrectionIncomplete",
    "EntererMayNotApprove",
    "InventoryIsFinal",
    "InventoryYearOutOfRange",
    "NewerVersionExists",
    "NothingToSubmit",
    "ReasonsMissing",
    "SubmitterMayNotApprove",
    "SubmitterMayNotReturn",
    "WrongState",
]


class InventoryYearOutOfRange(Refused):
    """There are no inventories of that year, and can't be."""

    code: ClassVar[str] = "INVENTORY_YEAR_OUT_OF_RANGE"


class InventoryIsFinal(Refused):
    """A final inventory does not change; a correction is a new version with a reason."""

    code: ClassVar[str] = "INVENTORY_IS_FINAL"


class WrongState(Refused):
    code: ClassVar[str] = "WRONG_STATE"


class CorrectionIncomplete(Refused):
    code: ClassVar[str] = "CORRECTION_INCOMPLETE"


class NewerVersionExists(Refused):
    """What is corrected is the newest version: versions stand in one line."""

    code: ClassVar[str] = "NEWER_VERSION_EXISTS"


class NothingToSubmit(Refused):
    code: ClassVar[str] = "NOTHING_TO_SUBMIT"


class ReasonsMissing(Refused):
    """Returned work says why."""

    code: ClassVar[str] = "REASONS_MISSING"


class SubmitterMayNotReturn(Refused):
    """Separation of duties: who submitted a version does not review it, so does not return it either."""

    code: ClassVar[str] = "SUBMITTER_MAY_NOT_RETURN"


class EntererMayNotApprove(Refused):
    """Separation of duties: who entered data of a version does not approve it."""

    code: ClassVar[str] = "ENTERER_MAY_NOT_APPROVE"


class SubmitterMayNotApprove(Refused):
    """Separation of duties: who submitted a version does not approve it."""

    code: ClassVar[str] = "SUBMITTER_MAY_NOT_APPROVE"
