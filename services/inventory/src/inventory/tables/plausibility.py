"""What amounts are plausible, and what people said about those that are not."""

from sqlalchemy import Column, Date, ForeignKey, Index, Numeric, String, Table

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = ["plausibility_range", "warning_explanation"]

plausibility_range = Table(
    "plausibility_range",
    metadata,
    Column("id", String, primary_key=True),
    Column("place_id", String, ForeignKey("location.id"), nullable=False),
    Column("category", String),
    Column("item", String),
    Column("basis", String, nullable=False),
    Column("unit", String),
    Column("low", Numeric),
    Column("high", Numeric),
    Column("severity", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_by_subject", String, nullable=False),
    Column("set_at", instant, nullable=False),
)
"""It says what is to be expected of places, not what there is at any: everyone may read it. Only ever added to."""

warning_explanation = Table(
    "warning_explanation",
    metadata,
    Column("id", String, primary_key=True),
    of_inventory(),
    Column("finding_id", String, nullable=False),
    at_location(),
    Column("category", String),
    Column("text", String, nullable=False),
    Column("explained_by", String, nullable=False),
    Column("explained_by_subject", String, nullable=False),
    Column("explained_at", instant, nullable=False),
    Index("warning_explanation_by_inventory", "inventory_id", "finding_id"),
)
"""A finding is known by what it says, so an explanation is of these figures. Those of fuel are sensitive."""
