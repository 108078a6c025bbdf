"""A file read with a decimal comma is another order than the same file read with a point."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("DROP INDEX import_job_once")
    op.execute(
        "CREATE UNIQUE INDEX import_job_once ON import_job"
        " (location_id, year, content_hash, dry_run, accept_partial, decimal_comma) WHERE finished_at IS NULL"
    )
