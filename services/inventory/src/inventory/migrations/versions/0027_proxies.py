"""Proxies for small offices: how each line that is one came about."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0027"
down_revision = "0026"

SERVICE = "inventory"
_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"
_ENDED = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = {_ROOTS}"
LEFT = f"EXISTS (SELECT {_ENDED}) AND {{table}}.location_id IN (SELECT descendant_id {_ENDED})"
"""As in 0009: locations that are no longer under what they were under."""


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    secure_rows(op, "proxy_estimate")
    # As the lines: docs/adr/0018-sensitive-attributes.md.
    secure_sensitive_rows(
        op, "proxy_estimate", sensitive="category IN ('generator_fuel', 'heating_fuel', 'vehicle_fuel')"
    )
    whole = (
        f"{LEFT.format(table='proxy_estimate')}"
        f" AND proxy_estimate.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN})"
    )
    op.execute(f"CREATE POLICY within_rights_of_inventory ON proxy_estimate USING ({whole}) WITH CHECK ({whole})")
    op.execute(
        "CREATE TRIGGER proxy_estimate_insert_under_final AFTER INSERT ON proxy_estimate"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
    )
    grant(op, SERVICE, "SELECT, INSERT", "proxy_estimate")
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_proxy_estimate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'proxy_estimate is only ever added to: it cannot be changed'
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER proxy_estimate_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON proxy_estimate"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_proxy_estimate()"
    )


# A line that gives way leaves no trace of its id elsewhere, so it is none of a foreign key.
TABLES = """
CREATE TABLE proxy_estimate (
    record_id bigint PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    import_id text NOT NULL REFERENCES activity_import (id),
    location_id text NOT NULL REFERENCES location (id),
    category text NOT NULL,
    item text NOT NULL,
    unit text NOT NULL,
    personnel numeric NOT NULL CHECK (personnel >= 0 AND personnel < 5),
    per_person numeric NOT NULL,
    amount numeric NOT NULL,
    formula text NOT NULL,
    basis text NOT NULL,
    comparable_ids text[] NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    estimated_by text NOT NULL,
    estimated_by_subject text NOT NULL,
    estimated_at timestamptz NOT NULL
);

CREATE INDEX proxy_estimate_by_inventory ON proxy_estimate (inventory_id, record_id)
"""
