"""Row security reads the caller's roots once a statement."""

from alembic import op

from chassis.migrations import read_roots_once_1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    read_roots_once_1(op)
