"""The share of renewable electricity: own and purchased, and the grid's average for the rest where it is known."""

from decimal import Decimal

import pytest

from inventory.domain.renewable_share import GridUse, RenewableShare, renewable_share


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
