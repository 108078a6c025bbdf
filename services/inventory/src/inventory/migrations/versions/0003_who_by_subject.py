"""Who took a step is kept by a name that does not change."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Empty in earlier steps, and in those that the previous version of the service still writes meanwhile.
    op.execute("ALTER TABLE inventory_step ADD COLUMN by_subject text")
