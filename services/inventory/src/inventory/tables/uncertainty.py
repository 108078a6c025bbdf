"""What is stated of how well lines and factors are known, and the intervals of final versions."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
)

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = [
    "inventory_uncertainty",
    "uncertainty_statement",
]

uncertainty_statement = Table(
    "uncertainty_statement",
    metadata,
    Column("id", String, primary_key=True),
    of_inventory(),
    at_location(),
    Column("category", String),
    Column("quality", String),
    Column("factor_id", String),
    Column("percent", Numeric, nullable=False),
    Column("reason", String, nullable=False),
    Column("stated_by", String, nullable=False),
    Column("stated_by_subject", String, nullable=False),
    Column("stated_at", instant, nullable=False),
    Index("uncertainty_statement_by_inventory", "inventory_id", "id"),
)
"""For a version and for those that correct it; of one set of lines, or one factor, the newest holds."""

inventory_uncertainty = Table(
    "inventory_uncertainty",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    at_location(),
    Column("scope", Integer),
    Column("category", String),
    Column("optional", Boolean, nullable=False),
    Column("covered_percent", Numeric, nullable=False),
    Column("covered_kg", Numeric),
    Column("low_kg", Numeric),
    Column("high_kg", Numeric),
    Column("percent", Numeric),
    Column("gap", String),
    Column("open_to_all", Boolean, nullable=False),
)
"""Of a final version: its total (neither scope nor category), its scopes and its categories."""
