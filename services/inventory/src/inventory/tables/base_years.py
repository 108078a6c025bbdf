"""Base years, proposals to recalculate them, decisions."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = [
    "base_year",
    "base_year_decision",
    "base_year_proposal",
]

base_year = Table(
    "base_year",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("target_id", String),
    Column("number", Integer, nullable=False),
    Column("year", Integer, nullable=False),
    of_inventory(),
    Column("co2e_kg", JSONB, nullable=False),
    Column("threshold_percent", Numeric, nullable=False),
    Column("reason", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_by_subject", String, nullable=False),
    Column("set_at", instant, nullable=False),
    UniqueConstraint("location_id", "target_id", "number", postgresql_nulls_not_distinct=True),
)
"""`co2e_kg` is digits by category."""

base_year_proposal = Table(
    "base_year_proposal",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("base_year_id", String, ForeignKey("base_year.id"), nullable=False),
    Column("recalculate", Boolean, nullable=False),
    Column("share_percent", Numeric),
    Column("co2e_kg", JSONB, nullable=False),
    Column("reason", String, nullable=False),
    Column("proposed_by", String, nullable=False),
    Column("proposed_by_subject", String, nullable=False),
    Column("proposed_at", instant, nullable=False),
    Index("base_year_proposal_by_base_year", "base_year_id", "id"),
)

base_year_decision = Table(
    "base_year_decision",
    metadata,
    Column("proposal_id", String, ForeignKey("base_year_proposal.id"), primary_key=True),
    at_location(),
    Column("approved", Boolean, nullable=False),
    Column("reason", String),
    Column("decided_by", String, nullable=False),
    Column("decided_by_subject", String, nullable=False),
    Column("decided_at", instant, nullable=False),
)
