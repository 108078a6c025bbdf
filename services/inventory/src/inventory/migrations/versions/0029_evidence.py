"""Files of evidence: what they are and what they belong to; their contents are elsewhere, under their hash."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0029"
down_revision = "0028"

SERVICE = "inventory"
BOTH = ("evidence_file", "evidence_detachment")


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    op.execute(GUARD)
    for table in BOTH:
        secure_rows(op, table)
        secure_sensitive_rows(op, table, sensitive="sensitive")
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_evidence()"
        )
        # What was submitted keeps what it was submitted with, and gets no more.
        op.execute(
            f"CREATE TRIGGER {table}_insert_under_final AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
        )
    grant(op, SERVICE, "SELECT, INSERT", *BOTH)


GUARD = """
CREATE FUNCTION refuse_change_of_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is only ever added, and detached by a row of its own: it cannot be changed'
        USING ERRCODE = 'restrict_violation';
END $$
"""

TABLES = """
CREATE TABLE evidence_file (
    id text PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    import_id text REFERENCES activity_import (id),
    record_id bigint,
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    sensitive boolean NOT NULL,
    note text,
    attached_by text NOT NULL,
    attached_by_subject text NOT NULL,
    attached_at timestamptz NOT NULL,
    CHECK (num_nonnulls(import_id, record_id) <= 1)
);

CREATE INDEX evidence_file_by_inventory ON evidence_file (inventory_id, id);

CREATE INDEX evidence_file_by_record ON evidence_file (record_id);

CREATE INDEX evidence_file_by_import ON evidence_file (import_id);

CREATE TABLE evidence_detachment (
    evidence_id text PRIMARY KEY REFERENCES evidence_file (id),
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    sensitive boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    detached_by text NOT NULL,
    detached_by_subject text NOT NULL,
    detached_at timestamptz NOT NULL
)
"""
