"""The UK Government's conversion factors for company reporting: the flat file, or the same as a list."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from inventory.domain.publications.reading import (
    Figure,
    PublishedRow,
    Taking,
    entry,
    parts_make_whole,
    plain,
)

__all__ = ["as_list", "take"]

AR5_FROM = 2023
"""The sets state their CO2e by AR4 up to 2022, and by AR5 from 2023 on (methodology paper of the 2023 set)."""

_PARTS = {"co2": "CO2 (as CO2e)", "ch4": "CH4 (as CO2e)", "n2o": "N2O (as CO2e)"}
_NOT_PART_OF_NAME = {"Energy - Gross CV", "Energy - Net CV", "Tonnes", "Volume", "kWh", "2020.0"}
_LEVELS = ("Level 2", "Level 3", "Level 4", "Column Text")
_GASES = {
    "kg CO2e": "CO2e",
    "kg CO2e of CO2 per unit": "CO2 (as CO2e)",
    "kg CO2e of CH4 per unit": "CH4 (as CO2e)",
    "kg CO2e of N2O per unit": "N2O (as CO2e)",
}
_UNITS = {
    "litre": "kg CO2e per litres",
    "tonne": "kg CO2e per tonnes",
    "kWh_net": "kg CO2e per kWh (Net CV)",
    "kWh_gross": "kg CO2e per kWh (Gross CV)",
    "kWh": "kg CO2e per kWh",
    "km": "kg CO2e per km",
    "passenger_km": "kg CO2e per passenger.km",
    "m3": "kg CO2e per cubic metres",
}
_ALL_FUEL_UNITS = ("litre", "tonne", "kWh_net", "kWh_gross")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """Where in the publication the factor of an item of ours is."""

    category: str
    key: str
    units: tuple[str, ...]
    of: str
    """The publication's category."""
    activities: tuple[str, ...]
    """The first that there is holds: names have changed over the years."""
    table: str
    status: str = "proxy"


def _fuels() -> Iterator[_Item]:
    for category, key, name, units in (
        ("heating_fuel", "lpg", "Gaseous fuels | LPG", _ALL_FUEL_UNITS),
        ("heating_fuel", "kerosene", "Liquid fuels | Burning oil", _ALL_FUEL_UNITS),
        ("heating_fuel", "natural_gas", "Gaseous fuels | Natural gas (100% mineral blend)", ("kWh_net", "kWh_gross")),
        ("generator_fuel", "diesel", "Liquid fuels | Diesel (100% mineral diesel)", _ALL_FUEL_UNITS),
        ("generator_fuel", "petrol", "Liquid fuels | Petrol (100% mineral petrol)", _ALL_FUEL_UNITS),
        ("vehicle_fuel", "diesel", "Liquid fuels | Diesel (100% mineral diesel)", ("litre", "tonne")),
        ("vehicle_fuel", "petrol", "Liquid fuels | Petrol (100% mineral petrol)", ("litre", "tonne")),
        ("vehicle_fuel", "lpg", "Gaseous fuels | LPG", ("litre", "tonne")),
    ):
        yield _Item(
            category=category, key=key, units=units, of="Fuels", activities=(name,),
            table=f"Fuels; {name.split(' | ')[1]}", status="published",
        )  # fmt: skip


def _heat() -> Iterator[_Item]:
    for key in ("heat", "steam"):
        yield _Item(
            category="purchased_heat", key=key, units=("kWh",), of="Heat and steam",
            activities=("Heat and steam | District heat and steam",), table="Heat and steam; district heat and steam",
        )  # fmt: skip


_CABINS = {
    "average": "Average passenger",
    "economy": "Economy class",
    "premium_economy": "Premium economy class",
    "business": "Business class",
    "first": "First class",
}


