"""Published examples and tables, through the code of `quantify`: every printed figure, within its printed rounding."""

import pytest

from tests.golden import runner

EVERY = [case for source in runner.sources() for case in source.cases]


@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{case.source}/{case.id}")
def test_we_give_what_was_published(case: runner.Case) -> None:
    checks = runner.checks(case)

    assert checks
    assert [str(check) for check in checks if not check.passes] == []


def test_there_are_at_least_forty_and_each_says_where_it_was_published() -> None:
    assert len(EVERY) >= 40
    assert len({(case.source, case.id) for case in EVERY}) == len(EVERY)
    for source in runner.sources():
        assert all((source.title, source.publisher, source.licence, source.read))
        assert source.url.startswith("http")
        assert all(case.where for case in source.cases)


def test_a_figure_that_is_off_by_more_than_its_rounding_fails() -> None:
    case = next(case for case in EVERY if case.id == "annex-iv-mixture")

    wrong = runner.Case(
        **{name: getattr(case, name) for name in runner.Case.__dataclass_fields__ if name != "expectations"},
        expectations=(runner.Expectation(figure="co2e", printed="14.0", unit="kgCO2e", line=None),),
    )

    assert [check.passes for check in runner.checks(wrong)] == [False]
