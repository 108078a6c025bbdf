"""What becomes of locations, and what was under what, and when."""

from alembic import op

from chassis.migrations import common_tables_3, grant, only_grows, secure_rows, show_rows_that_were_within

revision = "0008"
down_revision = "0007"

SERVICE = "inventory"
YEARS = (
    "generate_series(extract(year FROM valid_from)::integer, extract(year FROM valid_to - 1)::integer)"
)


def upgrade() -> None:
    common_tables_3(op, SERVICE)
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    secure_rows(op, "location_change")
    show_rows_that_were_within(op, "location_change")
    # Both sides read the year of the change.
    show_rows_that_were_within(op, "inventory", key="(location_id, year)", then=f"descendant_id, {YEARS}")
    grant(op, SERVICE, "SELECT, INSERT", "location_change")
    only_grows(op, "location_change")


TABLES = """
CREATE TABLE location_change (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    kind text NOT NULL CHECK (kind IN ('moved', 'merged', 'closed', 'handed_over')),
    "on" date NOT NULL,
    from_parent_id text NOT NULL REFERENCES location (id),
    parent_id text NOT NULL REFERENCES location (id),
    recipient text CHECK ((recipient IS NOT NULL) = (kind = 'handed_over')),
    reason text NOT NULL,
    changed_by text NOT NULL,
    changed_by_subject text NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE INDEX location_change_by_location ON location_change (location_id, "on")
"""
