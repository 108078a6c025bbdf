"""How well the amounts of staged lines are known, as their file states it."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("ALTER TABLE activity_staging_kind ADD COLUMN uncertainty_percent numeric")
