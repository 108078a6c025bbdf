"""The audit record."""

from alembic import op

from chassis.migrations import common_tables_2

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    common_tables_2(op, "access")
