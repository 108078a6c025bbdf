"""Tables of *targets*, beside the common ones of `chassis.tables`."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, Numeric, String, Table, UniqueConstraint

from chassis.tables import metadata

__all__ = ["measured_indicator", "metadata", "progress_assessment", "target"]

target = Table(
    "target",
    metadata,
    Column("id", String, primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("indicator", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("base_year", Integer, nullable=False),
    Column("base_value", Numeric, nullable=False),
    Column("target_year", Integer, nullable=False),
    Column("target_value", Numeric, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("location_id", "indicator", "target_year"),
)

measured_indicator = Table(
    "measured_indicator",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("inventory_version", Integer, primary_key=True),
    Column("indicator", String, primary_key=True),
    Column("inventory_id", String, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("unit", String, nullable=False),
)

progress_assessment = Table(
    "progress_assessment",
    metadata,
    Column("id", String, primary_key=True),
    Column("target_id", String, ForeignKey("target.id"), nullable=False),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("inventory_id", String, nullable=False),
    Column("inventory_version", Integer, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("expected", Numeric, nullable=False),
    Column("reduction_percent", Numeric, nullable=False),
    Column("verdict", String, nullable=False),
    Column("assessed_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("target_id", "year", "inventory_version"),
)
