"""A share that is taken says whose inventory it is in, and what it is an amount of."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    # Nothing took shares before this revision: the table has no rows.
    op.execute(
        "ALTER TABLE premises_share ADD COLUMN of_location_id text NOT NULL REFERENCES location (id),"
        " ADD COLUMN item text NOT NULL, ADD COLUMN unit text NOT NULL,"
        " ADD COLUMN meter text NOT NULL"
    )
    op.execute("CREATE INDEX premises_share_by_premises ON premises_share (premises_id, year, location_id)")
