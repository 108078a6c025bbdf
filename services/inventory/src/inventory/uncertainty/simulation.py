"""Approach 2: simulation, on the lines collapsed by factor."""

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from inventory.domain.uncertainty import Interval
from inventory.uncertainty.propagation import FactorGroup, interval_of

__all__ = ["LOGNORMAL_FROM", "collapsed", "simulated", "simulated_apart"]

_Floats = NDArray[np.float64]

_DEVIATIONS = 1.959963984540054
"""Standard deviations in half of a normal 95 % interval."""
_AT_ONCE = 1_000
"""Draws: their errors are in memory together, 16 MB for 1,000 factors."""
LOGNORMAL_FROM = 60.0
"""Percent from which on a factor is drawn from a lognormal distribution: a normal one would reach below 0.

IPCC 2006, volume 1, chapter 3, section 3.2.3.2: normal where the standard deviation is below 30 % of the mean.
"""


def collapsed(
    *, co2e_kg: _Floats, amount_percent: _Floats, factor: NDArray[np.intp], factor_percent: _Floats
) -> tuple[list[FactorGroup], float]:
    """Lines, one array entry each, as one group a factor; and the CO2e of all lines, covered or not.

    `factor` says for each line which entry of `factor_percent` is its own. NaN is a percent that nobody states.
    """
    known = ~(np.isnan(amount_percent) | np.isnan(factor_percent[factor]))
    counted, of_factor = co2e_kg[known], factor[known]
    count = len(factor_percent)
    sums = np.bincount(of_factor, weights=counted, minlength=count)
    variances = np.bincount(of_factor, weights=(counted * amount_percent[known] / 100) ** 2, minlength=count)
    present = np.bincount(of_factor, minlength=count) > 0
    groups = [
        FactorGroup(co2e_kg=float(total), amount_variance=float(variance), factor_percent=float(percent))
        for total, variance, percent in zip(sums[present], variances[present], factor_percent[present], strict=True)
    ]
    return groups, float(co2e_kg.sum())


def simulated(groups: Sequence[FactorGroup], *, all_co2e_kg: float, draws: int, seed: int) -> Interval | None:
    """By simulation; the same seed gives the same interval. None as for `propagated`.

    Draws are stratified along the sum of all errors (Glasserman, Monte Carlo Methods in Financial Engineering, 2003,
    section 4.3.2): the part of the result that error propagation knows falls once into each of `draws` parts of equal
    probability, and chance decides only what is left. So 10,000 draws tell the width to well below 1 %.
    """
    total = math.fsum(group.co2e_kg for group in groups)
    if not total:
        return None
    errors = _Errors.of(groups)
    chance = np.random.default_rng(seed)
    normal = NormalDist()
    strata = chance.permutation([normal.inv_cdf((number + 0.5) / draws) for number in range(draws)])
    sums = [errors.totals(strata[begin : begin + _AT_ONCE], chance) for begin in range(0, draws, _AT_ONCE)]
    low, high = np.quantile(np.concatenate(sums), (0.025, 0.975))
    return interval_of(total, low=float(low), high=float(high), half=float(high - low) / 2, all_co2e_kg=all_co2e_kg)


_APART = ThreadPoolExecutor(max_workers=1, thread_name_prefix="simulation")
"""One at a time: whoever asks for many waits for them, and nobody else does."""


async def simulated_apart(
    groups: Sequence[FactorGroup], *, all_co2e_kg: float, draws: int, seed: int
) -> Interval | None:
    """As `simulated`, off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(
        _APART, partial(simulated, groups, all_co2e_kg=all_co2e_kg, draws=draws, seed=seed)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errors:
    """What is drawn for a draw: one error for the amounts of each group, and one for its factor."""

    co2e_kg: _Floats
    amount: _Floats
    """Standard deviation of the amounts, in kg of CO2e."""
    factor: _Floats
    """Standard deviation of the factor, as a share of it."""
    direction: _Floats
    """Unit vector of what each error does to the total, to first order."""

    @classmethod
    def of(cls, groups: Sequence[FactorGroup]) -> "_Errors":
        co2e_kg = np.array([group.co2e_kg for group in groups])
        amount = np.array([math.sqrt(group.amount_variance) for group in groups]) / _DEVIATIONS
        factor = np.array([group.factor_percent for group in groups]) / 100 / _DEVIATIONS
        effect = np.concatenate([amount, co2e_kg * factor])
        return cls(co2e_kg=co2e_kg, amount=amount, factor=factor, direction=effect / (np.linalg.norm(effect) or 1.0))

    def totals(self, strata: _Floats, chance: np.random.Generator) -> _Floats:
        """One for each entry of `strata`, which says how far that draw lies along the direction."""
        errors = chance.standard_normal((len(strata), len(self.direction)))
        errors += np.outer(strata - errors @ self.direction, self.direction)
        of_amounts, of_factors = errors[:, : len(self.co2e_kg)], errors[:, len(self.co2e_kg) :]
        factors = 1 + self.factor * of_factors
        is_wide = self.factor * _DEVIATIONS * 100 >= LOGNORMAL_FROM
        spread = np.sqrt(np.log1p(self.factor[is_wide] ** 2))
        factors[:, is_wide] = np.exp(spread * of_factors[:, is_wide] - spread**2 / 2)
        totals: _Floats = ((self.co2e_kg + self.amount * of_amounts) * factors).sum(axis=1)
        return totals
