"""Cuts the shipped data from the collected emission factors: GWP sets, blends, and the catalogue of emission factors.

The committed CSV files are what ships; this script records how they came about, and makes them again. It stops when a
row of the collection is wrong. The catalogue is made by the adapters that `python -m inventory factors import` has.

    python tools/build_catalogue.py [directory of the collection, by default ../shared/factors]
"""

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from inventory.domain.publications import Format, PublishedRow, read_publication

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

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def write(path: Path, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
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

PUBLICATIONS = (
    ("un_sun_2023.csv", Format.UN_SUN, None),
    ("uk_desnz_2016_2025.csv", Format.DESNZ, 2019),
    ("ipcc_2006_defaults.csv", Format.IPCC, None),
    ("us_epa_ghg_hub_2021_2024_2025.csv", Format.EPA, 2024),
    ("grid_average_by_country_life_cycle.csv", Format.EMBER, None),
)
"""Each file with the oldest year of it that ships."""


def releases(collection: Path) -> dict[str, list[Mapping[str, str]]]:
    """Rows of every release, as `factors import` would take them in."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for name, publisher, oldest in PUBLICATIONS:
        lines = enumerate(read(collection / name), start=2)
        publication = read_publication((PublishedRow(line=line, cells=row) for line, row in lines), of=publisher)
        for problem in publication.problems:
            sys.exit(f"{name}, line {problem.line}: {problem.column} {problem.value}: {problem.reason}")
        for row in publication.entries:
            if oldest is None or int(row["year"]) >= oldest:
                found.setdefault(row["release"], []).append(row)
    return found


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
    for release, rows in releases(collection).items():
        write(RELEASES / f"{release}.csv", COLUMNS, rows)


if __name__ == "__main__":
    main()
