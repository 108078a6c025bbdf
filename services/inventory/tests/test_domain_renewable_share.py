"""The share of renewable electricity: own and purchased, and the grid's average for the rest where it is known."""

from decimal import Decimal

import pytest

from inventory import catalogue
from inventory.domain.renewable_share import (
    GRID_AVERAGE_YEARS_MAX,
    GridAverage,
    GridUse,
    RenewableShare,
    ShareGap,
    finding,
    renewable_share,
)


def a_share(
    *, own: str = "0", generators: str = "0", bought: tuple[str, str] = ("0", "0"), grids: list[tuple[str, str | None]]
) -> RenewableShare:
    return renewable_share(
        own_kwh=Decimal(own),
        generator_kwh=Decimal(generators),
        purchased_renewable_kwh=Decimal(bought[0]),
        purchased_other_kwh=Decimal(bought[1]),
        grids=[
            GridUse(
                country="KEN",
                kwh=Decimal(kwh),
                renewable_share=None if share is None else Decimal(share),
                source=None if share is None else f"Ember, {share}",
            )
            for kwh, share in grids
        ],
    )


@pytest.mark.parametrize(
    ("own", "generators", "bought", "grids", "share", "at_least"),
    [
        ("0", "0", ("0", "0"), [], None, None),
        ("0", "0", ("0", "0"), [("100", "0.9")], "0.9", "0.9"),
        ("0", "0", ("0", "0"), [("100", "0")], "0", "0"),
        ("100", "0", ("0", "0"), [("100", "0.5")], "0.75", "0.75"),
        ("100", "100", ("0", "0"), [], "0.5", "0.5"),
        ("0", "0", ("60", "20"), [("20", "0.5")], "0.7", "0.7"),
        ("0", "0", ("0", "0"), [("100", "0.9"), ("300", "0.1")], "0.3", "0.3"),
        # Of unknown origin: the share is missing, not lower.
        ("100", "0", ("0", "0"), [("100", None)], None, "0.5"),
        ("0", "0", ("0", "0"), [("100", "0.9"), ("100", None)], None, "0.45"),
    ],
)
def test_the_share_is_of_all_electricity(
    *,
    own: str,
    generators: str,
    bought: tuple[str, str],
    grids: list[tuple[str, str | None]],
    share: str | None,
    at_least: str | None,
) -> None:
    found = a_share(own=own, generators=generators, bought=bought, grids=grids)

    assert found.share == (None if share is None else Decimal(share))
    assert found.at_least == (None if at_least is None else Decimal(at_least))


def test_the_share_names_its_sources_once_and_what_is_not_known() -> None:
    found = a_share(grids=[("1", "0.9"), ("2", "0.9"), ("3", "0.1"), ("4", None)])

    assert found.sources == ("Ember, 0.9", "Ember, 0.1")
    assert (found.unknown_kwh, found.total_kwh) == (4, 10)


@pytest.mark.parametrize(
    ("grids", "gap", "says"),
    [
        ([], ShareGap.NO_DATA, "No use"),
        ([("0", "0.9")], ShareGap.NO_DATA, "No use"),
        ([("100", "0.9")], None, None),
        ([("100", "0.9"), ("0", None)], None, None),
        (
            [("100", "0.9"), ("7", None)],
            ShareGap.GRID_AVERAGE_MISSING,
            "7 kWh are of grids without a known average (KEN)",
        ),
    ],
)
def test_a_share_that_there_is_not_says_why(
    grids: list[tuple[str, str | None]], gap: ShareGap | None, says: str | None
) -> None:
    found = finding(a_share(grids=grids))

    assert found.gap == gap
    assert says is None or says in (found.explanation or "")
    # What is known to be renewable is known all the same.
    assert (found.found is None) == (gap == ShareGap.NO_DATA)


@pytest.mark.parametrize(
    ("year", "stands"),
    [(2023 - GRID_AVERAGE_YEARS_MAX, True), (2023 + GRID_AVERAGE_YEARS_MAX, True), (2019, False), (2027, False)],
)
def test_an_average_stands_for_years_near_its_own(*, year: int, stands: bool) -> None:
    assert GridAverage(country="KEN", year=2023, share=Decimal("0.9"), source="s").stands_for(year) is stands


def test_the_shipped_averages_are_parts_of_1_with_a_source() -> None:
    averages = catalogue.grid_averages()

    assert len(averages) == 213
    assert {item for item in averages.values() if not (0 <= item.share <= 1 and item.source)} == set()
    # Kenya: 11.47 of 12.2 TWh; Central African Republic: all of it; South Sudan: 0.02 of 0.62.
    assert round(averages["KEN"].share, 4) == Decimal("0.9402")
    assert averages["CAF"].share == 1
    assert round(averages["SSD"].share, 4) == Decimal("0.0323")
    assert "XKX" not in averages
