"""What there is to offset, and what retirements cover of it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offsets.domain.need import OffsetNeed, need_of
from offsets.domain.position import OffsetPosition
from offsets.domain.statement import Status, state_neutrality

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def a_need(total_kg: Decimal, version: int = 1) -> OffsetNeed:
    return need_of(
        location_id="unon", year=2024, inventory_id="i", inventory_version=version, total_kg=total_kg, at=NOON
    )


@pytest.mark.parametrize(
    ("total_kg", "tonnes"),
    [
        ("0", 0),
        ("0.000000000000000000000000000001", 1),
        ("1000", 1),
        ("1000.0", 1),
        ("1000.000000000000000000000000000000000000001", 2),
        ("1999.999", 2),
        ("123456789.5", 123457),
        ("-1500", 0),
    ],
)
def test_the_need_is_the_total_in_whole_tonnes_rounded_up(total_kg: str, tonnes: int) -> None:
    need = a_need(Decimal(total_kg))

    assert (need.tonnes, need.total_kg) == (tonnes, Decimal(total_kg))


@given(st.decimals(min_value=0, max_value=10**12, places=9))
def test_the_need_covers_the_total_and_is_less_than_a_tonne_above_it(total_kg: Decimal) -> None:
    assert 0 <= a_need(total_kg).tonnes * 1000 - total_kg < 1000


@pytest.mark.parametrize(
    ("need_kg", "retired", "status", "coverage"),
    [
        ("4000", 1, Status.PARTIAL, "25"),
        ("4000", 4, Status.NEUTRAL, "100"),
        ("4000", 5, Status.NEUTRAL, "125"),
        ("3001", 3, Status.PARTIAL, "75"),
        ("0", 1, Status.NEUTRAL, "100"),
        ("3000", 1, Status.PARTIAL, "33.33333333333333333333333333"),
    ],
)
def test_a_statement_says_what_retirements_cover(need_kg: str, retired: int, status: Status, coverage: str) -> None:
    statement = state_neutrality(
        statement_id="s", need=a_need(Decimal(need_kg)), retired_tonnes=retired, previous=None, at=NOON
    )

    assert (statement.status, statement.coverage_percent) == (status, Decimal(coverage))
    assert (statement.number, statement.supersedes_id) == (1, None)


def test_a_statement_supersedes_the_one_before_it() -> None:
    first = state_neutrality(statement_id="s1", need=a_need(Decimal(4000)), retired_tonnes=4, previous=None, at=NOON)
    second = state_neutrality(
        statement_id="s2", need=a_need(Decimal(5000), version=2), retired_tonnes=4, previous=first, at=NOON
    )

    assert (second.number, second.supersedes_id, second.inventory_version) == (2, "s1", 2)
    assert (first.status, second.status) == (Status.NEUTRAL, Status.PARTIAL)


@pytest.mark.parametrize(("retired", "remaining"), [(0, 4), (3, 1), (4, 0), (7, 0)])
def test_what_remains_is_never_below_zero(retired: int, remaining: int) -> None:
    position = OffsetPosition(need=a_need(Decimal(4000)), retired_tonnes=retired, statement=None)

    assert position.remaining_tonnes == remaining