def _travel() -> Iterator[_Item]:
    for key, cabin in _CABINS.items():
        yield _Item(
            category="air_travel", key=key, units=("passenger_km",), of="Business travel- air",
            activities=(f"Flights | International, to/from non-UK | {cabin} | Without RF",),
            table=f"Business travel - air; international, to/from non-UK; {cabin.lower()}; without RF",
            status="published",
        )  # fmt: skip
    for category, key, unit, name in (
        ("rail_travel", "train", "passenger_km", "Rail | National rail"),
        ("rail_travel", "international_rail", "passenger_km", "Rail | International rail"),
        ("rail_travel", "light_rail", "passenger_km", "Rail | Light rail and tram"),
        ("bus_travel", "bus", "passenger_km", "Bus | Average local bus"),
        ("bus_travel", "coach", "passenger_km", "Bus | Coach"),
        ("taxi_travel", "taxi", "km", "Taxis | Regular taxi"),
    ):
        yield _Item(
            category=category, key=key, units=(unit,), of="Business travel- land", activities=(name,),
            table=f"Business travel - land; {name.replace(' | ', '; ').lower()}",
        )  # fmt: skip


_CAR_FUELS = {
    "": "Unknown",
    "_diesel": "Diesel",
    "_petrol": "Petrol",
    "_hybrid": "Hybrid",
    "_plug_in_hybrid": "Plug-in Hybrid Electric Vehicle",
    "_electric": "Battery Electric Vehicle",
    "_lpg": "LPG",
    "_cng": "CNG",
}


def _vehicles() -> Iterator[_Item]:
    for size in ("average", "small", "medium", "large"):
        for ending, fuel in _CAR_FUELS.items():
            name = f"Cars (by size) | {size.title()} car | {fuel}"
            yield _vehicle(f"{size}_car{ending}", "Passenger vehicles", name)
    for ending, fuel in _CAR_FUELS.items():
        yield _vehicle(f"van{ending}", "Delivery vehicles", f"Vans | Average (up to 3.5 tonnes) | {fuel}")
    for ending, size in {"": "Average", "_small": "Small", "_medium": "Medium", "_large": "Large"}.items():
        yield _vehicle(f"motorbike{ending}", "Passenger vehicles", f"Motorbike | {size}")
    yield _vehicle("hgv", "Delivery vehicles", "HGV (all diesel) | All HGVs | Average laden")


def _vehicle(key: str, of: str, name: str) -> _Item:
    return _Item(
        category="vehicle_distance", key=key, units=("km",), of=of, activities=(name,),
        table=f"{of}; {name.replace(' | ', '; ')}",
    )  # fmt: skip


_WASTE = {
    "mixed": "Refuse | Commercial and industrial waste",
    "food": "Refuse | Organic: food and drink waste",
    "garden": "Refuse | Organic: garden waste",
    "paper": "Paper | Paper and board: mixed",
    "plastic": "Plastic | Plastics: average plastics",
    "metal": "Metal | Metal: scrap metal",
    "glass": "Other | Glass",
    "textiles": "Other | Clothing",
    "electronic": "Electrical items | WEEE - mixed",
    "batteries": "Electrical items | Batteries",
    "wood": "Construction | Wood",
    "construction": "Construction | Average construction",
}
_TREATMENTS = {
    "landfill": ("Landfill",),
    "incineration": ("Combustion", "Incineration with Energy Recovery"),
    "composting": ("Composting",),
    "anaerobic_digestion": ("Anaerobic digestion",),
    "recycling": ("Closed-loop", "Open-loop"),
}


def _waste_and_water() -> Iterator[_Item]:
    for stream, name in _WASTE.items():
        for treatment, endings in _TREATMENTS.items():
            yield _Item(
                category="waste", key=f"{stream}/{treatment}", units=("tonne",), of="Waste disposal",
                activities=tuple(f"{name} | {ending}" for ending in endings),
                table=f"Waste disposal; {name.split(' | ')[1]}",
            )  # fmt: skip
    for category, key, name in (
        ("water", "public_network", "Water supply"),
        ("wastewater", "public_sewer", "Water treatment"),
    ):
        yield _Item(category=category, key=key, units=("m3",), of=name, activities=(f"{name} | {name}",), table=name)


_ITEMS = (*_fuels(), *_heat(), *_travel(), *_vehicles(), *_waste_and_water())


