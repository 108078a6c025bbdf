"""The tables that every service has."""

from alembic import op

from chassis.migrations import common_tables_1

revision = "0001"
down_revision = None

SERVICE = "access"


def upgrade() -> None:
    common_tables_1(op, SERVICE)
