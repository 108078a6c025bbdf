"""Instruments for electricity, and scope 2 part by part."""

from sqlalchemy import (
    Boolean,
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
    "instrument",
    "instrument_cancellation",
    "scope2_part",
]

instrument = Table(
    "instrument",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("year", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("market", String, nullable=False),
    Column("source", String, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("co2e_kg_per_kwh", Numeric, nullable=False),
    Column("reference", String, nullable=False),
    Column("redeemed_on", Date, nullable=False),
    Column("evidence", String, nullable=False),
    Column("recorded_by", String, nullable=False),
    Column("recorded_by_subject", String, nullable=False),
    Column("recorded_at", instant, nullable=False),
    Column("holds", Boolean, nullable=False, server_default=text("true")),
    Index("instrument_by_location", "location_id", "year", "id"),
    Index("instrument_one_claim", "year", text("lower(reference)"), unique=True, postgresql_where=text("holds")),
)
"""Contractual instruments for electricity. One that was cancelled stays, with its cancellation."""

instrument_cancellation = Table(
    "instrument_cancellation",
    metadata,
    Column("instrument_id", String, ForeignKey("instrument.id"), primary_key=True),
    at_location(),
    Column("reason", String, nullable=False),
    Column("cancelled_by", String, nullable=False),
    Column("cancelled_by_subject", String, nullable=False),
    Column("cancelled_at", instant, nullable=False),
)

scope2_part = Table(
    "scope2_part",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    at_location(),
    Column("kwh", Numeric, nullable=False),
    Column("co2e_kg", Numeric),
    Column("basis", String, nullable=False),
    Column("instrument_id", String, ForeignKey("instrument.id")),
    Column("explanation", String, nullable=False),
)
"""Market-based scope 2 of a final version, part by part; of an `excess`, which is not counted, there is no CO2e."""
