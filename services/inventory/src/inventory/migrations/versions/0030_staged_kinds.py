"""What staged lines have in common waits beside them, with a key: joined to a list, each line read the whole list."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0030"
down_revision = "0029"

SERVICE = "inventory"


def upgrade() -> None:
    op.execute(STAGING)
    secure_rows(op, "activity_staging_kind")
    grant(op, SERVICE, "SELECT, INSERT, DELETE", "activity_staging_kind")


# As activity_staging: rows leave in the transaction in which they came.
STAGING = """
CREATE UNLOGGED TABLE activity_staging_kind (
    import_id text NOT NULL,
    id integer NOT NULL,
    location_id text NOT NULL,
    category text NOT NULL,
    item text NOT NULL,
    unit text NOT NULL,
    details jsonb NOT NULL,
    quality text NOT NULL,
    scope integer NOT NULL,
    optional boolean NOT NULL,
    PRIMARY KEY (import_id, id)
)
"""
