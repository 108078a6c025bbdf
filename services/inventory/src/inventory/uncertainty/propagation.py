"""Approach 1: error propagation."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from inventory.domain.uncertainty import Interval

__all__ = ["Bundle", "FactorGroup", "grouped", "interval_of", "propagated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorGroup:
    """All lines that use one factor, as far as the uncertainty of their sum goes."""

    co2e_kg: float
    """Of the lines whose amount and factor both have a percent."""
    amount_variance: float
    """Sum of (amount's percent / 100 x line's CO2e)², in kg²."""
    factor_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Lines that have one factor and one percent of the amount, summed where they are kept."""

    co2e_kg: float
    squares: float
    """Sum of the squares of each line's CO2e, in kg²."""
    factor_id: str
    amount_percent: float | None
    factor_percent: float | None


def grouped(bundles: Iterable[Bundle]) -> list[FactorGroup]:
    """Bundles as one group a factor, without those that lack a percent."""
    groups: dict[tuple[str, float], FactorGroup] = {}
    for item in bundles:
        if item.amount_percent is None or item.factor_percent is None:
            continue
        key = item.factor_id, item.factor_percent
        earlier = groups.get(key)
        groups[key] = FactorGroup(
            co2e_kg=item.co2e_kg + (earlier.co2e_kg if earlier else 0.0),
            amount_variance=(item.amount_percent / 100) ** 2 * item.squares
            + (earlier.amount_variance if earlier else 0.0),
            factor_percent=item.factor_percent,
        )
    return list(groups.values())


def propagated(groups: Sequence[FactorGroup], *, all_co2e_kg: float) -> Interval | None:
    """By error propagation. None where no line has both percents, or their total is 0."""
    total = math.fsum(group.co2e_kg for group in groups)
    if not total:
        return None
    variance = math.fsum(group.amount_variance + (group.factor_percent / 100 * group.co2e_kg) ** 2 for group in groups)
    half = math.sqrt(variance)
    return interval_of(total, low=total - half, high=total + half, half=half, all_co2e_kg=all_co2e_kg)


def interval_of(total: float, *, low: float, high: float, half: float, all_co2e_kg: float) -> Interval:
    """What is said of a total, whichever way its bounds were found."""
    return Interval(
        co2e_kg=_rounded(total),
        low_kg=_rounded(low),
        high_kg=_rounded(high),
        percent=_rounded(100 * half / abs(total)),
        covered_percent=_rounded(100 * total / all_co2e_kg),
    )


def _rounded(value: float) -> Decimal:
    """To seven significant digits: more than any uncertainty is known to."""
    return Decimal(f"{value:.7g}")