def take(taking: Taking) -> None:
    """Factors of every year in the file. A problem is a whole whose parts don't sum to it."""
    found: dict[tuple[int, str, str, str], dict[str, Figure]] = {}
    for figure in taking.figures:
        question = (figure.year, figure.category, _name(figure.activity), figure.unit)
        found.setdefault(question, {})[figure.gas] = figure
    _check_sums(taking, found.values())
    for year in sorted({figure.year for figure in taking.figures}):
        for item in _ITEMS:
            for unit in item.units:
                for activity in item.activities:
                    by_gas = found.get((year, item.of, activity, _UNITS[unit]), {})
                    if "CO2e" in by_gas:
                        _add(taking, item, unit=unit, year=year, activity=activity, by_gas=by_gas)
                        break


def _name(activity: str) -> str:
    parts = activity.split(" | ")
    return " | ".join(parts[:-1] if len(parts) > 1 and parts[-1] in _NOT_PART_OF_NAME else parts)


def _check_sums(taking: Taking, figures: Iterable[dict[str, Figure]]) -> None:
    for by_gas in figures:
        if not {"CO2e", *_PARTS.values()} <= by_gas.keys():
            continue
        whole = by_gas["CO2e"]
        parts = [by_gas[part].value for part in _PARTS.values()]
        if not parts_make_whole(parts, whole.value):
            reason = f"its gases sum to {sum(parts)}"
            taking.wrong(whole.line, "value", str(whole.value), reason)


def _add(taking: Taking, item: _Item, *, unit: str, year: int, activity: str, by_gas: dict[str, Figure]) -> None:
    whole = by_gas["CO2e"]
    parts = {column: by_gas[gas] for column, gas in _PARTS.items() if gas in by_gas}
    stated: dict[str, str] = {}
    published = f"{whole.value} {whole.unit}"
    if len(parts) == len(_PARTS):
        stated = {"gases_stated_in": "kgCO2e", **{column: plain(part.value) for column, part in parts.items()}}
        listed = ", ".join(f"{part.value} {column.upper()}" for column, part in parts.items())
        published = f"{published} ({listed}, each as CO2e)"
    table = item.table
    if item.category == "waste":
        table = f"{table}; {activity.rsplit(' | ', 1)[1].lower()}"
    ministry = "DESNZ" if year >= AR5_FROM else "BEIS"
    made = entry(
        release=f"desnz-{year}",
        category=item.category,
        key=item.key,
        place="default",
        unit=unit,
        years=(year, year),
        **stated,
        co2e=plain(whole.value),
        gwp_set="AR5" if year >= AR5_FROM else "AR4",
        published_as=published,
        publisher=f"UK Government ({ministry})",
        document=f"Greenhouse gas reporting: conversion factors {year}, flat file",
        table=table,
        year=str(year),
        licence="Open Government Licence v3.0",
        status=item.status,
    )
    taking.add(made, of=[whole, *(parts.values() if stated else ())])


def as_list(rows: Iterable[PublishedRow]) -> Iterator[PublishedRow]:
    """Rows of the flat file, as the department publishes it, in the form of a list; others as they are."""
    for row in rows:
        factor = next((column for column in row.cells if column.startswith("GHG Conversion Factor")), None)
        if factor is None or "Level 1" not in row.cells:
            yield row
            continue
        cells = {column: value.strip() for column, value in row.cells.items()}
        gas = _GASES.get(cells.get("GHG/Unit", ""))
        if gas is None or cells[factor] in {"", "N/A"}:
            # Masses of other gases, and cells that the publication leaves empty.
            continue
        names = [cells[level] for level in _LEVELS if cells.get(level)]
        year = re.sub(r"\D", "", factor)
        yield replace(
            row,
            cells={
                "activity": " | ".join(names),
                "category": cells["Level 1"],
                "scope": cells.get("Scope", ""),
                "unit": f"kg CO2e per {cells.get('UOM', '')}",
                "gas": gas,
                "value": cells[factor].replace(",", ""),
                "source": f"UK Gov GHG Conversion Factors for Company Reporting {year} (flat file)",
                "year": year,
                "region": "GB",
                "licence": "Open Government Licence v3.0",
            },
        )
