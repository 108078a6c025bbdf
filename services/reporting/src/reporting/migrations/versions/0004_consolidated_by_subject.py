"""Who consolidated is kept by a name that does not change: another person publishes."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Empty in earlier consolidations, and in those that the previous release still makes meanwhile.
    op.execute("ALTER TABLE consolidated_report ADD COLUMN consolidated_by_subject text")
