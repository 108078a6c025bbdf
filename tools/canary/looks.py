"""What is asked, and set, while the locations are filled."""

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tools.canary.people import ROOT
from tools.canary.pool import YEARS

if TYPE_CHECKING:
    from tools.canary.seed import Seed

__all__ = ["BOUNDS", "LOOK", "WARNINGS", "own_factors"]

LOOK = """query Canary($at: ID!) {
  location(id: $at) { figures(by: [SCOPE, CATEGORY, STREAM, GAS]) { figures { scope category stream gas } }
    periods: figures(by: [REPORTING_PERIOD]) { figures { reportingPeriod { start end } } }
    years: figures(by: [YEAR]) { figures { marketBased { value } } }
    completeness(year: 2023) { cells(first: 1, filter: { states: [NOT_OCCURRING] }) { edges { node { reason } } } }
    inventory(year: 2023) { uncertainty { byCategory { scope category } } } }
  inventoryAuditEntries(first: 8, filter: { outcome: "refused" }) { edges { node { refusalCode } } }
  found: factorFor(category: "taxi_travel", item: "taxi", unit: "km", locationId: $at, on: "2024-01-01") {
    edition explanation factor { id } tried { place outcome } }
  refused: factorFor(category: "taxi_travel", item: "taxi", unit: "kWh", locationId: $at, on: "2024-01-01") {
    refusal { code } }
  compareEditions(locationId: $at, first: 1) { edges { node { inventory { id } edition kept { value }
    restated { value } missing byCategory { category optional kept { value } restated { value } } } } }
}"""


WARNINGS = """query Canary($at: ID!, $year: Int!) {
  location(id: $at) { inventory(year: $year) {
    id findings(first: 100, filter: { severity: WARNING, isExplained: false }) { edges { node { id } } }
  } }
}"""
_BOUND = {"locationId": ROOT, "low": "1", "high": "2", "severity": "WARNING", "source": "the canary"}
BOUNDS: tuple[Mapping[str, str | None], ...] = (
    {**_BOUND, "category": "generator_fuel", "item": "diesel", "basis": "MONTH", "unit": "litre",
     "validFrom": "2023-12-01", "validTo": "2024-02-01"},
    {**_BOUND, "category": "waste", "basis": "YEAR", "unit": "kg", "validFrom": "2020-01-01"},
)  # fmt: skip
"""So little that every location has a warning."""


def own_factors(seed: "Seed", location: str) -> dict[str, str]:
    """Factors of the location's own for cooling, which nobody publishes factors for, in its two years of it."""
    rows = [
        f"purchased_cooling,chilled_water,,{year}-01-01,{year + 1}-01-01,kWh,0.{seed.figure().replace('.', '')},7.5"
        for year in YEARS[:2]
    ]
    header = "category,item,place,valid_from,valid_to,unit,co2e,uncertainty_percent"
    return {
        "locationId": location,
        "name": "own-2024",
        "publisher": seed.text(location),
        "licence": seed.text(location),
        "licenceText": seed.text(location),
        "fileName": "own.csv",
        "content": b64encode("\n".join((header, *rows)).encode()).decode(),
    }
