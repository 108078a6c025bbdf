"""Premises that several tenants share: who is in them, what their meters say, and which shares are in inventories."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Numeric, String, Table, text

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = ["meter_reading", "premises", "premises_share", "tenancy"]


def _of_premises() -> Column[str]:
    return Column("premises_id", String, ForeignKey("premises.id"), nullable=False)


premises = Table(
    "premises",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("name", String, nullable=False),
    Column("gross_area_m2", Numeric, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("registered_by", String, nullable=False),
    Column("registered_by_subject", String, nullable=False),
    Column("registered_at", instant, nullable=False),
    Index("premises_one_name", "location_id", text("lower(name)"), unique=True),
)
"""The location operates them."""

tenancy = Table(
    "tenancy",
    metadata,
    Column("id", String, primary_key=True),
    _of_premises(),
    at_location(),
    Column("tenant_id", String, ForeignKey("location.id")),
    Column("outside_party", String),
    Column("net_area_m2", Numeric, nullable=False),
    Column("occupancy", Numeric, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("replaces_id", String, ForeignKey("tenancy.id"), unique=True),
    Column("reason", String),
    Column("set_by", String, nullable=False),
    Column("set_by_subject", String, nullable=False),
    Column("set_at", instant, nullable=False),
    Column("holds", Boolean, nullable=False, server_default=text("true")),
    Index("tenancy_by_premises", "premises_id", "id"),
    Index("tenancy_by_tenant", "tenant_id", "premises_id"),
)
"""The location is that of the premises. One that was replaced stays, and holds no more."""

meter_reading = Table(
    "meter_reading",
    metadata,
    Column("id", String, primary_key=True),
    _of_premises(),
    at_location(),
    Column("meter", String, nullable=False),
    Column("utility", String, nullable=False),
    Column("category", String, nullable=False),
    Column("item", String, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("quality", String, nullable=False),
    Column("supersedes_id", String, ForeignKey("meter_reading.id"), unique=True),
    Column("reason", String),
    Column("recorded_by", String, nullable=False),
    Column("recorded_by_subject", String, nullable=False),
    Column("recorded_at", instant, nullable=False),
    Column("holds", Boolean, nullable=False, server_default=text("true")),
    Index("meter_reading_by_premises", "premises_id", "id"),
)
"""The location is that of the premises. One that was superseded stays, and holds no more."""

premises_share = Table(
    "premises_share",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("reading_id", String, ForeignKey("meter_reading.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("record_id", BigInteger, ForeignKey("activity_record.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("premises_id", String, ForeignKey("premises.id"), nullable=False),
    Column("category", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("metered_amount", Numeric, nullable=False),
    Column("numerator", Numeric, nullable=False),
    Column("denominator", Numeric, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("taken_by", String, nullable=False),
    Column("taken_by_subject", String, nullable=False),
    Column("taken_at", instant, nullable=False),
    Column("of_location_id", String, ForeignKey("location.id"), nullable=False),
    Column("item", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("meter", String, nullable=False),
    Index("premises_share_by_reading", "reading_id", "location_id"),
    Index("premises_share_by_premises", "premises_id", "year", "location_id"),
)
"""A share that is a line of an inventory; the location is the line's site. It goes with its line."""
