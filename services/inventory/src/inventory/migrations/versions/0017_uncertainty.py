"""How well lines and factors are known: stated on them or for them, and the intervals of final versions."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0017"
down_revision = "0016"

SERVICE = "inventory"
EVENTS = (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    secure_rows(op, "uncertainty_statement")
    published = "EXISTS (SELECT FROM publication p WHERE p.inventory_id = inventory_uncertainty.inventory_id)"
    secure_rows(op, "inventory_uncertainty", public=published)
    secure_sensitive_rows(op, "inventory_uncertainty", sensitive="NOT open_to_all")
    # As other official figures: who reads an inventory of a location that has moved away reads them.
    op.execute(
        "CREATE POLICY within_rights_then ON inventory_uncertainty FOR SELECT"
        " USING (inventory_uncertainty.inventory_id IN (SELECT i.id FROM inventory i))"
    )
    grant(op, SERVICE, "SELECT, INSERT", "uncertainty_statement", "inventory_uncertainty")
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER uncertainty_statement_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON uncertainty_statement"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_uncertainty_statement()"
    )
    op.execute(
        "CREATE TRIGGER uncertainty_statement_insert_under_final AFTER INSERT ON uncertainty_statement"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
    )
    # Written while the version is still submitted, in the transaction that makes it final.
    for event, transition in EVENTS:
        op.execute(
            f"CREATE TRIGGER inventory_uncertainty_{event.lower()}_beside_final AFTER {event} ON inventory_uncertainty"
            f" REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_beside_final()"
        )


GUARD = """
CREATE FUNCTION refuse_change_of_uncertainty_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'uncertainty_statement is only ever added to: it cannot be changed'
        USING ERRCODE = 'restrict_violation';
END $$
"""

TABLES = """
ALTER TABLE activity_record
    ADD COLUMN uncertainty_percent numeric CHECK (uncertainty_percent BETWEEN 0 AND 1000);

ALTER TABLE coefficient
    ADD COLUMN uncertainty_percent numeric CHECK (uncertainty_percent >= 0);

CREATE TABLE uncertainty_statement (
    id text PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    category text,
    quality text,
    factor_id text,
    percent numeric NOT NULL CHECK (percent BETWEEN 0 AND 1000),
    reason text NOT NULL CHECK (reason <> ''),
    stated_by text NOT NULL,
    stated_by_subject text NOT NULL,
    stated_at timestamptz NOT NULL,
    CHECK ((factor_id IS NULL) = (num_nonnulls(category, quality) > 0))
);

CREATE INDEX uncertainty_statement_by_inventory ON uncertainty_statement (inventory_id, id);

CREATE TABLE inventory_uncertainty (
    inventory_id text NOT NULL REFERENCES inventory (id),
    part integer NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    scope integer CHECK (scope IS NOT NULL OR category IS NULL),
    category text,
    optional boolean NOT NULL,
    covered_percent numeric NOT NULL,
    covered_kg numeric,
    low_kg numeric,
    high_kg numeric,
    percent numeric,
    gap text CHECK (gap IN ('not_stated', 'no_emissions')),
    open_to_all boolean NOT NULL,
    PRIMARY KEY (inventory_id, part),
    CHECK (num_nulls(covered_kg, low_kg, high_kg, percent) IN (0, 4)),
    CHECK ((gap IS NULL) = (percent IS NOT NULL))
)
"""
