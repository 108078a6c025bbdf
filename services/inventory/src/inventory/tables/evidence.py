"""Files of evidence, and what was detached."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = ["evidence_detachment", "evidence_file"]

evidence_file = Table(
    "evidence_file",
    metadata,
    Column("id", String, primary_key=True),
    of_inventory(),
    at_location(),
    Column("import_id", String, ForeignKey("activity_import.id")),
    Column("record_id", BigInteger),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("note", String),
    Column("attached_by", String, nullable=False),
    Column("attached_by_subject", String, nullable=False),
    Column("attached_at", instant, nullable=False),
    Index("evidence_file_by_inventory", "inventory_id", "id"),
    Index("evidence_file_by_record", "record_id"),
    Index("evidence_file_by_import", "import_id"),
)
"""Its contents are in the vault under `sha256`. A line that left a draft leaves its evidence: its id is no key here."""

evidence_detachment = Table(
    "evidence_detachment",
    metadata,
    Column("evidence_id", String, ForeignKey("evidence_file.id"), primary_key=True),
    of_inventory(),
    at_location(),
    Column("sensitive", Boolean, nullable=False),
    Column("reason", String, nullable=False),
    Column("detached_by", String, nullable=False),
    Column("detached_by_subject", String, nullable=False),
    Column("detached_at", instant, nullable=False),
)
