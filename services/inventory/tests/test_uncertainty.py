"""Intervals of totals: by error propagation, by simulation, and what is not stated."""

import math
from decimal import Decimal

import numpy as np
import pytest

from inventory.uncertainty.propagation import FactorGroup, propagated
from inventory.uncertainty.simulation import collapsed, simulated

NAN = math.nan


def groups_of(lines, factor_percent):
    """Lines as (CO2e, percent of the amount, number of the factor)."""
    return collapsed(
        co2e_kg=np.array([line[0] for line in lines], dtype=float),
        amount_percent=np.array([line[1] for line in lines], dtype=float),
        factor=np.array([line[2] for line in lines], dtype=np.intp),
        factor_percent=np.array(factor_percent, dtype=float),
    )


@pytest.mark.parametrize(
    ("lines", "factor_percent", "percent"),
    [
        # Equation 3.1: a product's percent is the root of the squares.
        ([(100, 3, 0)], [4], "5"),
        # Equation 3.2: sums of independent terms.
        ([(100, 0, 0), (100, 0, 1)], [10, 10], "7.071068"),
        # One factor for both lines: they are wrong together.
        ([(100, 0, 0), (100, 0, 0)], [10], "10"),
        # One factor, two meters: the meters' errors partly cancel, the factor's do not.
        ([(100, 10, 0), (100, 10, 0)], [10], "12.24745"),
        ([(300, 5, 0), (100, 10, 0), (50, 20, 1)], [7, 50], "9.516717"),
        ([(100, 0, 0)], [0], "0"),
    ],
)
def test_errors_propagate_by_the_equations_of_the_ipcc(lines, factor_percent, percent):
    groups, whole = groups_of(lines, factor_percent)

    found = propagated(groups, all_co2e_kg=whole)

    assert found.percent == Decimal(percent)
    assert found.covered_percent == 100
    assert found.high_kg - found.co2e_kg == pytest.approx(found.co2e_kg - found.low_kg)


def test_what_nobody_states_is_left_out_and_said_to_be():
    groups, whole = groups_of([(60, 5, 0), (30, NAN, 0), (10, 5, 1)], [0, NAN])

    found = propagated(groups, all_co2e_kg=whole)

    assert (found.co2e_kg, found.percent, found.covered_percent) == (60, 5, 60)


@pytest.mark.parametrize("lines", [[], [(100, NAN, 0)], [(0, 5, 0)]])
def test_without_a_percent_or_a_total_there_is_no_interval(lines):
    groups, whole = groups_of(lines, [5])

    assert propagated(groups, all_co2e_kg=whole) is None
    assert simulated(groups, all_co2e_kg=whole, draws=100, seed=1) is None


@pytest.mark.parametrize("seed", range(5))
def test_both_ways_agree_within_one_percent(seed):
    chance = np.random.default_rng(seed)
    count, factors = 20_000, 60
    groups, whole = collapsed(
        co2e_kg=chance.lognormal(3, 1.5, count),
        amount_percent=chance.choice([2.0, 5.0, 15.0, 25.0], count),
        factor=chance.integers(0, factors, count),
        factor_percent=chance.choice([2.0, 5.0, 10.0, 30.0], factors),
    )

    one, two = propagated(groups, all_co2e_kg=whole), simulated(groups, all_co2e_kg=whole, draws=10_000, seed=seed)

    assert two.percent == pytest.approx(one.percent, rel=Decimal("0.01"))
    assert two.low_kg == pytest.approx(one.low_kg, rel=Decimal("0.001"))


def test_a_wide_factor_gives_an_interval_that_does_not_reach_below_nothing():
    groups = [FactorGroup(co2e_kg=100, amount_variance=0, factor_percent=150)]

    one, two = (
        propagated(groups, all_co2e_kg=100),
        simulated(groups, all_co2e_kg=100, draws=10_000, seed=1),
    )

    assert one.low_kg < 0 < two.low_kg
    assert two.high_kg > one.high_kg


def test_the_same_seed_gives_the_same_interval():
    groups = [FactorGroup(co2e_kg=100, amount_variance=25, factor_percent=20)]
    first, again, other = (simulated(groups, all_co2e_kg=100, draws=1_000, seed=seed) for seed in (1, 1, 2))

    assert first == again != other
