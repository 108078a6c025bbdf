"""Which source was reported when, which is expected, and what is stated where nothing is reported."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant, of_inventory

__all__ = [
    "inventory_coverage",
    "source_expectation",
    "source_statement",
    "source_statement_withdrawal",
]

inventory_coverage = Table(
    "inventory_coverage",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("category", String, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("quality", String, primary_key=True),
    Column("of_location_id", String, ForeignKey("location.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("records", BigInteger, nullable=False),
    Index("inventory_coverage_by_location", "location_id", "month"),
)
"""Kept by triggers in the transaction of the lines. It says that there are some, not how much: so it hides no fuel."""

source_expectation = Table(
    "source_expectation",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("category", String, nullable=False),
    Column("from_month", Date, nullable=False),
    Column("to_month", Date),
    Column("expected", Boolean, nullable=False),
    Column("reason", String, nullable=False),
    Column("declared_by", String, nullable=False),
    Column("declared_by_subject", String, nullable=False),
    Column("declared_at", instant, nullable=False),
    Index("source_expectation_by_location", "location_id", "id"),
)
"""What a site is to report, or not, from a month on; of two the later entered one holds. Only ever added to."""

source_statement = Table(
    "source_statement",
    metadata,
    Column("id", String, primary_key=True),
    of_inventory(),
    at_location(),
    Column("category", String, nullable=False),
    Column("from_month", Date, nullable=False),
    Column("to_month", Date, nullable=False),
    Column("key", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("of_location_id", String, ForeignKey("location.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("copied_from_id", String, ForeignKey("source_statement.id")),
    Column("stated_by", String, nullable=False),
    Column("stated_by_subject", String, nullable=False),
    Column("stated_at", instant, nullable=False),
    Index("source_statement_by_inventory", "inventory_id", "id"),
    Index("source_statement_by_location", "location_id", "from_month"),
)

source_statement_withdrawal = Table(
    "source_statement_withdrawal",
    metadata,
    Column("statement_id", String, ForeignKey("source_statement.id"), primary_key=True),
    of_inventory(),
    at_location(),
    Column("reason", String, nullable=False),
    Column("withdrawn_by", String, nullable=False),
    Column("withdrawn_by_subject", String, nullable=False),
    Column("withdrawn_at", instant, nullable=False),
)
