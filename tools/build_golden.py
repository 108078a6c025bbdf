"""Cuts the long tables of the golden cases from the collected emission factors.

The committed files in `tests/golden/cases` are what is tested; this script records how they came about, and makes them
again. Figures of one published sheet that the collection keeps as numbers have lost the zeros at their end; they get
them back as far as another figure of the same row shows that the publisher printed so many.

    python tools/build_golden.py [directory of the collection, by default ../shared/factors]
"""

import csv
import gzip
import io
import re
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests/golden/cases"
WHOLE_PERCENT = 100
UK_DECIMALS = 5
"""Decimals of a UK flat file, where a row does not show more or fewer."""

Row = dict[str, str]
_SPELT = {"CARBON DIOXIDE": "co2", "METHANE": "ch4", "NITROUS OXIDE": "n2o"}
_HYDROCARBONS = {
    "propane": "HC-290",
    "isobutane": "HC-600a",
    "butane": "HC-600",
    "propylene": "HC-1270",
    "isopentane": "HC-601a",
}


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(value: str) -> str:
    """The figure without exponent, and without a `.0` that a spreadsheet's number left behind."""
    return f"{Decimal(value):f}".removesuffix(".0")


def decimals(value: str) -> int:
    return len(plain(value).partition(".")[2])


def padded(value: str, *, to: int) -> str:
    text = plain(value)
    missing = to - decimals(value)
    return text if missing <= 0 else f"{text}{'' if '.' in text else '.'}{'0' * missing}"


