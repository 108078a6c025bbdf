"""Refusals, in order: what amounts are plausible, and what is found beyond."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from inventory.domain.errors.base import Refused

if TYPE_CHECKING:
    from inventory.domain.completeness import Cell
    from inventory.domain.plausibility import Finding

__all__ = [
    "ErrorNotExplained",
    "ExplanationTooShort",
    "FindingNotThere",
    "RangeBoundsMalformed",
    "RangeDatesMalformed",
    "RangeItemNotToldApart",
    "SubmissionRefused",
]


class RangeItemNotToldApart(Refused):
    """Of fuels and refrigerants each item is judged by itself; of all else, items are parts of one source."""

    code: ClassVar[str] = "RANGE_ITEM_NOT_TOLD_APART"


class RangeBoundsMalformed(Refused):
    """Without a bound, negative, or with the lower one above."""

    code: ClassVar[str] = "RANGE_BOUNDS_MALFORMED"


class RangeDatesMalformed(Refused):
    code: ClassVar[str] = "RANGE_DATES_MALFORMED"


class FindingNotThere(Refused):
    """The data, the range or the denominator has changed since: what was found then is not found now."""

    code: ClassVar[str] = "FINDING_NOT_THERE"


class ErrorNotExplained(Refused):
    """An error is put right; a warning is explained."""

    code: ClassVar[str] = "ERROR_NOT_EXPLAINED"


class ExplanationTooShort(Refused):
    code: ClassVar[str] = "EXPLANATION_TOO_SHORT"


class SubmissionRefused(Refused):
    """What has to be put right, explained or stated before an inventory is handed in; all of it is named."""

    code: ClassVar[str] = "SUBMISSION_REFUSED"

    def __init__(
        self,
        *,
        inventory: str,
        errors: Sequence["Finding"],
        unexplained: Sequence["Finding"],
        missing: Sequence["Cell"],
    ) -> None:
        found = f"{len(errors)} error(s), {len(unexplained)} warning(s) without explanation, {len(missing)} missing"
        named = [item.message for item in (*errors, *unexplained)]
        named += [
            f"{cell.category} of {cell.location_id}" + (f" in {cell.month:%Y-%m}" if cell.month else "") + " is missing"
            for cell in missing
        ]
        shown = "; ".join(named[:_SHOWN]) + ("; …" if len(named) > _SHOWN else "")
        super().__init__(
            subject=inventory,
            found=found,
            expected="no errors, each warning explained, and missing sources stated or explained",
            message=f"The inventory of {inventory} is not ready: {found}. {shown}",
        )
        self.findings = (*errors, *unexplained)
        self.missing = tuple(missing)


_SHOWN = 5
