"""Facts that *targets* publishes."""

from typing import ClassVar

from pydantic import Field

from contracts.fact import Amount, Fact

__all__ = ["ProgressAssessed", "TargetSet"]


class TargetSet(Fact):
    """A local steering group set a target for an indicator of its location."""

    producer: ClassVar[str] = "targets"
    name: ClassVar[str] = "target_set"
    aggregate: ClassVar[str] = "target_id"

    target_id: str
    indicator: str
    base_year: int
    base_value: Amount
    target_year: int
    target_value: Amount


class ProgressAssessed(Fact):
    """A target was held against a final inventory. A newer inventory version of the year supersedes the assessment."""

    producer: ClassVar[str] = "targets"
    name: ClassVar[str] = "progress_assessed"
    aggregate: ClassVar[str] = "target_id"

    target_id: str
    assessment_id: str
    indicator: str
    year: int
    value: Amount
    expected: Amount = Field(description="Where the straight line from base year to target year is in that year")
    reduction: Amount = Field(description="Percent below the base value; negative when above it")
    verdict: str = Field(description="on_track, off_track or achieved")
    inventory_id: str
    inventory_version: int
