"""What intensities are stated by, and why a final version lacks some."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Numeric, String, Table
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = [
    "denominator_statement",
    "inventory_intensity",
    "inventory_renewable_share",
]

denominator_statement = Table(
    "denominator_statement",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("kind", String, nullable=False),
    Column("topic", String),
    Column("value", Numeric, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", String, nullable=False),
    Column("stated_by", String, nullable=False),
    Column("stated_by_subject", String),
    Column("stated_at", instant, nullable=False),
    Index("denominator_statement_by_location", "location_id", "id"),
)
"""Staff, personnel and floor area, from day to day; only ever added to: on each day the newest holds.

Who stated is empty where it was taken over from `location_profile`.
"""

inventory_intensity = Table(
    "inventory_intensity",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("name", String, primary_key=True),
    at_location(),
    Column("gap", String),
    Column("explanation", String),
    Column("denominator", Numeric),
    Column("days_stated", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    Column("coverage_percent", Numeric),
    Column("statements", JSONB, nullable=False),
)
"""Of a final version: what each intensity was stated by, or why there is none; values are in `inventory_indicator`."""

inventory_renewable_share = Table(
    "inventory_renewable_share",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    at_location(),
    Column("own_kwh", Numeric),
    Column("purchased_kwh", Numeric),
    Column("grid_kwh", Numeric),
    Column("unknown_kwh", Numeric),
    Column("total_kwh", Numeric),
    Column("sources", JSONB, nullable=False),
    Column("unknown_places", JSONB, nullable=False),
    Column("gap", String),
    Column("explanation", String),
    Column("open_to_all", Boolean, nullable=False),
)
"""Renewable electricity of a final version, part by part, or why the share is missing."""
