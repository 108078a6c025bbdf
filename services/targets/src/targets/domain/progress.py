"""Progress of a target: a measured year held against the straight line from base year to target year."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from targets.domain.target import Target

__all__ = ["MeasuredIndicator", "ProgressAssessment", "Verdict", "assess"]


class Verdict(StrEnum):
    """What the measured year says of the target."""

    ACHIEVED = "achieved"
    """At or below the target value."""
    ON_TRACK = "on_track"
    """At or below the straight line."""
    OFF_TRACK = "off_track"
    """Above the straight line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredIndicator:
    """One indicator of a location and year, as a final inventory version has it."""

    location_id: str
    year: int
    inventory_id: str
    inventory_version: int
    indicator: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressAssessment:
    """A target held against one inventory version."""

    id: str
    target_id: str
    location_id: str
    year: int
    inventory_id: str
    inventory_version: int
    value: Decimal
    expected: Decimal
    """Value of the straight line in that year, in the target's unit."""
    reduction_percent: Decimal
    """Below the base value; negative when above it."""
    verdict: Verdict
    assessed_at: datetime


def assess(
    *, assessment_id: str, target: Target, measured: MeasuredIndicator, at: datetime
) -> ProgressAssessment | None:
    """The assessment; None for a year before the base year, another unit or indicator: nothing can be said then.

    After the target year the line stays at the target value.
    """
    if (
        measured.indicator != target.indicator
        or measured.unit != target.unit
        or measured.location_id != target.location_id
        or measured.year < target.base_year
    ):
        return None
    elapsed = min(measured.year, target.target_year) - target.base_year
    span = target.target_year - target.base_year
    expected = target.base_value + (target.target_value - target.base_value) * elapsed / span
    if measured.value <= target.target_value:
        verdict = Verdict.ACHIEVED
    elif measured.value <= expected:
        verdict = Verdict.ON_TRACK
    else:
        verdict = Verdict.OFF_TRACK
    return ProgressAssessment(
        id=assessment_id,
        target_id=target.id,
        location_id=target.location_id,
        year=measured.year,
        inventory_id=measured.inventory_id,
        inventory_version=measured.inventory_version,
        value=measured.value,
        expected=expected,
        reduction_percent=(1 - measured.value / target.base_value) * 100,
        verdict=verdict,
        assessed_at=at,
    )
