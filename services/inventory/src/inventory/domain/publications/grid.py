"""Average grids by country and region, as Ember publishes them."""

import re

from inventory.domain.publications.reading import Taking, entry, plain

__all__ = ["REGIONS", "take"]

REGIONS = (
    "Africa", "Asia", "Europe", "Latin America and Caribbean", "Middle East", "North America", "Oceania",
)  # fmt: skip
"""Of which every country is in one. The publication also has unions of countries, which are no places here."""

_OLDEST_YEAR = 2021
_LAST_YEAR = 2025
"""To which the newest figure of a country holds, until an edition has another; a later one holds for a year more."""


def take(taking: Taking) -> None:
    """Life-cycle figures of each country, and averages of regions for those without."""
    for figure in sorted(taking.figures, key=lambda figure: figure.region):
        is_region = figure.region in REGIONS
        if not figure.source.startswith("Ember") or figure.year < _OLDEST_YEAR:
            continue
        if not is_region and not re.fullmatch(r"[A-Z]{3}", figure.region):
            continue
        if figure.unit != "g CO2e per kWh":
            taking.wrong(figure.line, "unit", figure.unit, "it is not g CO2e per kWh")
            continue
        made = entry(
            release=f"ember-{figure.year}",
            category="grid_electricity",
            key="grid",
            place=figure.region,
            unit="MWh",
            years=(figure.year, max(figure.year + 1, _LAST_YEAR)),
            # g per kWh are kg per MWh.
            co2e=plain(figure.value),
            published_as=f"{figure.value} {figure.unit}",
            publisher="Ember",
            document="Ember yearly electricity data, read from the Green Web Foundation's co2.js",
            table="emissions intensity by region" if is_region else "emissions intensity by country",
            year=str(figure.year),
            licence="CC BY 4.0",
            status="regional" if is_region else "life_cycle",
        )
        taking.add(made, of=[figure])
