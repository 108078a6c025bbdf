"""The factors of the UN-wide method, by UNEP Sustainable United Nations."""

from inventory.domain.publications.reading import Taking, entry, plain

__all__ = ["take"]

_ITEMS = (
    ("generator_fuel", "diesel", "litre", "on-site generator, petrol/diesel", "tCO2e per litre"),
    ("generator_fuel", "petrol", "litre", "on-site generator, petrol/diesel", "tCO2e per litre"),
    ("heating_fuel", "heating_oil", "litre", "heating oil", "tCO2e per litre"),
    ("heating_fuel", "natural_gas", "m3", "natural gas", "tCO2e per m3"),
    ("heating_fuel", "crude_oil", "litre", "crude oil", "tCO2e per litre"),
    ("heating_fuel", "residual_oil", "litre", "residual oil", "tCO2e per litre"),
    ("vehicle_fuel", "petrol", "litre", "vehicle petrol", "tCO2e per litre"),
    ("vehicle_fuel", "diesel", "litre", "vehicle diesel", "tCO2e per litre"),
    ("rail_travel", "train", "passenger_km", "train travel", "tCO2e per km"),
    ("taxi_travel", "taxi", "km", "taxi travel", "tCO2e per km"),
)
_VALID_YEARS = 3


def take(taking: Taking) -> None:
    """Every factor of the list; tonnes become kilograms."""
    found = {(figure.activity, figure.unit): figure for figure in taking.figures}
    for category, key, unit, activity, published_unit in _ITEMS:
        figure = found.get((activity, published_unit))
        if figure is None:
            continue
        made = entry(
            release=f"un-sun-{figure.year}",
            category=category,
            key=key,
            place="default",
            unit=unit,
            years=(figure.year, figure.year + _VALID_YEARS - 1),
            co2e=plain(figure.value * 1000),
            published_as=f"{figure.value} {published_unit}",
            publisher="UNEP Sustainable United Nations, as quoted by UNDP",
            document=f"UNDP Environmental Management Tool: methodology, November {figure.year}",
            table="emission factors",
            year=str(figure.year),
            licence="facts quoted, no licence stated",
            status="published",
        )
        taking.add(made, of=[figure])
