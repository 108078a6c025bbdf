"""Refusals, in order: files of evidence."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "EvidenceAlreadyDetached",
    "EvidenceDamaged",
    "EvidenceEmpty",
    "EvidenceNoteTooLong",
    "EvidenceOfTwoThings",
    "EvidenceTooLarge",
    "EvidenceTooMany",
    "EvidenceTypeMismatch",
    "EvidenceTypeNotAllowed",
]


class EvidenceOfTwoThings(Refused):
    code: ClassVar[str] = "EVIDENCE_OF_TWO_THINGS"


class EvidenceEmpty(Refused):
    code: ClassVar[str] = "EVIDENCE_EMPTY"


class EvidenceTooLarge(Refused):
    code: ClassVar[str] = "EVIDENCE_TOO_LARGE"


class EvidenceNoteTooLong(Refused):
    code: ClassVar[str] = "EVIDENCE_NOTE_TOO_LONG"


class EvidenceTypeNotAllowed(Refused):
    """By its contents it is of no kind that is kept."""

    code: ClassVar[str] = "EVIDENCE_TYPE_NOT_ALLOWED"


class EvidenceTypeMismatch(Refused):
    """Its name says another kind than its contents."""

    code: ClassVar[str] = "EVIDENCE_TYPE_MISMATCH"


class EvidenceTooMany(Refused):
    """As many files as one thing may have are attached to it."""

    code: ClassVar[str] = "EVIDENCE_TOO_MANY"


class EvidenceAlreadyDetached(Refused):
    code: ClassVar[str] = "EVIDENCE_ALREADY_DETACHED"


class EvidenceDamaged(Refused):
    """What is stored is gone, or is not what was attached."""

    code: ClassVar[str] = "EVIDENCE_DAMAGED"
