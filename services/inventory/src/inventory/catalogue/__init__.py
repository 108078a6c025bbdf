"""Data that ships with the service: emission factors, and airports as the installed `airportsdata` has them."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import airportsdata

from inventory.domain.air_travel import Airport
from inventory.domain.disclosure import FUELS
from inventory.domain.emission_factor import Catalogue, parse_catalogue

__all__ = ["airports", "airports_by_city", "emission_factors", "fuels"]


@cache
def emission_factors() -> Catalogue:
    """The shipped catalogue (made by `tools/build_catalogue.py`)."""
    text = files("inventory.catalogue").joinpath("emission_factors.csv").read_text(encoding="utf-8")
    return parse_catalogue(text.splitlines())


@cache
def fuels() -> frozenset[str]:
    """What sites store and burn, by name."""
    return frozenset(key for category in FUELS for key in emission_factors().keys(category))


@cache
def airports() -> Mapping[str, Airport]:
    """Airports by IATA code."""
    return MappingProxyType(
        {
            code: Airport(iata=code, latitude=Decimal(str(found["lat"])), longitude=Decimal(str(found["lon"])))
            for code, found in airportsdata.load("IATA").items()
        }
    )


@cache
def airports_by_city() -> Mapping[str, tuple[str, ...]]:
    """Airports of each IATA city code that is no airport, such as NYC."""
    return MappingProxyType(
        {
            code: tuple(sorted(city["airports"]))
            for code, city in airportsdata.load_iata_macs().items()
            if code not in airports()
        }
    )
