"""Imports as jobs."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, text

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = ["import_file", "import_job", "import_problem"]

import_job = Table(
    "import_job",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("year", Integer, nullable=False),
    Column("file_name", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("accept_partial", Boolean, nullable=False),
    Column("decimal_comma", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("requested_by_subject", String, nullable=False),
    Column("requested_at", instant, nullable=False),
    Column("rows_checked", Integer, nullable=False, server_default=text("0")),
    Column("rows_written", Integer, nullable=False, server_default=text("0")),
    Column("problem_count", Integer, nullable=False, server_default=text("0")),
    Column("import_id", String, ForeignKey("activity_import.id")),
    Column("refusal_code", String),
    Column("refusal_message", String),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_by", String),
    Column("lease_until", instant),
    Column("started_at", instant),
    Column("finished_at", instant),
)
"""What was asked, and how far it is. Who works on it holds a lease; when that runs out, another one begins anew."""

import_file = Table(
    "import_file",
    metadata,
    Column("job_id", String, ForeignKey("import_job.id"), primary_key=True),
    at_location(),
    Column("content", LargeBinary, nullable=False),
)
"""The file as it came: what a worker reads, and what is given back marked."""

import_problem = Table(
    "import_problem",
    metadata,
    Column("job_id", String, ForeignKey("import_job.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    at_location(),
    Column("sheet", String, nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("column", String, nullable=False),
    Column("value", String, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("hint", String, nullable=False),
)
"""Everything that was wrong, in the order of the file."""
