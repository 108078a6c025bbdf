"""The audit record."""

from alembic import op

from chassis.migrations import common_tables_2

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    common_tables_2(op, "offsets")
