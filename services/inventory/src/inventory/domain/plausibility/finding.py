"""What is found beyond the plausible, and what a person said about it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from hashlib import sha256

from inventory.domain.activity_data import Category
from inventory.domain.errors import ErrorNotExplained, ExplanationTooShort, FindingNotThere
from inventory.domain.plausibility.ranges import Severity
from quantities.person import Person

__all__ = ["EXPLANATION_MIN", "Explanation", "Finding", "FindingCode", "explanation_of", "require_explanation"]

EXPLANATION_MIN = 20
"""Characters of an explanation: one that says something."""
_SHOWN = Decimal("0.001")
_SHOWN_BELOW = Decimal(10) ** 20


class FindingCode(StrEnum):
    """Kinds of findings; stable, part of the published interface."""

    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    INTENSITY_OUT_OF_RANGE = "INTENSITY_OUT_OF_RANGE"
    CHANGE_OUT_OF_RANGE = "CHANGE_OUT_OF_RANGE"
    QUALITY_REASON_MISSING = "QUALITY_REASON_MISSING"
    STATED_AND_REPORTED = "STATED_AND_REPORTED"
    PROXY_OFFICE_NOT_SMALL = "PROXY_OFFICE_NOT_SMALL"
    SHARE_OUT_OF_DATE = "SHARE_OUT_OF_DATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a person said about one finding, with the figures that it had."""

    id: str
    inventory_id: str
    finding_id: str
    location_id: str
    category: Category | None
    text: str
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something beyond what is plausible, or said without saying why."""

    code: FindingCode
    severity: Severity
    location_id: str
    category: Category | None
    item: str | None = None
    month: date | None = None
    """None for the year."""
    value: Decimal
    unit: str
    expected: str
    reason: str
    """Where the bounds are from, or what else is behind it."""
    mark: str = ""
    """What else tells it from another one that says the same."""
    explanation: Explanation | None = None

    @property
    def id(self) -> str:
        """Made from what it says: with other figures it is another one."""
        facts = (
            self.code.value, self.severity.value, self.location_id, self.category, self.item, self.month,
            f"{self.value.normalize():f}", self.unit, self.expected, self.reason, self.mark,
        )  # fmt: skip
        return sha256(repr(facts).encode()).hexdigest()[:32]

    @property
    def message(self) -> str:
        of = self.item if self.category is None else f"{self.category}{f' ({self.item})' if self.item else ''}"
        when = "" if self.month is None else f" in {self.month:%Y-%m}"
        shown = (
            f"{self.value.quantize(_SHOWN, ROUND_HALF_EVEN).normalize():f}"
            if self.value < _SHOWN_BELOW
            else str(self.value)
        )
        return f"{of} of {self.location_id}{when}: {shown} {self.unit}, expected {self.expected}"


def require_explanation(text: str, *, subject: str) -> str:
    """The explanation without the space around it. Refuses: ExplanationTooShort."""
    said = " ".join(text.split())
    if len(said) < EXPLANATION_MIN:
        raise ExplanationTooShort(
            subject=subject,
            found=f"{len(said)} characters",
            expected=f"at least {EXPLANATION_MIN}",
            message=f"An explanation of {subject} says why, in {EXPLANATION_MIN} characters or more.",
        )
    return said


def explanation_of(
    found: Collection[Finding],
    *,
    explanation_id: str,
    inventory_id: str,
    finding_id: str,
    text: str,
    by: Person,
    at: datetime,
) -> Explanation:
    """What a person says about one of the findings.

    Refuses, in this order: FindingNotThere; ErrorNotExplained; ExplanationTooShort.
    """
    finding = next((item for item in found if item.id == finding_id), None)
    if finding is None:
        raise FindingNotThere(
            subject=finding_id,
            found="no such finding in the data as they are",
            expected="one of the inventory's findings",
            message=f"The inventory has no finding {finding_id} now; its data may have changed since.",
        )
    if finding.severity == Severity.ERROR:
        raise ErrorNotExplained(
            subject=finding_id,
            found=finding.message,
            expected="data without this error, or another range",
            message=f"This is an error, to be put right and not explained: {finding.message}.",
        )
    return Explanation(
        id=explanation_id,
        inventory_id=inventory_id,
        finding_id=finding_id,
        location_id=finding.location_id,
        category=finding.category,
        text=require_explanation(text, subject="a warning"),
        by=by,
        at=at,
    )
