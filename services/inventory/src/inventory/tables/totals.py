"""Totals, kept by triggers in the transaction of the lines."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    String,
    Table,
)

from chassis.tables import metadata

__all__ = [
    "inventory_final_total",
    "inventory_gas_total",
    "inventory_market_total",
    "inventory_month_total",
    "inventory_total",
]

inventory_total = Table(
    "inventory_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)
"""Scope 2 in it is location-based; `inventory_market_total` has the other figure."""

inventory_market_total = Table(
    "inventory_market_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
)
"""Scope 2 of final versions by the market-based method, with the keys of `inventory_total`."""

inventory_final_total = Table(
    "inventory_final_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)
"""Of final versions, over all their sites: sums over many inventories are made of it."""

inventory_month_total = Table(
    "inventory_month_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("apportioned_co2e_kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)
"""By first day of the month. A line of several months is in each by its days: that part is `apportioned` too."""

inventory_gas_total = Table(
    "inventory_gas_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("gas", String, primary_key=True),
    Column("kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)
