"""Inventories, their steps, and what is kept of final ones."""

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
    text,
)

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = [
    "inventory",
    "inventory_indicator",
    "inventory_site",
    "inventory_step",
]

inventory = Table(
    "inventory",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("year", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("gwp_set", String, nullable=False),
    Column("method_edition", String, nullable=False, server_default=text("'un-2023'")),
    Column("factor_edition", String, ForeignKey("factor_edition.id"), nullable=False, server_default=text("'un-2025'")),
    Column("opened_by", String, nullable=False),
    Column("opened_at", instant, nullable=False),
    Column("opened_by_subject", String),
    Column("corrects_id", String, ForeignKey("inventory.id"), unique=True),
    Column("cause", String),
    Column("reason", String),
    Column("final_at", instant),
    UniqueConstraint("location_id", "year", "version"),
    Index("inventory_one_open", "location_id", "year", unique=True, postgresql_where=text("state <> 'final'")),
)

inventory_step = Table(
    "inventory_step",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    at_location(),
    Column("action", String, nullable=False),
    Column("by", String, nullable=False),
    Column("by_subject", String),
    Column("at", instant, nullable=False),
    Column("reasons", String),
)

inventory_site = Table(
    "inventory_site",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("of_location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index("inventory_site_by_location", "location_id", "year"),
)
"""Sites of a final version, and of the one before it. Who has a site now finds its years with others by this."""

inventory_indicator = Table(
    "inventory_indicator",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    at_location(),
    Column("indicator", String, primary_key=True),
    Column("value", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("open_to_all", Boolean),
)
