"""Since when a version is final, so that figures can be read as they were."""

from alembic import op

revision = "0011"
down_revision = "0010"

SERVICE = "inventory"


def upgrade() -> None:
    # Row security binds the owner, and final versions are kept from everyone: both rest while the instant is filled in.
    for table in ("inventory", "inventory_step"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE inventory ADD COLUMN final_at timestamptz")
    op.execute("ALTER TABLE inventory DISABLE TRIGGER USER")
    op.execute(
        "UPDATE inventory i SET final_at = s.at FROM inventory_step s"
        " WHERE s.inventory_id = i.id AND s.action = 'approved' AND i.state = 'final'"
    )
    op.execute("ALTER TABLE inventory ENABLE TRIGGER USER")
    for table in ("inventory", "inventory_step"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"GRANT UPDATE (final_at) ON inventory TO {SERVICE}_serving")
    op.execute("ALTER TABLE inventory ADD CHECK ((state = 'final') = (final_at IS NOT NULL))")
