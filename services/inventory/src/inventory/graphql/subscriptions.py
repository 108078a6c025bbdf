"""What subscribers hear of *inventory*, and what each event leads to."""

from chassis.graphql.events import subscription
from inventory.graphql.types import Inventory, Location

__all__ = ["Subscription"]

Subscription = subscription(
    "inventory",
    field="inventory_events",
    links={"location": (Location, "location_id"), "inventory": (Inventory, "inventory_id")},
)
