"""Refusals, in order: what sources are expected, and what is stated of them."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "MonthsMalformed",
    "SourceCategoryUnknown",
    "SourceOfTheYear",
    "SourceReported",
    "SourceStated",
    "StatementAlreadyWithdrawn",
]


class SourceCategoryUnknown(Refused):
    """The method has no source category of this name."""

    code: ClassVar[str] = "SOURCE_CATEGORY_UNKNOWN"


class MonthsMalformed(Refused):
    """Not whole months in order, or months of another year."""

    code: ClassVar[str] = "MONTHS_MALFORMED"


class SourceOfTheYear(Refused):
    """Journeys and refrigerants come when they come: they are expected, and stated, for the whole year."""

    code: ClassVar[str] = "SOURCE_OF_THE_YEAR"


class SourceReported(Refused):
    """What has records does occur and is estimated."""

    code: ClassVar[str] = "SOURCE_REPORTED"


class SourceStated(Refused):
    """A statement that stands says something of these months already."""

    code: ClassVar[str] = "SOURCE_STATED"


class StatementAlreadyWithdrawn(Refused):
    code: ClassVar[str] = "STATEMENT_ALREADY_WITHDRAWN"
