"""What is asked, and set, while the locations are filled."""

from collections.abc import Mapping

__all__ = ["BOUNDS", "LOOK", "WARNINGS"]

LOOK = """query Canary($at: ID!) {
  location(id: $at) { figures(by: [SCOPE, CATEGORY, STREAM, GAS]) { figures { scope category stream gas } }
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
BOUNDS: tuple[Mapping[str, str | None], ...] = (
    {"category": "water", "item": "borehole", "basis": "MONTH", "unit": "m3", "validFrom": "2023-12-01",
     "validTo": "2024-02-01"},
    {"category": "waste", "item": None, "basis": "YEAR", "unit": "kg", "validFrom": "2020-01-01", "validTo": None},
)  # fmt: skip
"""So little that every location has a warning."""
