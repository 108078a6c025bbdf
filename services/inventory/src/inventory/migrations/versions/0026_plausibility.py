"""Ranges of what is plausible, and explanations of what is beyond them."""

from alembic import op

from chassis.migrations import grant, only_grows, secure_rows, secure_sensitive_rows

revision = "0026"
down_revision = "0025"

SERVICE = "inventory"
_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"
_ENDED = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = {_ROOTS}"
LEFT = f"EXISTS (SELECT {_ENDED}) AND {{table}}.location_id IN (SELECT descendant_id {_ENDED})"
"""As in 0009: locations that are no longer under what they were under."""


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    secure_rows(op, "warning_explanation")
    # As the lines that it is about: docs/adr/0018-sensitive-attributes.md.
    secure_sensitive_rows(
        op, "warning_explanation", sensitive="category IN ('generator_fuel', 'heating_fuel', 'vehicle_fuel')"
    )
    whole = (
        f"{LEFT.format(table='warning_explanation')}"
        f" AND warning_explanation.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN})"
    )
    op.execute(f"CREATE POLICY within_rights_of_inventory ON warning_explanation USING ({whole}) WITH CHECK ({whole})")
    op.execute(
        "CREATE TRIGGER warning_explanation_insert_under_final AFTER INSERT ON warning_explanation"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
    )
    for table in ("plausibility_range", "warning_explanation"):
        grant(op, SERVICE, "SELECT, INSERT", table)
        only_grows(op, table)


TABLES = """
CREATE TABLE plausibility_range (
    id text PRIMARY KEY,
    place_id text NOT NULL REFERENCES location (id),
    category text,
    item text,
    basis text NOT NULL CHECK (basis IN ('month', 'year', 'per_person', 'per_m2', 'change')),
    unit text CHECK ((unit IS NULL) = (basis = 'change')),
    low numeric CHECK (low >= 0),
    high numeric CHECK (high >= 0),
    severity text NOT NULL CHECK (severity IN ('error', 'warning')),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    source text NOT NULL CHECK (source <> ''),
    set_by text NOT NULL,
    set_by_subject text NOT NULL,
    set_at timestamptz NOT NULL,
    CHECK (num_nonnulls(low, high) > 0),
    CHECK (basis = 'change' OR low <= high)
);

CREATE TABLE warning_explanation (
    id text PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    finding_id text NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    category text,
    text text NOT NULL CHECK (length(text) >= 20),
    explained_by text NOT NULL,
    explained_by_subject text NOT NULL,
    explained_at timestamptz NOT NULL
);

CREATE INDEX warning_explanation_by_inventory ON warning_explanation (inventory_id, finding_id)
"""
