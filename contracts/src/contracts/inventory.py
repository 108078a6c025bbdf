"""Facts that *inventory* publishes: the register of locations, and the life of inventories."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.fact import Amount, Fact

__all__ = [
    "CategoryTotal",
    "InventoryFinalised",
    "InventorySubmitted",
    "LocationClosed",
    "LocationMoved",
    "LocationRegistered",
    "ScopeTotal",
]


class LocationRegistered(Fact):
    """A location entered the register (the organizational boundary). Sent once; parents before children."""

    producer: ClassVar[str] = "inventory"
    name: ClassVar[str] = "location_registered"
    aggregate: ClassVar[str] = "location_id"

    title: str = Field(description="Name as people know it")
    kind: str
    parent_id: str | None
    path: str = Field(description="Codes from the root, joined by dots")
    country: str | None = Field(description="ISO 3166-1 alpha-3")
    valid_from: date
    valid_to: date | None


class LocationMoved(Fact):
    """A location, with all below it, went under another parent; what it reported before stays what it was."""

    producer: ClassVar[str] = "inventory"
    name: ClassVar[str] = "location_moved"
    aggregate: ClassVar[str] = "location_id"

    from_parent_id: str
    parent_id: str
    path: str = Field(description="Codes from the root, joined by dots, from that day on")
    moved_on: date = Field(description="First day under the new parent")
    reason: str


class LocationClosed(Fact):
    """A location closed, was merged into another one, or was handed over; its history stays."""

    producer: ClassVar[str] = "inventory"
    name: ClassVar[str] = "location_closed"
    aggregate: ClassVar[str] = "location_id"

    closed_on: date = Field(description="First day on which it is no longer a location")
    kind: str = Field(description="closed, merged or handed_over")
    into_id: str | None = Field(description="The location that it was merged into, and is under from then on")
    recipient: str | None = Field(description="Who took it over, outside the Secretariat")
    reason: str


class ScopeTotal(BaseModel):
    """GHG Protocol scope and its total."""

    model_config = ConfigDict(frozen=True)

    scope: int
    co2e: Amount


class CategoryTotal(BaseModel):
    """One source category of one scope; `optional` ones are outside the total."""

    model_config = ConfigDict(frozen=True)

    scope: int
    category: str
    co2e: Amount
    optional: bool


class InventorySubmitted(Fact):
    """A technical team handed its inventory to the local steering group."""

    producer: ClassVar[str] = "inventory"
    name: ClassVar[str] = "inventory_submitted"
    aggregate: ClassVar[str] = "inventory_id"

    inventory_id: str
    year: int
    inventory_version: int
    submitted_by: str


class InventoryFinalised(Fact):
    """An inventory version was approved and can no longer change.

    A later version of the same location and year supersedes it; consumers may not conclude that none follows.
    """

    producer: ClassVar[str] = "inventory"
    name: ClassVar[str] = "inventory_finalised"
    aggregate: ClassVar[str] = "inventory_id"

    inventory_id: str
    year: int
    inventory_version: int
    gwp_set: str
    total: Amount = Field(description="kgCO2e, scopes 1, 2 and 3 business travel; optional and biogenic apart")
    by_scope: tuple[ScopeTotal, ...]
    by_category: tuple[CategoryTotal, ...]
    indicators: dict[str, Amount] = Field(
        description="Resource use and intensity by indicator name; one that is missing, or not open to all, is absent,"
        " never 0"
    )
    approved_by: str
    corrects_id: str | None = Field(default=None, description="The version that this one takes the place of")
    correction_cause: str | None = Field(default=None, description="error or method")
    correction_reason: str | None = None
    scope2_market_based: Amount | None = Field(
        default=None,
        description="kgCO2e, scope 2 by the market-based method, beside the location-based figure that the total holds;"
        " absent where there is no scope 2",
    )
    total_market_based: Amount | None = Field(
        default=None, description="The total with scope 2 by the market-based method in the other's place"
    )
