"""What subscribers hear of *targets*, and what each event leads to."""

from chassis.graphql.events import subscription
from targets.graphql.types import Location, Target

__all__ = ["Subscription"]

Subscription = subscription(
    "targets",
    field="target_events",
    links={"location": (Location, "location_id"), "target": (Target, "target_id")},
)
