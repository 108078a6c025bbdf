"""Lines on their way in: COPY is not to be had under row security, so they wait in a table of no location."""

from alembic import op

from chassis.migrations import grant

revision = "0019"
down_revision = "0018"

SERVICE = "inventory"


def upgrade() -> None:
    op.execute(STAGING)
    grant(op, SERVICE, "SELECT, INSERT, DELETE", "activity_staging")


# Rows leave in the transaction in which they came, so nobody else ever sees one and nothing is to be logged.
STAGING = """
CREATE UNLOGGED TABLE activity_staging (
    import_id text NOT NULL,
    place integer NOT NULL,
    kind integer NOT NULL,
    sheet text NOT NULL,
    row_number integer NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    amount numeric NOT NULL,
    note text,
    coefficient_id bigint
)
"""
