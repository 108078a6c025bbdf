"""What was under what, and when."""

from alembic import op

from chassis.migrations import common_tables_3

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    common_tables_3(op, "offsets")
