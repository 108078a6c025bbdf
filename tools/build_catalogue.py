"""Cuts the shipped data from the collected emission factors: GWP sets, blends, and the catalogue of emission factors.

The committed CSV files are what ships; this script records how they came about, and makes them again. It stops when a
figure that it looks for is not in the collection exactly once.

    python tools/build_catalogue.py [directory of the collection, by default ../shared/factors]
"""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUANTITIES_DATA = ROOT / "libs/quantities/src/quantities/data"
RELEASES = ROOT / "services/inventory/src/inventory/catalogue/releases"

COLUMNS = [
    "id",
    "release",
    "category",
    "key",
    "place",
    "valid_from",
    "valid_to",
    "unit",
    "gases_stated_in",
    "co2",
    "ch4",
    "n2o",
    "co2e",
    "biogenic_co2",
    "gwp_set",
    "published_as",
    "publisher",
    "document",
    "table",
    "year",
    "licence",
    "status",
]

POUND_KG = Decimal("0.45359237")

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def the_one(rows: Iterable[Row], **wanted: str) -> Decimal:
    found = [row for row in rows if all(row[column] == value for column, value in wanted.items())]
    if len(found) != 1:
        sys.exit(f"{len(found)} rows instead of one for {wanted}")
    return Decimal(found[0]["value"])


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def write(path: Path, columns: list[str], rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        count = 0
        for row in rows:
            writer.writerow(row)
            count += 1
    print(f"{path.relative_to(ROOT)}: {count} rows")


# GWP sets

GWP_CITATION = {
    "AR4": "IPCC AR4 (2007), WG I, ch. 2, table 2.14",
    "AR5": "IPCC AR5 (2013), WG I, ch. 8, table 8.A.1",
    "AR6": "IPCC AR6 (2021), WG I, ch. 7 supplementary material, table 7.SM.7",
}
GWP_READ_FROM = "read from globalwarmingpotentials 0.13.2 (CC0)"
BLEND_CITATION = "composition as in openscm-units 0.6.3 (BSD-3-Clause)"
PERFLUOROCARBONS = {"CF4", "C2F6", "C3F8", "C4F10", "C5F12", "C6F14", "cC4F8"}

# The collection gives HFC-152 where these two hold HFC-152a, so their figures would be wrong.
BLENDS_LEFT_OUT = {"HCFC405a", "HCFC500"}


def gas_name(name: str) -> str | None:
    """The field's own spelling, or None for what is neither a Kyoto gas nor a refrigerant."""
    if name in {"CH4", "N2O", "SF6", "NF3"} or name in PERFLUOROCARBONS:
        return name
    if name == "HFC4310mee":
        return "HFC-43-10mee"
    match = re.fullmatch(r"(HCFC|HFC|CFC)(\d+)([a-z]*)", name)
    return f"{match[1]}-{match[2]}{match[3]}" if match else None


def blend_name(name: str) -> str:
    match = re.fullmatch(r"(?:HCFC|HFC|CFC)(\d+)([a-z]*)", name)
    if match is None:
        sys.exit(f"{name} is not the name of a blend")
    return f"R-{match[1]}{match[2].upper()}"


def gwp_rows(rows: list[Row]) -> Iterator[Row]:
    for gwp_set, citation in GWP_CITATION.items():
        yield {"gwp_set": gwp_set, "gas": "CO2", "kg_co2e_per_kg": "1", "citation": "the reference gas, by definition"}
        for row in rows:
            gas = gas_name(row["gas"])
            if gas is None or row["category"] != "GWP100" or row["status"] != "verified at source":
                continue
            if row["source"].endswith(f" {gwp_set}GWP100"):
                yield {
                    "gwp_set": gwp_set,
                    "gas": gas,
                    "kg_co2e_per_kg": plain(Decimal(row["value"])),
                    "citation": f"{citation}; {GWP_READ_FROM}",
                }


def blend_rows(rows: list[Row]) -> Iterator[Row]:
    seen = set()
    for row in rows:
        name, _, composition = row["activity"].partition(": ")
        if not composition or name in seen or name in BLENDS_LEFT_OUT or not row["source"].startswith("openscm-units"):
            continue
        seen.add(name)
        parts = [part.split("% ") for part in composition.split(" + ")]
        if sum(Decimal(percent) for percent, _ in parts) != Decimal(100):
            sys.exit(f"the parts of {name} do not make 100 %")
        for percent, gas in parts:
            yield {
                "blend": blend_name(name),
                "gas": gas_name(gas) or sys.exit(f"unknown gas {gas}"),
                "mass_percent": percent,
                "citation": BLEND_CITATION,
            }


# The catalogue


def factor(*, release: str, category: str, key: str, place: str, unit: str, years: tuple[int, int], **rest: str) -> Row:
    """One row; valid from the first day of the first year to the end of the last."""
    return {
        "id": f"{release}:{category}:{key}:{unit}:{place}",
        "release": release,
        "category": category,
        "key": key,
        "place": place,
        "unit": unit,
        "valid_from": f"{years[0]}-01-01",
        "valid_to": f"{years[1] + 1}-01-01",
        **rest,
    }


UN_SUN = [
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
]


def un_rows(rows: list[Row]) -> Iterator[Row]:
    for category, key, unit, activity, published_unit in UN_SUN:
        value = the_one(rows, activity=activity, unit=published_unit)
        yield factor(
            release="un-sun-2023",
            category=category,
            key=key,
            place="default",
            unit=unit,
            years=(2023, 2025),
            co2e=plain(value * 1000),
            published_as=f"{value} {published_unit}",
            publisher="UNEP Sustainable United Nations, as quoted by UNDP",
            document="UNDP Environmental Management Tool: methodology, November 2023",
            table="emission factors",
            year="2023",
            licence="facts quoted, no licence stated",
            status="published",
        )


def desnz(year: int) -> Row:
    ministry = "DESNZ" if year >= 2023 else "BEIS"  # noqa: PLR2004 - the department was renamed in February 2023
    return {
        "publisher": f"UK Government ({ministry})",
        "document": f"Greenhouse gas reporting: conversion factors {year}, flat file",
        "year": str(year),
        "licence": "Open Government Licence v3.0",
    }


def desnz_by_gas(rows: list[Row], *, activity: str, unit: str, year: int, scope: str) -> Row:
    """The published CO2e and, where the publisher gives them, its parts by gas, stated as CO2e."""
    wanted = {"activity": activity, "unit": unit, "year": str(year), "scope": scope}
    co2e = the_one(rows, **wanted, gas="CO2e")
    parts = {gas: the_one(rows, **wanted, gas=f"{gas} (as CO2e)") for gas in ("CO2", "CH4", "N2O")}
    published = ", ".join(f"{value} {gas}" for gas, value in parts.items())
    return {
        "gases_stated_in": "kgCO2e",
        **{gas.lower(): plain(value) for gas, value in parts.items()},
        "co2e": plain(co2e),
        "gwp_set": "AR5" if year >= 2023 else "AR4",  # noqa: PLR2004 - see the method paper of the 2023 set
        "published_as": f"{co2e} {unit} ({published}, each as CO2e)",
    }


CABIN = {
    "average": "Average passenger",
    "economy": "Economy class",
    "premium_economy": "Premium economy class",
    "business": "Business class",
    "first": "First class",
}


def air_rows(rows: list[Row]) -> Iterator[Row]:
    for year in range(2019, 2026):
        for key, cabin in CABIN.items():
            yield factor(
                release=f"desnz-{year}",
                category="air_travel",
                key=key,
                place="default",
                unit="passenger_km",
                years=(year, year),
                table=f"Business travel - air; international, to/from non-UK; {cabin.lower()}; without RF",
                status="published",
                **desnz(year),
                **desnz_by_gas(
                    [row for row in rows if row["category"] == "Business travel- air"],
                    activity=f"Flights | International, to/from non-UK | {cabin} | Without RF",
                    unit="kg CO2e per passenger.km",
                    year=year,
                    scope="Scope 3",
                ),
            )


FUEL_UNITS = {
    "litre": "kg CO2e per litres",
    "tonne": "kg CO2e per tonnes",
    "kWh_net": "kg CO2e per kWh (Net CV)",
    "kWh_gross": "kg CO2e per kWh (Gross CV)",
}
DESNZ_FUELS = [
    ("lpg", "Gaseous fuels | LPG", ("litre", "tonne", "kWh_net", "kWh_gross")),
    ("kerosene", "Liquid fuels | Burning oil", ("litre", "tonne", "kWh_net", "kWh_gross")),
    ("natural_gas", "Gaseous fuels | Natural gas (100% mineral blend)", ("kWh_net", "kWh_gross")),
]


def fuel_rows(rows: list[Row]) -> Iterator[Row]:
    fuels = [row for row in rows if row["category"] == "Fuels"]
    for key, activity, units in DESNZ_FUELS:
        for unit in units:
            yield factor(
                release="desnz-2024",
                category="heating_fuel",
                key=key,
                place="default",
                unit=unit,
                years=(2024, 2024),
                table=f"Fuels; {activity.split(' | ')[1]}",
                status="published",
                **desnz(2024),
                **desnz_by_gas(fuels, activity=activity, unit=FUEL_UNITS[unit], year=2024, scope="Scope 1"),
            )


WASTE = {
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
TREATMENT = {
    "landfill": ("Landfill",),
    "incineration": ("Combustion",),
    "composting": ("Composting",),
    "anaerobic_digestion": ("Anaerobic digestion",),
    "recycling": ("Closed-loop", "Open-loop"),
}


def waste_and_water_rows(rows: list[Row]) -> Iterator[Row]:
    published = {
        row["activity"]: row
        for row in rows
        if row["year"] == "2024" and row["gas"] == "CO2e" and row["unit"] == "kg CO2e per tonnes"
    }
    shared = {"release": "desnz-2024", "place": "default", "status": "proxy", **desnz(2024)}
    for stream, activity in WASTE.items():
        for treatment, names in TREATMENT.items():
            name = next((name for name in names if f"{activity} | {name}" in published), None)
            if name is None:
                continue
            row = published[f"{activity} | {name}"]
            yield factor(
                category="waste",
                key=f"{stream}/{treatment}",
                unit="tonne",
                years=(2024, 2024),
                co2e=plain(Decimal(row["value"])),
                gwp_set="AR5",
                published_as=f"{row['value']} {row['unit']}",
                table=f"Waste disposal; {activity.split(' | ')[1]}; {name.lower()}",
                **shared,
            )
    for category, key, activity in (
        ("water", "public_network", "Water supply | Water supply"),
        ("wastewater", "public_sewer", "Water treatment | Water treatment"),
    ):
        unit = "kg CO2e per cubic metres"
        value = the_one(rows, activity=activity, unit=unit, year="2024", gas="CO2e")
        yield factor(
            category=category,
            key=key,
            unit="m3",
            years=(2024, 2024),
            co2e=plain(value),
            gwp_set="AR5",
            published_as=f"{value} {unit}",
            table=activity.split(" | ")[0],
            **shared,
        )


def egrid_rows(rows: list[Row]) -> Iterator[Row]:
    for hub, egrid, document, applies in (
        ("2024", "eGRID2022", "US EPA GHG Emission Factors Hub 2024", 2023),
        ("2025", "eGRID2023", "US EPA GHG Emission Factors Hub 2025 (last modified 2025-01-15)", 2024),
    ):
        pounds = {
            gas: the_one(
                rows,
                activity="grid electricity, NYCW NPCC NYC/Westchester, total output",
                unit=f"lb {gas} per MWh",
                year=hub,
            )
            for gas in ("CO2", "CH4", "N2O")
        }
        yield factor(
            release=f"epa-hub-{hub}",
            category="grid_electricity",
            key="grid",
            place="US-NYCW",
            unit="MWh",
            years=(applies, applies),
            gases_stated_in="kg",
            **{gas.lower(): plain(value * POUND_KG) for gas, value in pounds.items()},
            published_as=", ".join(f"{value} lb {gas} per MWh" for gas, value in pounds.items()),
            publisher="US Environmental Protection Agency",
            document=f"{document}, {egrid}",
            table="table 6, total output emission factors, subregion NYCW",
            year=hub,
            licence="public domain (17 USC 105)",
            status="published",
        )


OLDEST_EMBER_YEAR = 2021
EMBER_LAST_YEAR = 2024


def ember_rows(rows: list[Row]) -> Iterator[Row]:
    for row in sorted(rows, key=lambda row: row["region"]):
        if not row["source"].startswith("Ember") or not re.fullmatch(r"[A-Z]{3}", row["region"]):
            continue
        year = int(row["year"])
        if year < OLDEST_EMBER_YEAR:
            continue
        value = Decimal(row["value"])
        yield factor(
            release=f"ember-{year}",
            category="grid_electricity",
            key="grid",
            place=row["region"],
            unit="MWh",
            years=(year, EMBER_LAST_YEAR),
            co2e=plain(value),
            published_as=f"{value} {row['unit']}",
            publisher="Ember",
            document="Ember yearly electricity data, read from the Green Web Foundation's co2.js",
            table="emissions intensity by country",
            year=str(year),
            licence="CC BY 4.0",
            status="life_cycle",
        )


IPCC_FUELS = {"wood": "Wood/Wood Waste", "charcoal": "Charcoal"}
IPCC_GASES = {"CO2": "CARBON DIOXIDE", "CH4": "METHANE", "N2O": "NITROUS OXIDE"}


def biomass_rows(rows: list[Row]) -> Iterator[Row]:
    for key, fuel in IPCC_FUELS.items():
        per_tj = {
            gas: the_one(
                rows,
                activity=f"{fuel} | {gas} Emission Factor for Stationary Combustion (kg/TJ on a net calorific basis)",
                category="stationary combustion (commercial/institutional) [1.A.4.a - Commercial/Institutional]",
                gas=name,
            )
            for gas, name in IPCC_GASES.items()
        }
        tj_per_gg = the_one(
            rows,
            activity=f"{fuel} | Net Calorific Value (NCV)",
            category="NCV/carbon content [1.A - Fuel Combustion Activities]",
        )
        published = ", ".join(f"{value} kg {gas}/TJ" for gas, value in per_tj.items())
        for unit, tj_per_unit, calorific in (
            ("GJ_net", Decimal("0.001"), ""),
            ("tonne", tj_per_gg / 1000, f", {tj_per_gg} TJ/Gg net calorific value"),
        ):
            yield factor(
                release="ipcc-2006",
                category="heating_fuel",
                key=key,
                place="default",
                unit=unit,
                years=(2006, 2025),
                gases_stated_in="kg",
                co2="0",
                ch4=plain(per_tj["CH4"] * tj_per_unit),
                n2o=plain(per_tj["N2O"] * tj_per_unit),
                biogenic_co2=plain(per_tj["CO2"] * tj_per_unit),
                published_as=f"{published}, net{calorific}; CO2 biogenic",
                publisher="IPCC",
                document="2006 IPCC Guidelines for National Greenhouse Gas Inventories, volume 2: Energy",
                table="ch. 2, table 2.4 (commercial/institutional)" + ("; ch. 1, table 1.2" if calorific else ""),
                year="2006",
                licence="free use with attribution to the IPCC",
                status="published",
            )


def main() -> None:
    collection = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/factors"
    gwp = read(collection / "gwp100.csv")
    write(
        QUANTITIES_DATA / "gwp100.csv",
        ["gwp_set", "gas", "kg_co2e_per_kg", "citation"],
        gwp_rows(gwp),
    )
    write(
        QUANTITIES_DATA / "refrigerant_blends.csv",
        ["blend", "gas", "mass_percent", "citation"],
        blend_rows(gwp),
    )
    uk = read(collection / "uk_desnz_2016_2025.csv")
    factors = [
        *un_rows(read(collection / "un_sun_2023.csv")),
        *fuel_rows(uk),
        *biomass_rows(read(collection / "ipcc_2006_defaults.csv")),
        *egrid_rows(read(collection / "us_epa_ghg_hub_2021_2024_2025.csv")),
        *ember_rows(read(collection / "grid_average_by_country_life_cycle.csv")),
        *air_rows(uk),
        *waste_and_water_rows(uk),
    ]
    for release in dict.fromkeys(row["release"] for row in factors):
        write(RELEASES / f"{release}.csv", COLUMNS, (row for row in factors if row["release"] == release))


if __name__ == "__main__":
    main()
