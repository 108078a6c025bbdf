"""What subscribers hear of *offsets*, and what each event leads to."""

from chassis.graphql.events import subscription
from offsets.graphql.types import CreditBatch, Location, NeutralityStatement, Purchase, Retirement

__all__ = ["Subscription"]

Subscription = subscription(
    "offsets",
    field="offset_events",
    links={
        "location": (Location, "location_id"),
        "purchase": (Purchase, "purchase_id"),
        "credit_batch": (CreditBatch, "batch_id"),
        "retirement": (Retirement, "retirement_id"),
        "neutrality_statement": (NeutralityStatement, "statement_id"),
    },
)
