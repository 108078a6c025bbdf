"""What an amount of fuel would tell about a site, and so to whom it is shown.

The reasons, and what can still be worked out: docs/adr/0018-sensitive-attributes.md.
"""

from collections.abc import Mapping, Sequence

from inventory.domain.activity_data import Category
from inventory.domain.method import Indicator

__all__ = ["FUELS", "SITES_MIN", "is_partial_sum_sensitive", "is_sensitive", "open_to_all"]

FUELS = frozenset({Category.GENERATOR_FUEL, Category.HEATING_FUEL, Category.VEHICLE_FUEL})
"""Categories whose amounts are drawn from what a site stores."""

SITES_MIN = 3
"""Sites with the fuel that a sum must be over before it is for everyone: who knows one of them can't tell the next."""

_AMOUNT_OF: Mapping[str, Category] = {"generator_fuel": Category.GENERATOR_FUEL}
"""Indicators that are amounts of a stored fuel. Those in CO2e are official figures and stay."""

_HEAT_AND_POWER = frozenset({Category.GENERATOR_FUEL, Category.HEATING_FUEL})
_HOLDS: Mapping[str, frozenset[Category]] = {
    "energy": _HEAT_AND_POWER,
    "energy_per_m2": _HEAT_AND_POWER,
    "renewable_share": frozenset({Category.GENERATOR_FUEL}),
}
"""Indicators that such amounts are in. The other amounts in them are told too: what is left is the fuel."""


def is_sensitive(category: Category, *, sites: int) -> bool:
    """Whether an amount of the category, over so many sites that used some, is for readers of sensitive data alone.

    A record is of one site.
    """
    return category in FUELS and sites < SITES_MIN


def open_to_all(found: Sequence[Indicator], *, sites: Mapping[Category, int]) -> tuple[Indicator, ...]:
    """The indicators that everyone who sees the inventory may see; `sites` that used some, by category."""
    return tuple(
        item
        for item in found
        if not any(is_sensitive(fuel, sites=sites.get(fuel, 0)) for fuel in _fuels_in(item.name, sites=sites))
    )


def is_partial_sum_sensitive(category: Category, *, sites: int, other_sites: int) -> bool:
    """Whether a part of an official sum, over so many sites, tells more of a stored fuel than the sum does.

    The sum of all is known, so what is left of it is known with the part: both are over enough sites, or one of them
    is of nothing.
    """
    is_whole = not sites or not other_sites
    return not is_whole and is_sensitive(category, sites=min(sites, other_sites))


def _fuels_in(indicator: str, *, sites: Mapping[Category, int]) -> frozenset[Category]:
    """Categories whose amounts follow from it; where none was used, only an amount of it says so."""
    amount = _AMOUNT_OF.get(indicator)
    return frozenset({amount} if amount else _HOLDS.get(indicator, frozenset()) & sites.keys())
