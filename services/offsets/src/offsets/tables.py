"""Tables of *offsets*, beside the common ones of `chassis.tables`. Rows are added, never changed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import INT8RANGE

from chassis.tables import metadata

__all__ = [
    "credit_batch",
    "metadata",
    "neutrality_statement",
    "offset_need",
    "purchase",
    "purchase_step",
    "retirement",
    "serial_series",
]

_SERIES = "int8range(series_no, series_no, '[]')"

offset_need = Table(
    "offset_need",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("inventory_version", Integer, primary_key=True),
    Column("inventory_id", String, nullable=False),
    Column("total_kg", Numeric, nullable=False),
    Column("tonnes", BigInteger, nullable=False),
    Column("known_at", DateTime(timezone=True), nullable=False),
)

purchase = Table(
    "purchase",
    metadata,
    Column("id", String, primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("tonnes", BigInteger, nullable=False),
    Column("justification", String, nullable=False),
    Column("requested_by_subject", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
)

purchase_step = Table(
    "purchase_step",
    metadata,
    Column("purchase_id", String, ForeignKey("purchase.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("action", String, nullable=False),
    Column("by_subject", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", String, nullable=True),
)
"""Step 1 approves or refuses, step 2 delivers: two people can't take the same step."""

serial_series = Table(
    "serial_series",
    metadata,
    Column("series_no", BigInteger, Identity(always=True), primary_key=True),
    Column("registry_key", String, nullable=False),
    Column("project_key", String, nullable=False),
    Column("vintage", Integer, nullable=False),
    UniqueConstraint("registry_key", "project_key", "vintage"),
)
"""What serials are unique within, as a number. It says nothing of who holds any, and no field of the API reads it."""

credit_batch = Table(
    "credit_batch",
    metadata,
    Column("id", String, primary_key=True),
    Column("purchase_id", String, ForeignKey("purchase.id"), nullable=False, unique=True),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("registry", String, nullable=False),
    Column("project", String, nullable=False),
    Column("vintage", Integer, nullable=False),
    Column("series_no", BigInteger, ForeignKey("serial_series.series_no"), nullable=False),
    Column("series", INT8RANGE, Computed(_SERIES, persisted=True)),
    Column("serials", INT8RANGE, nullable=False),
    Column("price_per_tonne", Numeric, nullable=False),
    Column("currency", String, nullable=False),
    Column("delivered_at", DateTime(timezone=True), nullable=False),
)

retirement = Table(
    "retirement",
    metadata,
    Column("id", String, primary_key=True),
    Column("batch_id", String, ForeignKey("credit_batch.id"), nullable=False),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("registry", String, nullable=False),
    Column("project", String, nullable=False),
    Column("vintage", Integer, nullable=False),
    Column("series_no", BigInteger, nullable=False),
    Column("series", INT8RANGE, Computed(_SERIES, persisted=True)),
    Column("serials", INT8RANGE, nullable=False),
    Column("retired_by_subject", String, nullable=False),
    Column("retired_by", String, nullable=False),
    Column("retired_at", DateTime(timezone=True), nullable=False),
)

neutrality_statement = Table(
    "neutrality_statement",
    metadata,
    Column("id", String, primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("inventory_id", String, nullable=False),
    Column("inventory_version", Integer, nullable=False),
    Column("need_tonnes", BigInteger, nullable=False),
    Column("retired_tonnes", BigInteger, nullable=False),
    Column("coverage_percent", Numeric, nullable=False),
    Column("status", String, nullable=False),
    Column("supersedes_id", String, ForeignKey("neutrality_statement.id"), nullable=True, unique=True),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("location_id", "year", "number"),
)
