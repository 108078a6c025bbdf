"""Words that people use in activity data, and the names that the platform has for them."""

from collections.abc import Mapping

from inventory.domain.activity_data import Category

__all__ = [
    "CATEGORIES",
    "CLASSES",
    "DISCHARGES",
    "INSTRUMENT_SOURCES",
    "ITEMS",
    "ONLY_ITEM",
    "PHASES",
    "RENEWABLE_SOURCES",
    "TREATMENTS",
    "WASTE_STREAMS",
    "WASTE_TREATMENTS",
    "WATER_SOURCES",
]

CATEGORIES: Mapping[str, str] = {
    "electricity": "grid_electricity",
    "generator": "generator_fuel",
    "heating": "heating_fuel",
    "heat": "purchased_heat",
    "steam": "purchased_heat",
    "district_heating": "purchased_heat",
    "cooling": "purchased_cooling",
    "district_cooling": "purchased_cooling",
    "solar": "on_site_renewables",
    "renewables": "on_site_renewables",
    "refrigerants": "refrigerant",
    "vehicle": "vehicle_fuel",
    "vehicles": "vehicle_fuel",
    "flight": "air_travel",
    "flights": "air_travel",
    "air": "air_travel",
    "rail": "rail_travel",
    "train": "rail_travel",
    "taxi": "taxi_travel",
    "bus": "bus_travel",
}
ITEMS: Mapping[str, str] = {
    "gasoline": "petrol",
    "diesel_fuel": "diesel",
    "gas": "natural_gas",
    "electricity": "grid",
    "flight": "air_travel",
    "tap_water": "public_network",
    "well": "borehole",
}
ONLY_ITEM: Mapping[Category, str] = {
    Category.GRID_ELECTRICITY: "grid",
    Category.RAIL_TRAVEL: "train",
    Category.TAXI_TRAVEL: "taxi",
}
RENEWABLE_SOURCES = ("solar", "wind", "hydro", "biomass", "geothermal")
INSTRUMENT_SOURCES = (*RENEWABLE_SOURCES, "nuclear", "fossil", "mixed")
PHASES = ("installation", "operation", "disposal")
WASTE_STREAMS = (
    "mixed",
    "food",
    "garden",
    "paper",
    "plastic",
    "metal",
    "glass",
    "textiles",
    "electronic",
    "batteries",
    "wood",
    "construction",
    "hazardous",
    "medical",
    "other",
)
WASTE_TREATMENTS = (
    "landfill",
    "incineration",
    "composting",
    "anaerobic_digestion",
    "recycling",
    "reuse",
    "open_dump",
    "open_burning",
    "stored",
    "unknown",
)
TREATMENTS: Mapping[str, str] = {"combustion": "incineration", "incinerated": "incineration", "recycled": "recycling"}
WATER_SOURCES = ("public_network", "borehole", "surface", "tanker", "rain", "bottled", "reused")
DISCHARGES = ("public_sewer", "treatment_plant", "septic_tank", "soakaway", "lagoon", "reused", "untreated")
CLASSES: Mapping[str, str] = {"premium": "premium_economy", "unknown": "average"}
