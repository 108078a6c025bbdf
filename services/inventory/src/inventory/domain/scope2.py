"""Scope 2 by the market: instruments against the electricity that was taken, and what holds for the rest.

GHG Protocol Scope 2 Guidance (2015), chapter 6, market-based method: instruments first, the residual mix for what they
leave, and the grid's average where no residual mix is known, which is disclosed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

from inventory.domain.activity_data import ALWAYS, Category, Period
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import FactorMissing
from inventory.domain.instrument import Instrument, InstrumentKind
from inventory.domain.quantification import Coefficient, resolve_coefficient
from quantities import GwpSet, Unit

__all__ = [
    "RESIDUAL_MIX",
    "Basis",
    "Excess",
    "Load",
    "MarketBased",
    "Part",
    "kwh_by_instrument",
    "market_based",
    "residual_mix_of",
]

RESIDUAL_MIX = "residual_mix"
"""Key of a grid's residual mix in the catalogue."""

_EXACT_DIGITS = 80
_KINDS = tuple(InstrumentKind)


class Basis(StrEnum):
    """Where the emission rate of a part of the load is from."""

    INSTRUMENT = "instrument"
    RESIDUAL_MIX = "residual_mix"
    LOCATION_BASED = "location_based"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Electricity that a site took from the grid at one location-based factor."""

    location_id: str
    place: Place
    kwh: Decimal
    co2e_kg: Decimal
    """By the location-based method."""
    explanation: str
    """Of the location-based factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a load and its emissions by the market-based method."""

    location_id: str
    kwh: Decimal
    co2e_kg: Decimal
    basis: Basis
    instrument_id: str | None
    """None where no instrument covers it."""
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """What an instrument holds beyond the load of its market; it is not counted."""

    instrument_id: str
    kwh: Decimal
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketBased:
    """Every kWh of the loads once, and what instruments were too many."""

    parts: tuple[Part, ...]
    excess: tuple[Excess, ...]

    @property
    def instrument_ids(self) -> frozenset[str]:
        """Of all that cover a part."""
        return frozenset(part.instrument_id for part in self.parts if part.instrument_id is not None)

    @property
    def co2e_kg(self) -> Decimal:
        with localcontext(prec=_EXACT_DIGITS):
            return sum((part.co2e_kg for part in self.parts), start=Decimal(0))


def kwh_by_instrument(used: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Sums of these kWh, to their last digit."""
    found: dict[str, Decimal] = {}
    with localcontext(prec=_EXACT_DIGITS):
        for instrument_id, kwh in used:
            found[instrument_id] = found.get(instrument_id, Decimal(0)) + kwh
    return found


def residual_mix_of(place: Place, *, year: int | None, catalogue: Catalogue, gwp_set: GwpSet) -> Coefficient | None:
    """What a kWh that no instrument covers emits there; None where the catalogue has no residual mix for it.

    Without a year, one holds only where it holds for all time.
    """
    try:
        return resolve_coefficient(
            category=Category.GRID_ELECTRICITY,
            key=RESIDUAL_MIX,
            unit=Unit.KILOWATT_HOUR,
            place=place,
            period=ALWAYS if year is None else Period(start=date(year, 1, 1), end=date(year + 1, 1, 1)),
            catalogue=catalogue,
            gwp_set=gwp_set,
        )
    except FactorMissing:
        return None


def market_based(
    loads: Iterable[Load],
    *,
    instruments: Iterable[Instrument],
    year: int | None,
    residual_mix: Callable[[Place], Coefficient | None],
    sites: Mapping[str, AbstractSet[str]] = MappingProxyType({}),
    elsewhere: Mapping[str, Decimal] = MappingProxyType({}),
) -> MarketBased:
    """Emissions of these loads by the market.

    Instruments that were cancelled, or are of another year, are passed over: all, where the loads are of no year. Those
    of a grid are used before those of its country, then by kind, then in the order of recording; loads in the order of
    their sites. An instrument never covers more than the load in its market: what is above it is named as excess.
    `sites` are those that an instrument of a part of the inventory covers, by its id; one that is not among them covers
    all. `elsewhere` are the kWh of each that are in other inventories: a claim is made once.
    """
    remaining = sorted(loads, key=lambda load: (load.location_id, load.explanation))
    open_kwh = [load.kwh for load in remaining]
    grids = {load.place.grid for load in remaining}
    holding = [item for item in instruments if item.cancelled is None and item.year == year]
    parts: list[Part] = []
    excess: list[Excess] = []
    with localcontext(prec=_EXACT_DIGITS):
        for item in sorted(holding, key=lambda item: (item.market not in grids, _KINDS.index(item.kind), item.id)):
            left = item.kwh - elsewhere.get(item.id, Decimal(0))
            covered = [_is_covered(load, item, sites.get(item.id)) for load in remaining]
            for number, load in enumerate(remaining):
                used = min(left, open_kwh[number]) if covered[number] else Decimal(0)
                if used > 0:
                    parts.append(_covered(load, item, kwh=used))
                    open_kwh[number] -= used
                    left -= used
            if left > 0:
                of = [load for load, is_covered in zip(remaining, covered, strict=True) if is_covered]
                excess.append(_excess(item, kwh=left, loads=of))
        parts += [
            _uncovered(load, kwh=kwh, residual=residual_mix(load.place))
            for load, kwh in zip(remaining, open_kwh, strict=True)
            if kwh > 0
        ]
    return MarketBased(parts=tuple(parts), excess=tuple(excess))


def _is_covered(load: Load, item: Instrument, sites: AbstractSet[str] | None) -> bool:
    return item.market in (load.place.grid, load.place.country) and (sites is None or load.location_id in sites)


def _covered(load: Load, item: Instrument, *, kwh: Decimal) -> Part:
    return Part(
        location_id=load.location_id,
        kwh=kwh,
        co2e_kg=kwh * item.co2e_kg_per_kwh,
        basis=Basis.INSTRUMENT,
        instrument_id=item.id,
        explanation=f"{_plain(kwh)} kWh covered by the {item.kind} {item.reference} ({item.source}, {item.market}, "
        f"{item.year}): {_plain(item.co2e_kg_per_kwh)} kgCO2e per kWh.",
    )


def _excess(item: Instrument, *, kwh: Decimal, loads: Sequence[Load]) -> Excess:
    in_market = sum((load.kwh for load in loads), start=Decimal(0))
    return Excess(
        instrument_id=item.id,
        kwh=kwh,
        explanation=f"{_plain(kwh)} of {_plain(item.kwh)} kWh of the {item.kind} {item.reference} are not counted: "
        "instruments never cover more than the load, which is "
        f"{_plain(in_market)} kWh in {item.market} in {item.year}.",
    )


def _uncovered(load: Load, *, kwh: Decimal, residual: Coefficient | None) -> Part:
    if residual is not None:
        return Part(
            location_id=load.location_id,
            kwh=kwh,
            co2e_kg=kwh * residual.co2e_kg_per_unit,
            basis=Basis.RESIDUAL_MIX,
            instrument_id=None,
            explanation=f"{_plain(kwh)} kWh covered by no instrument, by the residual mix. {residual.explanation}",
        )
    return Part(
        location_id=load.location_id,
        kwh=kwh,
        # Multiplied first: the load's own kWh divide out exactly where nothing is covered.
        co2e_kg=load.co2e_kg * kwh / load.kwh,
        basis=Basis.LOCATION_BASED,
        instrument_id=None,
        explanation=f"{_plain(kwh)} kWh covered by no instrument; no residual mix is known there, so by the "
        f"location-based factor. {load.explanation}",
    )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
