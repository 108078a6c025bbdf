"""Totals of final versions over all their sites: what sums over many inventories are made of."""

from alembic import op

from chassis.migrations import grant

revision = "0015"
down_revision = "0014"

SERVICE = "inventory"


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(FILL)
    # Who sees a version sees its totals: as `inventory_total` by `within_rights_then` and what is published.
    op.execute("ALTER TABLE inventory_final_total ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE inventory_final_total FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY with_inventory ON inventory_final_total FOR SELECT"
        " USING (inventory_final_total.inventory_id IN (SELECT i.id FROM inventory i))"
    )
    within = f"inventory_final_total.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN})"
    op.execute(
        f"CREATE POLICY within_rights_of_inventory ON inventory_final_total USING ({within}) WITH CHECK ({within})"
    )
    grant(op, SERVICE, "SELECT, INSERT", "inventory_final_total")
    # Written while the version is still submitted, in the transaction that makes it final.
    for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER inventory_final_total_{event.lower()}_beside_final AFTER {event} ON inventory_final_total"
            f" REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_beside_final()"
        )


_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"

TABLE = """
CREATE TABLE inventory_final_total (
    inventory_id text NOT NULL REFERENCES inventory (id),
    scope integer NOT NULL,
    category text NOT NULL,
    optional boolean NOT NULL,
    co2e_kg numeric NOT NULL,
    biogenic_co2_kg numeric NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (inventory_id, scope, category, optional)
)
"""
# The owner is bound by row security, which rests meanwhile.
FILL = """
DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY ARRAY['inventory', 'inventory_total'] LOOP
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    INSERT INTO inventory_final_total
    SELECT t.inventory_id, t.scope, t.category, t.optional, sum(t.co2e_kg), sum(t.biogenic_co2_kg), sum(t.records)
      FROM inventory_total t JOIN inventory i ON i.id = t.inventory_id AND i.state = 'final' GROUP BY 1, 2, 3, 4;
    FOREACH name IN ARRAY ARRAY['inventory', 'inventory_total'] LOOP
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$
"""
