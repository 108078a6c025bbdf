"""The harness compares honestly: it alternates, warms up, takes medians, and one ratio means one thing."""

import pytest

from tools.bench.measure import Comparison, compare, ratio_of


@pytest.mark.parametrize(
    ("ours", "reference", "higher_is_better", "ratio"),
    [(20, 10, False, 2), (10, 20, False, 0.5), (50, 100, True, 2), (100, 50, True, 0.5)],
)
def test_a_ratio_above_one_is_dearer_whichever_way_the_unit_counts(ours, reference, higher_is_better, ratio):
    assert ratio_of(ours=ours, reference=reference, higher_is_better=higher_is_better) == ratio


async def test_sides_alternate_after_the_warm_up_and_medians_count():
    turns: list[str] = []
    figures = {"ours": iter([99, 1, 5, 2, 100]), "reference": iter([99, 10, 10, 10, 10])}

    def side(name):
        async def run() -> float:
            turns.append(name)
            return next(figures[name])

        return run

    result = await compare(
        Comparison(
            name="x", unit="ms", higher_is_better=False, ours=side("ours"), reference=side("reference"),
            reference_name="r", runs=4, warm_up=1,
        )
    )  # fmt: skip

    assert turns[2:] == ["ours", "reference", "reference", "ours"] * 2
    assert (result.ours, result.reference, result.ratio) == (3.5, 10, 0.35)
    assert result.ours_runs == (1, 5, 2, 100)
