"""A version says which one it corrects, and why; what was done to single lines is kept."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0010"
down_revision = "0009"

SERVICE = "inventory"


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    op.execute(GUARD)
    secure_rows(op, "record_correction")
    secure_sensitive_rows(
        op, "record_correction", sensitive="category IN ('generator_fuel', 'heating_fuel', 'vehicle_fuel')"
    )
    grant(op, SERVICE, "SELECT, INSERT", "record_correction")
    for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER record_correction_{event.lower()}_under_final AFTER {event} ON record_correction"
            f" REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
        )


GUARD = """
CREATE OR REPLACE FUNCTION refuse_change_of_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'final'
       OR (OLD.id, OLD.location_id, OLD.year, OLD.version, OLD.gwp_set, OLD.corrects_id, OLD.cause, OLD.reason)
          IS DISTINCT FROM
          (NEW.id, NEW.location_id, NEW.year, NEW.version, NEW.gwp_set, NEW.corrects_id, NEW.cause, NEW.reason) THEN
        RAISE EXCEPTION 'inventory % is %: it cannot be changed', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

TABLES = """
ALTER TABLE inventory
    ADD COLUMN opened_by_subject text,
    ADD COLUMN corrects_id text UNIQUE REFERENCES inventory (id),
    ADD COLUMN cause text CHECK (cause IN ('error', 'method')),
    ADD COLUMN reason text,
    ADD CHECK (num_nulls(corrects_id, cause, reason) IN (0, 3)),
    ADD CHECK ((version = 1) = (corrects_id IS NULL));

ALTER TABLE activity_record ADD COLUMN corrects_id bigint;

CREATE TABLE record_correction (
    id text PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    category text NOT NULL,
    action text NOT NULL CHECK (action IN ('changed', 'removed', 'added')),
    record_id bigint CHECK ((record_id IS NULL) = (action = 'removed')),
    replaced jsonb CHECK ((replaced IS NULL) = (action = 'added')),
    reason text NOT NULL,
    corrected_by text NOT NULL,
    corrected_by_subject text NOT NULL,
    corrected_at timestamptz NOT NULL
);

CREATE INDEX record_correction_by_inventory ON record_correction (inventory_id, id)
"""
