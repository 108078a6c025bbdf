"""What a measure is, and how it is taken: both sides alternate, the first rounds warm up, the median counts."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

__all__ = ["Comparison", "Result", "compare", "ratio_of"]

Side = Callable[[], Awaitable[float]]
"""Does the work once; returns its figure in the measure's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two ways to do the same work."""

    name: str
    unit: str
    higher_is_better: bool
    ours: Side
    reference: Side
    reference_name: str
    runs: int = 7
    warm_up: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Medians of one comparison; `ratio` is how many times the reference's cost ours is."""

    name: str
    unit: str
    ours: float
    reference: float
    ratio: float
    runs: int
    ours_runs: tuple[float, ...]
    reference_runs: tuple[float, ...]
    reference_name: str


def ratio_of(*, ours: float, reference: float, higher_is_better: bool) -> float:
    """Cost of ours in costs of the reference: 1 is equal, 2 is twice as dear, whichever way the unit counts."""
    return reference / ours if higher_is_better else ours / reference


async def compare(comparison: Comparison) -> Result:
    """Alternate the two sides, each first in every other round, and take medians."""
    for _ in range(comparison.warm_up):
        await comparison.ours()
        await comparison.reference()
    ours: list[float] = []
    reference: list[float] = []
    for number in range(comparison.runs):
        turns: Sequence[tuple[list[float], Side]] = (
            (ours, comparison.ours),
            (reference, comparison.reference),
        )
        for kept, side in turns if number % 2 == 0 else reversed(turns):
            kept.append(await side())
    ours_median, reference_median = statistics.median(ours), statistics.median(reference)
    return Result(
        name=comparison.name,
        unit=comparison.unit,
        ours=ours_median,
        reference=reference_median,
        ratio=ratio_of(ours=ours_median, reference=reference_median, higher_is_better=comparison.higher_is_better),
        runs=comparison.runs,
        ours_runs=tuple(ours),
        reference_runs=tuple(reference),
        reference_name=comparison.reference_name,
    )
