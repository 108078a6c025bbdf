"""Imports as jobs: what was asked, the file, how far it is, every problem; and imports that were undone."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0024"
down_revision = "0023"

SERVICE = "inventory"
TABLES_OF_JOBS = ("import_job", "import_file", "import_problem")
PROGRESS = (
    "state, rows_checked, rows_written, problem_count, import_id, refusal_code, refusal_message, cancel_requested,"
    " attempts, lease_by, lease_until, started_at, finished_at"
)


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in TABLES_OF_JOBS:
        secure_rows(op, table)
    grant(op, SERVICE, "SELECT, INSERT", *TABLES_OF_JOBS)
    op.execute(f"GRANT UPDATE ({PROGRESS}) ON import_job TO {SERVICE}_serving")
    op.execute(
        f"GRANT UPDATE (undone_at, undone_by, undone_by_subject, undone_reason) ON activity_import TO {SERVICE}_serving"
    )


TABLES = """
ALTER TABLE activity_import
    ADD COLUMN undone_at timestamptz,
    ADD COLUMN undone_by text,
    ADD COLUMN undone_by_subject text,
    ADD COLUMN undone_reason text,
    ADD CHECK (num_nulls(undone_at, undone_by, undone_by_subject, undone_reason) IN (0, 4)),
    DROP CONSTRAINT activity_import_inventory_id_content_hash_key;

CREATE UNIQUE INDEX activity_import_once ON activity_import (inventory_id, content_hash) WHERE undone_at IS NULL;

CREATE TABLE import_job (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    file_name text NOT NULL,
    content_hash text NOT NULL,
    bytes bigint NOT NULL,
    dry_run boolean NOT NULL,
    accept_partial boolean NOT NULL,
    decimal_comma boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'checking', 'writing', 'done', 'refused', 'cancelled', 'failed')),
    requested_by text NOT NULL,
    requested_by_subject text NOT NULL,
    requested_at timestamptz NOT NULL,
    rows_checked integer NOT NULL DEFAULT 0,
    rows_written integer NOT NULL DEFAULT 0,
    problem_count integer NOT NULL DEFAULT 0,
    import_id text REFERENCES activity_import (id),
    refusal_code text,
    refusal_message text,
    cancel_requested boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    lease_by text,
    lease_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    CHECK ((finished_at IS NULL) = (state IN ('queued', 'checking', 'writing')))
);

CREATE INDEX import_job_open ON import_job (requested_at) WHERE finished_at IS NULL;

CREATE UNIQUE INDEX import_job_once ON import_job (location_id, year, content_hash, dry_run, accept_partial)
    WHERE finished_at IS NULL;

CREATE TABLE import_file (
    job_id text PRIMARY KEY REFERENCES import_job (id),
    location_id text NOT NULL REFERENCES location (id),
    content bytea NOT NULL
);

CREATE TABLE import_problem (
    job_id text NOT NULL REFERENCES import_job (id),
    number integer NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    sheet text NOT NULL,
    row_number integer NOT NULL,
    "column" text NOT NULL,
    value text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    hint text NOT NULL,
    PRIMARY KEY (job_id, number)
)
"""
