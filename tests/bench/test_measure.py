"""The harness compares honestly: the sides take turns, warm up, and medians count; one ratio means one thing."""

import json
from contextlib import asynccontextmanager

import pytest

from tools.bench.measure import Measure, Reference, ratio_of, take
from tools.bench.report import table, write


@pytest.mark.parametrize(
    ("ours", "reference", "higher_is_better", "ratio"),
    [(20, 10, False, 2), (10, 20, False, 0.5), (50, 100, True, 2), (100, 50, True, 0.5)],
)
def test_a_ratio_above_one_is_dearer_whichever_way_the_unit_counts(ours, reference, higher_is_better, ratio):
    assert ratio_of(ours=ours, reference=reference, higher_is_better=higher_is_better) == ratio


class Sides:
    """Records whose turn it was; gives out figures that were set beforehand."""

    def __init__(self, **figures):
        self.turns = []
        self._figures = {name: iter(values) for name, values in figures.items()}

    def side(self, name):
        async def run(_setting) -> float:
            self.turns.append(name)
            return next(self._figures[name])

        return run

    @asynccontextmanager
    async def prepare(self, _ground):
        self.turns.append("prepared")
        yield None
        self.turns.append("cleared")

    def measure(self, *references, runs):
        return Measure(
            name="x",
            unit="ms",
            higher_is_better=False,
            prepare=self.prepare,
            ours=self.side("ours"),
            references=[
                Reference(against=name, run=self.side(name), suffix="" if place == 0 else name)
                for place, name in enumerate(references)
            ],
            runs=runs,
            warm_up_runs=1,
        )


async def test_two_sides_alternate_after_the_warm_up_and_each_begins_every_other_round():
    sides = Sides(ours=[0] * 5, a=[1] * 5)

    await take(sides.measure("a", runs=4), None)

    assert sides.turns == ["prepared", "ours", "a", *["ours", "a", "a", "ours"] * 2, "cleared"]


async def test_medians_count_and_the_warm_up_does_not():
    sides = Sides(ours=[99, 1, 5, 2, 100], a=[0.1, 10, 10, 10, 10])

    (result,) = await take(sides.measure("a", runs=4), None)

    assert (result.ours, result.reference, result.ratio) == (3.5, 10, 0.35)
    assert result.ours_runs == (1, 5, 2, 100)


async def test_every_reference_is_compared_with_the_same_runs_of_ours():
    sides = Sides(ours=[0, 4, 6, 8], a=[0, 2, 3, 4], b=[0, 12, 12, 12])

    results = await take(sides.measure("a", "b", runs=3), None)

    assert [(item.name, item.ratio) for item in results] == [("x", 2), ("x_b", 0.5)]
    assert results[0].ours_runs == results[1].ours_runs == (4, 6, 8)
    assert sides.turns[4:-1] == ["ours", "a", "b", "a", "b", "ours", "b", "ours", "a"]


async def test_the_file_has_what_later_work_reads_and_the_table_says_the_same(tmp_path):
    results = await take(Sides(ours=[0, 4, 6, 8], a=[0, 2, 3, 4]).measure("a", runs=3), None)

    write(results, tmp_path / "build" / "bench.json")

    (found,) = json.loads((tmp_path / "build" / "bench.json").read_text())
    wanted = {"name": "x", "ours": 6, "reference": 3, "ratio": 2, "unit": "ms", "runs": 3}
    assert wanted.items() <= found.items()
    assert table(results).splitlines()[1].split() == ["x", "6.0", "33", "3.0", "33", "ms", "2.00", "3", "a"]
