"""Activity data: files, lines, coefficients, corrections."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = [
    "activity_import",
    "activity_record",
    "coefficient",
    "record_correction",
]

activity_import = Table(
    "activity_import",
    metadata,
    Column("id", String, primary_key=True),
    of_inventory(),
    at_location(),
    Column("file_name", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("imported_by", String, nullable=False),
    Column("imported_by_subject", String),
    Column("imported_at", instant, nullable=False),
    Column("undone_at", instant),
    Column("undone_by", String),
    Column("undone_by_subject", String),
    Column("undone_reason", String),
    Index(
        "activity_import_once", "inventory_id", "content_hash", unique=True, postgresql_where=text("undone_at IS NULL")
    ),
)
"""A file that was taken in. Undone, its lines are gone and it may come again."""

coefficient = Table(
    "coefficient",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("category", String, nullable=False),
    Column("key", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("scope", Integer, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("factor_id", String, nullable=False),
    Column("factor_release", String, nullable=False),
    Column("gwp_set", String, nullable=False),
    Column("explanation", String, nullable=False),
    Column("kg_per_unit", JSONB, nullable=False),
    Column("co2e_kg_per_unit", Numeric, nullable=False),
    Column("biogenic_co2_kg_per_unit", Numeric, nullable=False),
    Column("uncertainty_percent", Numeric),
    Column("location_id", String, ForeignKey("location.id")),
)
"""What lines share: emissions of one unit, and all that they are traced by. The id is made from the rest.

`location_id` is that of the entity whose own factor it is made of; it is empty for a public one.
"""

activity_record = Table(
    "activity_record",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    of_inventory(),
    Column(
        "import_id",
        String,
        ForeignKey("activity_import.id", deferrable=True, initially="IMMEDIATE"),
        nullable=False,
    ),
    at_location(),
    Column("sheet", String, nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("category", String, nullable=False),
    Column("item", String, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("quality", String, nullable=False),
    Column("note", String),
    Column("coefficient_id", BigInteger, ForeignKey("coefficient.id")),
    Column("scope", Integer, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("co2e_kg", Numeric),
    Column("biogenic_co2_kg", Numeric),
    Column("corrects_id", BigInteger),
    Column("uncertainty_percent", Numeric),
    Index("activity_record_by_inventory", "inventory_id", "id"),
    Index("activity_record_by_coefficient", "coefficient_id"),
)
"""A line. Its emissions are empty where the use is recorded and none are counted.

`corrects_id` is the line of the version before that it was copied from.
"""

record_correction = Table(
    "record_correction",
    metadata,
    Column("id", String, primary_key=True),
    of_inventory(),
    at_location(),
    Column("category", String, nullable=False),
    Column("action", String, nullable=False),
    Column("record_id", BigInteger),
    Column("replaced", JSONB(none_as_null=True)),
    Column("reason", String, nullable=False),
    Column("corrected_by", String, nullable=False),
    Column("corrected_by_subject", String, nullable=False),
    Column("corrected_at", instant, nullable=False),
    Index("record_correction_by_inventory", "inventory_id", "id"),
)
"""What was done to single lines of a draft, and why. `replaced` is the line that left, whole."""
