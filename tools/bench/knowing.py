"""What it costs to say how well an inventory is known.

`approach_1_100000` takes that many lines, with 200 factors, to an interval by error propagation; the reference loops
over the lines in Python and does the same sums. `monte_carlo_10000` draws that often on the lines collapsed by factor;
the reference draws for each line, as it is commonly done, and a hundredth as often, times a hundred. Both intervals
agree within 1 %, or the measure fails.
"""

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inventory.uncertainty.propagation import FactorGroup, propagated
from inventory.uncertainty.simulation import collapsed, simulated
from tools.bench.bed import Parts
from tools.bench.measure import Measure, Reference

__all__ = ["approach_1", "monte_carlo"]

LINES, FACTORS, DRAWS, FEWER = 100_000, 200, 10_000, 100
SEED = 2017
DEVIATIONS = 1.959963984540054
AGREE_WITHIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    co2e_kg: NDArray[np.float64]
    amount_percent: NDArray[np.float64]
    factor: NDArray[np.intp]
    factor_percent: NDArray[np.float64]
    groups: list[FactorGroup]


@asynccontextmanager
async def _prepared(_parts: Parts) -> AsyncIterator[Setting]:
    """Refuses: RuntimeError where both ways do not agree."""
    chance = np.random.default_rng(SEED)
    lines = {
        "co2e_kg": chance.lognormal(3, 1.5, LINES),
        "amount_percent": chance.choice([2.0, 5.0, 15.0, 25.0], LINES),
        "factor": chance.integers(0, FACTORS, LINES),
        "factor_percent": chance.choice([2.0, 5.0, 10.0, 30.0], FACTORS),
    }
    groups, whole = collapsed(**lines)
    one = propagated(groups, all_co2e_kg=whole)
    other = simulated(groups, all_co2e_kg=whole, draws=DRAWS, seed=SEED)
    if one is None or other is None or abs(one.percent - other.percent) > AGREE_WITHIN * float(one.percent):
        message = f"error propagation gives {one}, simulation {other}"
        raise RuntimeError(message)
    yield Setting(**lines, groups=groups)


async def _propagated(setting: Setting) -> float:
    began = time.perf_counter()
    groups, whole = collapsed(
        co2e_kg=setting.co2e_kg,
        amount_percent=setting.amount_percent,
        factor=setting.factor,
        factor_percent=setting.factor_percent,
    )
    propagated(groups, all_co2e_kg=whole)
    return (time.perf_counter() - began) * 1000


async def _by_loop(setting: Setting) -> float:
    began = time.perf_counter()
    sums: dict[int, float] = {}
    variance = 0.0
    lines = zip(setting.co2e_kg.tolist(), setting.amount_percent.tolist(), setting.factor.tolist(), strict=True)
    for kg, percent, factor in lines:
        sums[factor] = sums.get(factor, 0.0) + kg
        variance += (kg * percent / 100) ** 2
    math.sqrt(variance + sum((setting.factor_percent[factor] / 100 * kg) ** 2 for factor, kg in sums.items()))
    return (time.perf_counter() - began) * 1000


async def _simulated(setting: Setting) -> float:
    began = time.perf_counter()
    simulated(setting.groups, all_co2e_kg=float(setting.co2e_kg.sum()), draws=DRAWS, seed=SEED)
    return (time.perf_counter() - began) * 1000


async def _by_line(setting: Setting) -> float:
    chance = np.random.default_rng(SEED)
    began = time.perf_counter()
    for _ in range(FEWER):
        amounts = 1 + setting.amount_percent / 100 / DEVIATIONS * chance.standard_normal(LINES)
        factors = 1 + setting.factor_percent / 100 / DEVIATIONS * chance.standard_normal(FACTORS)
        (setting.co2e_kg * amounts * factors[setting.factor]).sum()
    return (time.perf_counter() - began) * 1000 * DRAWS / FEWER


approach_1 = Measure(
    name="approach_1_100000",
    unit="ms",
    higher_is_better=False,
    prepare=_prepared,
    ours=_propagated,
    references=(Reference(against="a loop over the lines", run=_by_loop),),
)
monte_carlo = Measure(
    name="monte_carlo_10000",
    unit="ms",
    higher_is_better=False,
    prepare=_prepared,
    ours=_simulated,
    references=(Reference(against="a draw for each line", run=_by_line),),
    runs=3,
    warm_up_runs=1,
)
