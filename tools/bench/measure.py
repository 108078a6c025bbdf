"""What a measure is, and how it is taken: the sides take turns, the first rounds warm up, the median counts."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Measure", "Reference", "Result", "ratio_of", "take"]

Ground = TypeVar("Ground")
"""What stands before the measure: the platform, or PostgreSQL and NATS alone."""
Setting = TypeVar("Setting")
"""What the measure prepares on it, untimed, for its sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Generic[Setting]):
    """Another way to do the same work."""

    against: str
    """In words, for the table."""
    run: Callable[[Setting], Awaitable[float]]
    suffix: str = ""
    """Tells the results of one measure apart; the first reference has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Generic[Ground, Setting]):
    """Our way to do some work, and one or more others. A side does the work once and gives its figure in the unit."""

    name: str
    unit: str
    higher_is_better: bool
    prepare: Callable[[Ground], AbstractAsyncContextManager[Setting]]
    ours: Callable[[Setting], Awaitable[float]]
    references: Sequence[Reference[Setting]]
    runs: int = 7
    warm_up_runs: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Medians of ours and of one reference; `ratio` is our cost in costs of the reference."""

    name: str
    ours: float
    reference: float
    ratio: float
    unit: str
    runs: int
    """Of each side, without those that warmed up."""
    against: str
    ours_runs: tuple[float, ...]
    reference_runs: tuple[float, ...]


def ratio_of(*, ours: float, reference: float, higher_is_better: bool) -> float:
    """Cost of ours in costs of the reference: 1 is equal, 2 is twice as dear, whichever way the unit counts."""
    return reference / ours if higher_is_better else ours / reference


async def take(measure: Measure[Ground, Setting], ground: Ground) -> list[Result]:
    """One result for each reference. Every round runs each side once, and another side begins it."""
    sides = [measure.ours, *(reference.run for reference in measure.references)]
    figures: list[list[float]] = [[] for _ in sides]
    async with measure.prepare(ground) as setting:
        for _ in range(measure.warm_up_runs):
            for side in sides:
                await side(setting)
        for round_number in range(measure.runs):
            for turn in range(len(sides)):
                place = (round_number + turn) % len(sides)
                figures[place].append(await sides[place](setting))
    ours, *others = figures
    return [
        _result(measure, reference, ours=ours, figures=figures_of_reference)
        for reference, figures_of_reference in zip(measure.references, others, strict=True)
    ]


def _result(
    measure: Measure[Ground, Setting], reference: Reference[Setting], *, ours: list[float], figures: list[float]
) -> Result:
    ours_median, reference_median = statistics.median(ours), statistics.median(figures)
    return Result(
        name=f"{measure.name}_{reference.suffix}" if reference.suffix else measure.name,
        ours=ours_median,
        reference=reference_median,
        ratio=ratio_of(ours=ours_median, reference=reference_median, higher_is_better=measure.higher_is_better),
        unit=measure.unit,
        runs=measure.runs,
        against=reference.against,
        ours_runs=tuple(ours),
        reference_runs=tuple(figures),
    )
