"""Proxies for small offices that became lines."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Numeric, String, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = ["proxy_estimate"]

proxy_estimate = Table(
    "proxy_estimate",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    of_inventory(),
    Column("import_id", String, ForeignKey("activity_import.id"), nullable=False),
    at_location(),
    Column("category", String, nullable=False),
    Column("item", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("personnel", Numeric, nullable=False),
    Column("per_person", Numeric, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("formula", String, nullable=False),
    Column("basis", String, nullable=False),
    Column("comparable_ids", ARRAY(Text), nullable=False),
    Column("reason", String, nullable=False),
    Column("estimated_by", String, nullable=False),
    Column("estimated_by_subject", String, nullable=False),
    Column("estimated_at", instant, nullable=False),
    Index("proxy_estimate_by_inventory", "inventory_id", "record_id"),
)
"""By the line that each became. It stays when the line gives way. Those of fuel are sensitive."""
