"""Cuts the share of renewable electricity of each country's generation out of a published table of its energy mix.

`python -m tools.build_grid_shares global_energy_mix.json`: the file that codecarbon 3.3.2 (MIT) carries in
`data/private_infra`, which is Our World in Data's *Energy* (CC BY 4.0, of Ember and the Energy Institute), newest year
of each country.
"""

import csv
import json
import sys
from decimal import Decimal
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "services/inventory/src/inventory/catalogue/grid_renewable_shares.csv"
SOURCE = "Our World in Data, Energy (of Ember and the Energy Institute), as in codecarbon 3.3.2"
COLUMNS = ("country", "year", "renewable_twh", "total_twh", "source", "licence")


def main() -> None:
    mix = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"), parse_float=Decimal)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for country, row in sorted(mix.items()):
            # The total as printed is a float's sum; its parts are what was published.
            renewable = Decimal(row["renewables_TWh"])
            total = Decimal(row["low_carbon_TWh"]) + Decimal(row["fossil_TWh"])
            if total:
                writer.writerow((country, row["year"], f"{renewable:f}", f"{total:f}", SOURCE, "CC BY 4.0"))


if __name__ == "__main__":
    main()
