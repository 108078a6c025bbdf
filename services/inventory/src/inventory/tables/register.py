"""The register of locations, and what is stated of them."""

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    text,
)

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = [
    "fuel_stock",
    "location_change",
    "location_detail",
    "location_profile",
    "site_position",
]

location_detail = Table(
    "location_detail",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("city", String),
    Column("latitude", Numeric),
    Column("longitude", Numeric),
    Column("grid", String),
    Column("source", String, nullable=False),
)
"""City and coordinates are empty here and in `site_position`; the columns go one release later."""

site_position = Table(
    "site_position",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("city", String),
    Column("latitude", Numeric),
    Column("longitude", Numeric),
)
"""Where a location exactly is. Sensitive."""

fuel_stock = Table(
    "fuel_stock",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("fuel", String, nullable=False),
    Column("capacity", Numeric, nullable=False),
    Column("stock", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("entered_by", String, nullable=False),
    Column("entered_by_subject", String, nullable=False),
    Column("entered_at", instant, nullable=False),
    Index("fuel_stock_newest", "location_id", "fuel", text("as_of DESC"), text("id DESC")),
)
"""What sites store of each fuel, as stated day by day. Sensitive, and only ever added to."""

location_profile = Table(
    "location_profile",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("personnel", Numeric),
    Column("floor_area_m2", Numeric),
    Column("source", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_at", instant, nullable=False),
)
"""Taken over by `denominator_statement`: no more written or read; the table goes one release later."""

location_change = Table(
    "location_change",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("kind", String, nullable=False),
    Column("on", Date, nullable=False),
    Column("from_parent_id", String, ForeignKey("location.id"), nullable=False),
    Column("parent_id", String, ForeignKey("location.id"), nullable=False),
    Column("recipient", String),
    Column("reason", String, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("changed_by_subject", String, nullable=False),
    Column("changed_at", instant, nullable=False),
    Index("location_change_by_location", "location_id", "on"),
)
"""Moves, mergers, closures and hand-overs, as they happened; only ever added to."""
