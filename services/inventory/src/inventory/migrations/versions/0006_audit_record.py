"""The audit record."""

from alembic import op

from chassis.migrations import common_tables_2

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    common_tables_2(op, "inventory")
