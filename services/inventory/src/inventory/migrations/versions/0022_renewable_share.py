"""The share of renewable electricity of final versions."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0022"
down_revision = "0021"

SERVICE = "inventory"
EVENTS = (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))


def upgrade() -> None:
    op.execute(TABLE)
    published = "EXISTS (SELECT FROM publication p WHERE p.inventory_id = inventory_renewable_share.inventory_id)"
    secure_rows(op, "inventory_renewable_share", public=published)
    secure_sensitive_rows(op, "inventory_renewable_share", sensitive="NOT open_to_all")
    # As other official figures: who reads an inventory of a location that has moved away reads them.
    op.execute(
        "CREATE POLICY within_rights_then ON inventory_renewable_share FOR SELECT"
        " USING (inventory_renewable_share.inventory_id IN (SELECT i.id FROM inventory i))"
    )
    grant(op, SERVICE, "SELECT, INSERT", "inventory_renewable_share")
    # Written while the version is still submitted, in the transaction that makes it final.
    for event, transition in EVENTS:
        op.execute(
            f"CREATE TRIGGER inventory_renewable_share_{event.lower()}_beside_final AFTER {event}"
            f" ON inventory_renewable_share REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_beside_final()"
        )
    op.execute("DROP POLICY sensitive ON inventory_indicator")
    secure_sensitive_rows(
        op,
        "inventory_indicator",
        sensitive="indicator IN ('generator_fuel', 'energy', 'energy_per_m2', 'renewable_share')"
        " AND open_to_all IS NOT TRUE",
    )


TABLE = """
CREATE TABLE inventory_renewable_share (
    inventory_id text PRIMARY KEY REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    own_kwh numeric,
    purchased_kwh numeric,
    grid_kwh numeric,
    unknown_kwh numeric,
    total_kwh numeric,
    sources jsonb NOT NULL,
    unknown_places jsonb NOT NULL,
    gap text CHECK (gap IN ('no_data', 'grid_average_missing', 'not_convertible')),
    explanation text,
    open_to_all boolean NOT NULL
)
"""
