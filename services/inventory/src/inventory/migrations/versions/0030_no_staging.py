"""Lines go in from arrays of their columns, wait in no table on the way, and may come before their import is counted."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("DROP TABLE activity_staging")
    op.execute(
        "ALTER TABLE activity_record ALTER CONSTRAINT activity_record_import_id_fkey DEFERRABLE INITIALLY IMMEDIATE"
    )
