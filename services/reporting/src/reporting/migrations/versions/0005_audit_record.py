"""The audit record."""

from alembic import op

from chassis.migrations import common_tables_2

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    common_tables_2(op, "reporting")
