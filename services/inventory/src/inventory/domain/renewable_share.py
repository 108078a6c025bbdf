"""The share of renewable electricity, by the UN-wide method.

kWh of renewable electricity generated on site or purchased, over all kWh; where what was purchased has no data of its
own, the national grid's average share stands for it (Greening the Blue, methodology).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

__all__ = [
    "GRID_AVERAGE_YEARS_MAX",
    "GridAverage",
    "GridUse",
    "RenewableShare",
    "ShareFinding",
    "ShareGap",
    "finding",
    "renewable_share",
]

_EXACT_DIGITS = 80
_DIGITS = 28

GRID_AVERAGE_YEARS_MAX = 3
"""A grid's average stands for years no further from its own: grids change. Our reading: the method names no limit."""


class ShareGap(StrEnum):
    """Why there is no share."""

    NO_DATA = "no_data"
    GRID_AVERAGE_MISSING = "grid_average_missing"
    """Some of it was taken from a grid whose average nobody publishes for that time."""
    NOT_CONVERTIBLE = "not_convertible"
    """What generators made does not follow from what was recorded."""
    RECORDS_NOT_SHOWN = "records_not_shown"
    """The caller does not see every record that it is made of, or not the figure itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridAverage:
    """Renewable part of a country's electricity in a year, as published."""

    country: str
    """ISO 3166-1 alpha-3."""
    year: int
    share: Decimal
    """Part of 1."""
    source: str

    def stands_for(self, year: int) -> bool:
        return abs(year - self.year) <= GRID_AVERAGE_YEARS_MAX

    @property
    def cited(self) -> str:
        return f"{self.country} {self.year}: {self.source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridUse:
    """Electricity taken from a grid, as far as no instrument says what it is made of."""

    country: str | None
    kwh: Decimal
    renewable_share: Decimal | None
    """The grid's average, as a part of 1; None where it is not known."""
    source: str | None
    """Where that average is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewableShare:
    """Renewable and all electricity, and what is not known."""

    own_kwh: Decimal
    purchased_kwh: Decimal
    """By instruments for renewable electricity."""
    grid_kwh: Decimal
    """By the averages of grids."""
    total_kwh: Decimal
    unknown_kwh: Decimal
    """Of grids without a known average; not counted as renewable, and not as anything else: the share is missing."""
    sources: tuple[str, ...]
    unknown_places: tuple[str, ...] = ()
    """Countries of these grids; `?` where the site has none."""

    @property
    def share(self) -> Decimal | None:
        """Part of 1; None where nothing was used, or some of it is of unknown origin."""
        if not self.total_kwh or self.unknown_kwh:
            return None
        return self.at_least

    @property
    def at_least(self) -> Decimal | None:
        """Part of 1 that is known to be renewable, whatever the unknown part is; None where nothing was used."""
        if not self.total_kwh:
            return None
        with localcontext(prec=_DIGITS):
            return (self.own_kwh + self.purchased_kwh + self.grid_kwh) / self.total_kwh


def renewable_share(
    *,
    own_kwh: Decimal,
    generator_kwh: Decimal,
    purchased_renewable_kwh: Decimal,
    purchased_other_kwh: Decimal,
    grids: Iterable[GridUse],
) -> RenewableShare:
    """The share of what a location used: `own_kwh` is what it used of its own renewable electricity.

    `purchased_renewable_kwh` and `purchased_other_kwh` are what instruments cover of the grid's electricity, never more
    than the load (`scope2.market_based`); `grids` is the rest. Generators burn fuel: all of theirs is not renewable.
    """
    uses = tuple(grids)
    with localcontext(prec=_EXACT_DIGITS):
        known = [(use, share) for use in uses if (share := use.renewable_share) is not None]
        grid_kwh = sum((use.kwh * share for use, share in known), start=Decimal(0))
        taken = sum((use.kwh for use in uses), start=Decimal(0))
        return RenewableShare(
            own_kwh=own_kwh,
            purchased_kwh=purchased_renewable_kwh,
            grid_kwh=grid_kwh,
            total_kwh=own_kwh + generator_kwh + purchased_renewable_kwh + purchased_other_kwh + taken,
            unknown_kwh=sum((use.kwh for use in uses if use.renewable_share is None), start=Decimal(0)),
            sources=tuple(dict.fromkeys(use.source for use, _ in known if use.source is not None)),
            unknown_places=tuple(
                dict.fromkeys(use.country or "?" for use in uses if use.renewable_share is None and use.kwh)
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFinding:
    """The share of an inventory with what it is made of, or why there is none."""

    found: RenewableShare | None
    """None where not even its parts are known, or are not for the caller."""
    gap: ShareGap | None
    explanation: str | None = None


def finding(found: RenewableShare) -> ShareFinding:
    """The share, or what it lacks."""
    if not found.total_kwh:
        return ShareFinding(found=None, gap=ShareGap.NO_DATA, explanation="No use of electricity was recorded.")
    if found.unknown_kwh:
        places = ", ".join(found.unknown_places)
        return ShareFinding(
            found=found,
            gap=ShareGap.GRID_AVERAGE_MISSING,
            explanation=f"{found.unknown_kwh.normalize():f} kWh are of grids without a known average ({places}).",
        )
    return ShareFinding(found=found, gap=None)