def written(name: str, rows: Sequence[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    # No time and no name in the archive: made again, it is the same to the byte.
    (CASES / name).write_bytes(gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content)
    print(f"{name}: {len(rows)} rows, {(CASES / name).stat().st_size} bytes")


def uk(rows: Iterable[Row]) -> None:
    """Every row of the UK files that is given both whole and by gas."""
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        where = (row["year"], row["category"], row["activity"], row["scope"], row["unit"])
        found.setdefault(where, {})[row["gas"]] = row["value"]
    parts = {"factor_co2": "CO2 (as CO2e)", "factor_ch4": "CH4 (as CO2e)", "factor_n2o": "N2O (as CO2e)"}
    kept = []
    for (year, category, activity, scope, unit), figures in found.items():
        if not {"CO2e", *parts.values()} <= figures.keys():
            continue
        finest = max(decimals(figures[gas]) for gas in ("CO2e", *parts.values()))
        whole = padded(figures["CO2e"], to=min(finest, UK_DECIMALS))
        kept.append(
            {"year of set": year, "note": f"{category} | {activity} | {scope} | {unit}"}
            | {column: f"{padded(figures[gas], to=finest)} kgCO2e" for column, gas in parts.items()}
            | {"expect co2e kgCO2e": whole}
        )
    written("uk_desnz.csv.gz", kept)


def epa_fuels(rows: Iterable[Row]) -> None:
    """Table 1 of each hub: heat content times the figure per mmBtu is the figure per short ton, gallon or scf."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row["category"] == "stationary combustion":
            found.setdefault((row["year"], row["activity"]), {})[row["unit"]] = plain(row["value"])
    kept = []
    for (year, fuel), figures in found.items():
        per = next((per for per in ("short ton", "gallon", "scf") if f"mmBtu (HHV) per {per}" in figures), None)
        if per is None:
            continue
        kept.append(
            {
                "year of hub": year,
                "note": f"{fuel}, per {per}",
                "item": fuel,
                "amount": figures[f"mmBtu (HHV) per {per}"],
                "factor_co2": f"{figures['kg CO2 per mmBtu (HHV)']} kg",
                "factor_ch4": f"{figures['g CH4 per mmBtu (HHV)']} g",
                "factor_n2o": f"{figures['g N2O per mmBtu (HHV)']} g",
                "expect gas.CO2 kg": figures[f"kg CO2 per {per}"],
                "expect gas.CH4 g": figures[f"g CH4 per {per}"],
                "expect gas.N2O g": figures[f"g N2O per {per}"],
            }
        )
    written("us_epa_hub_table_1.csv", kept)


def epa_blends(rows: Iterable[Row]) -> None:
    """Table 12 of the hubs of 2021 (AR4) and 2025 (AR5), where the composition that they print makes 100 %."""
    blends, checks = [], []
    for row in rows:
        if row["category"] != "GWP100 blend":
            continue
        year, name = row["year"], row["gas"]
        found = re.findall(r"([\d.]+)% ?([A-Za-z0-9 -]+?) *(?:,|$)", row["activity"].split(":", 1)[1])
        percents = {
            _HYDROCARBONS.get(
                gas, gas.replace("HFC ", "HFC-").replace("PFC-218", "C3F8").replace("PFC-116", "C2F6")
            ): percent
            for percent, gas in found
        }
        if sum(map(Decimal, percents.values())) != WHOLE_PERCENT:
            print(f"left out: {year} {row['activity']}")
            continue
        blends += [
            {"year of hub": year, "blend": name, "gas": gas, "mass_percent": percent}
            for gas, percent in percents.items()
        ]
        # The hub of 2025 misprints it: see the case of its own.
        if (year, name) != ("2025", "R-424A"):
            checks.append(
                {"year of hub": year, "item": name, "note": row["activity"], "expect co2e kgCO2e": plain(row["value"])}
            )
    for year in ("2021", "2025"):
        written(
            f"us_epa_hub_{year}_blends.csv",
            [{k: v for k, v in row.items() if k != "year of hub"} for row in blends if row["year of hub"] == year],
        )
    written("us_epa_hub_table_12.csv", checks)


def epa_gases(rows: Iterable[Row]) -> None:
    """Table 11 of the hub of 2025 (AR5), gases that the shipped GWP sets have."""
    spelt = {
        "Carbon dioxide": "CO2",
        "Methane": "CH4",
        "Nitrous oxide": "N2O",
        "Sulfur hexafluoride": "SF6",
        "Nitrogen trifluoride": "NF3",
        "PFC-14": "CF4",
        "PFC-116": "C2F6",
        "PFC-218": "C3F8",
        "PFC-318": "cC4F8",
        "PFC-31-10": "C4F10",
        "PFC-41-12": "C5F12",
        "PFC-51-14": "C6F14",
    }
    written(
        "us_epa_hub_2025_table_11.csv",
        [
            {
                "item": spelt.get(row["gas"], row["gas"]),
                "note": row["activity"],
                "expect co2e kgCO2e": plain(row["value"]),
            }
            for row in rows
            if row["category"] == "GWP100" and row["year"] == "2025" and row["gas"] != "PFC-91-18"
        ],
    )


def ipcc(rows: Sequence[Row]) -> None:
    """Default carbon content (table 1.3) times 44/12 is the default CO2 factor (table 1.4), as three digits of it."""
    carbon = {}
    for row in rows:
        if row["unit"] == "kg/GJ" and row["value"]:
            carbon[row["activity"].split(" | ")[0]] = plain(row["value"])
    kept: dict[str, Row] = {}
    for row in rows:
        fuel, _, what = row["activity"].partition(" | ")
        is_factor = row["unit"] == "kg/TJ" and what.startswith("CO2 Emission Factor for Stationary") and row["value"]
        if not is_factor or fuel not in carbon or fuel in kept:
            continue
        printed = plain(row["value"])
        last = Decimal(1).scaleb(len(printed) - 3)
        kept[fuel] = {"item": fuel, "amount": carbon[fuel], "expect gas.CO2 kg": f"{printed}@{last:f}"}
    written("ipcc_2006_tables_1_3_and_1_4.csv", list(kept.values()))


def main() -> None:
    collection = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/factors"
    uk(read(collection / "uk_desnz_2016_2025.csv"))
    hub = read(collection / "us_epa_ghg_hub_2021_2024_2025.csv")
    epa_fuels(hub)
    epa_blends(hub)
    epa_gases(hub)
    ipcc(read(collection / "ipcc_2006_defaults.csv"))


if __name__ == "__main__":
    main()
