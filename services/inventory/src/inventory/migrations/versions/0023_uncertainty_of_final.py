"""Versions that were final before intervals were kept: nothing was stated of them, and each part says so."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    # The owner is bound by row security, and by what closes final versions: both rest meanwhile.
    for table in ("inventory", "inventory_total", "inventory_uncertainty"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE inventory_uncertainty DISABLE TRIGGER USER")
    op.execute(FILL)
    op.execute("ALTER TABLE inventory_uncertainty ENABLE TRIGGER USER")
    for table in ("inventory", "inventory_total", "inventory_uncertainty"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


FILL = """
WITH part AS (
    SELECT i.id AS inventory_id, i.location_id, t.scope, t.category, t.optional
      FROM inventory i JOIN inventory_total t ON t.inventory_id = i.id
     WHERE i.state = 'final' AND NOT EXISTS (SELECT FROM inventory_uncertainty u WHERE u.inventory_id = i.id)
), every AS (
    SELECT inventory_id, location_id, NULL::integer AS scope, NULL::text AS category, false AS optional
      FROM part WHERE NOT optional
    UNION SELECT inventory_id, location_id, scope, NULL, false FROM part WHERE NOT optional
    UNION SELECT inventory_id, location_id, scope, category, optional FROM part
)
INSERT INTO inventory_uncertainty (inventory_id, part, location_id, scope, category, optional, covered_percent, gap,
    open_to_all)
SELECT inventory_id, row_number() OVER (PARTITION BY inventory_id ORDER BY optional, category NULLS FIRST,
           scope NULLS FIRST) - 1, location_id, scope, category, optional, 0, 'not_stated', true
  FROM every
"""
