"""The only maker of the events of *targets*."""

from decimal import Decimal

from contracts.fact import Amount
from contracts.targets import ProgressAssessed, TargetSet
from targets.domain.progress import ProgressAssessment
from targets.domain.target import Target

__all__ = ["progress_assessed", "target_set"]


def target_set(target: Target) -> TargetSet:
    return TargetSet(
        location_id=target.location_id,
        target_id=target.id,
        indicator=target.indicator,
        base_year=target.base_year,
        base_value=_amount(target.base_value, target.unit),
        target_year=target.target_year,
        target_value=_amount(target.target_value, target.unit),
    )


def progress_assessed(assessment: ProgressAssessment, target: Target) -> ProgressAssessed:
    return ProgressAssessed(
        location_id=target.location_id,
        target_id=target.id,
        assessment_id=assessment.id,
        indicator=target.indicator,
        year=assessment.year,
        value=_amount(assessment.value, target.unit),
        expected=_amount(assessment.expected, target.unit),
        reduction=_amount(assessment.reduction_percent, "percent"),
        verdict=assessment.verdict,
        inventory_id=assessment.inventory_id,
        inventory_version=assessment.inventory_version,
    )


def _amount(value: Decimal, unit: str) -> Amount:
    return Amount(value=value, unit=unit)
