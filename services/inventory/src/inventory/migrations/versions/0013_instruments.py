"""Instruments for electricity, market-based scope 2 beside the location-based figure, and the method's edition."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0013"
down_revision = "0012"

SERVICE = "inventory"
OF_VERSION = ("scope2_part", "inventory_market_total")


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ("instrument", "instrument_cancellation", "scope2_part"):
        secure_rows(op, table)
    secure_rows(
        op,
        "inventory_market_total",
        public="EXISTS (SELECT FROM publication p WHERE p.inventory_id = inventory_market_total.inventory_id)",
    )
    grant(op, SERVICE, "SELECT, INSERT", "instrument", "instrument_cancellation", *OF_VERSION)
    # As the lines and the totals of a version: a site that has moved away stays in it, and so do official figures.
    for table in OF_VERSION:
        whole = (
            f"{LEFT.format(table=table)} AND {table}.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN})"
        )
        op.execute(f"CREATE POLICY within_rights_of_inventory ON {table} USING ({whole}) WITH CHECK ({whole})")
    op.execute(
        "CREATE POLICY within_rights_then ON inventory_market_total FOR SELECT"
        " USING (inventory_market_total.inventory_id IN (SELECT i.id FROM inventory i))"
    )
    op.execute(f"GRANT UPDATE (holds) ON instrument TO {SERVICE}_serving")
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER instrument_never_changes BEFORE UPDATE OR DELETE ON instrument"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_instrument()"
    )
    op.execute(
        "CREATE TRIGGER instrument_cancellation_never_changes BEFORE UPDATE OR DELETE ON instrument_cancellation"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_instrument()"
    )
    # Written while the version is still submitted, in the transaction that makes it final.
    for table in OF_VERSION:
        for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_beside_final AFTER {event} ON {table}"
                f" REFERENCING {transition} TABLE AS changed"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_beside_final()"
            )


_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"
_ENDED = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = {_ROOTS}"
LEFT = f"EXISTS (SELECT {_ENDED}) AND {{table}}.location_id IN (SELECT descendant_id {_ENDED})"
"""As in 0009: locations that are no longer under what they were under."""

GUARD = """
CREATE FUNCTION refuse_change_of_instrument() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'instrument' THEN
        IF OLD.holds AND NOT NEW.holds AND to_jsonb(OLD) - 'holds' = to_jsonb(NEW) - 'holds' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an instrument is taken back by a cancellation: it cannot be changed'
        USING ERRCODE = 'restrict_violation';
END $$
"""

TABLES = """
ALTER TABLE inventory ADD COLUMN method_edition text NOT NULL DEFAULT 'un-2023';

CREATE TABLE inventory_market_total (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    scope integer NOT NULL CHECK (scope = 2),
    category text NOT NULL,
    optional boolean NOT NULL,
    co2e_kg numeric NOT NULL,
    PRIMARY KEY (inventory_id, location_id, scope, category, optional)
);

CREATE TABLE instrument (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL CHECK (year BETWEEN 1990 AND 2100),
    kind text NOT NULL CHECK (kind IN ('energy_attribute_certificate', 'power_purchase_agreement', 'green_tariff')),
    market text NOT NULL,
    source text NOT NULL,
    amount numeric NOT NULL CHECK (amount > 0),
    unit text NOT NULL,
    co2e_kg_per_kwh numeric NOT NULL CHECK (co2e_kg_per_kwh >= 0),
    reference text NOT NULL CHECK (reference <> ''),
    redeemed_on date NOT NULL,
    evidence text NOT NULL CHECK (evidence <> ''),
    recorded_by text NOT NULL,
    recorded_by_subject text NOT NULL,
    recorded_at timestamptz NOT NULL,
    holds boolean NOT NULL DEFAULT true
);

CREATE INDEX instrument_by_location ON instrument (location_id, year, id);

CREATE UNIQUE INDEX instrument_one_claim ON instrument (year, lower(reference)) WHERE holds;

CREATE TABLE instrument_cancellation (
    instrument_id text PRIMARY KEY REFERENCES instrument (id),
    location_id text NOT NULL REFERENCES location (id),
    reason text NOT NULL CHECK (reason <> ''),
    cancelled_by text NOT NULL,
    cancelled_by_subject text NOT NULL,
    cancelled_at timestamptz NOT NULL
);

CREATE TABLE scope2_part (
    inventory_id text NOT NULL REFERENCES inventory (id),
    part integer NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    kwh numeric NOT NULL CHECK (kwh > 0),
    co2e_kg numeric,
    basis text NOT NULL CHECK (basis IN ('instrument', 'residual_mix', 'location_based', 'excess')),
    instrument_id text REFERENCES instrument (id),
    explanation text NOT NULL,
    PRIMARY KEY (inventory_id, part),
    CHECK ((basis = 'excess') = (co2e_kg IS NULL)),
    CHECK ((basis IN ('instrument', 'excess')) = (instrument_id IS NOT NULL))
)
"""
