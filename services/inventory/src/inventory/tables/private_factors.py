"""Factors that an entity alone may use, by its own licence."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Numeric, String, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = ["private_factor", "private_factor_release"]

private_factor_release = Table(
    "private_factor_release",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("name", String, nullable=False),
    Column("publisher", String, nullable=False),
    Column("licence", String, nullable=False),
    Column("licence_text", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("factor_count", Integer, nullable=False),
    Column("loaded_by", String, nullable=False),
    Column("loaded_by_subject", String),
    Column("loaded_at", instant, nullable=False),
    UniqueConstraint("location_id", "name"),
)
"""A file of factors that a location has a licence for; they hold there and below, and nobody else sees them."""

private_factor = Table(
    "private_factor",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("release_id", String, ForeignKey("private_factor_release.id"), nullable=False),
    Column("category", String, nullable=False),
    Column("key", String, nullable=False),
    Column("place", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("unit", String, nullable=False),
    Column("kg_by_gas", JSONB, nullable=False),
    Column("co2e_kg", Numeric),
    Column("gwp_set", String),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("uncertainty_percent", Numeric),
    Column("published_as", String, nullable=False),
    Column("publisher", String, nullable=False),
    Column("document", String, nullable=False),
    Column("document_table", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("licence", String, nullable=False),
    Column("status", String, nullable=False),
    Index("private_factor_by_release", "release_id", "id"),
)
