"""The register's details, inventories, activity records, their emissions, and the rollup; final versions immutable."""

from alembic import op

from chassis.migrations import common_tables_1, grant, secure_rows

revision = "0001"
down_revision = None

SERVICE = "inventory"


def upgrade() -> None:
    common_tables_1(op, SERVICE)
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    _guard_final_versions()
    _keep_rollup()
    _secure()


def _guard_final_versions() -> None:
    """The database itself refuses any change to what is submitted or final, whoever asks."""
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_final() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR OLD.state = 'final'
               OR (OLD.id, OLD.location_id, OLD.year, OLD.version, OLD.gwp_set)
                  IS DISTINCT FROM (NEW.id, NEW.location_id, NEW.year, NEW.version, NEW.gwp_set) THEN
                RAISE EXCEPTION 'inventory % is %: it cannot be changed', OLD.id, OLD.state
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER final_is_final BEFORE UPDATE OR DELETE ON inventory"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_final()"
    )
    # Statement triggers: one check an import, not one a row. FOR SHARE makes a writer and an approver wait for each other.
    op.execute(
        """
        CREATE FUNCTION refuse_change_under_final() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            closed text;
        BEGIN
            SELECT i.id INTO closed FROM inventory i
                WHERE i.id IN (SELECT DISTINCT inventory_id FROM changed) AND i.state IN ('submitted', 'final')
                LIMIT 1 FOR SHARE;
            IF closed IS NOT NULL THEN
                RAISE EXCEPTION 'inventory % is submitted or final: its records cannot be changed', closed
                    USING ERRCODE = 'restrict_violation';
            END IF;
            PERFORM FROM inventory i WHERE i.id IN (SELECT DISTINCT inventory_id FROM changed) FOR SHARE;
            RETURN NULL;
        END $$
        """
    )
    for table in ("activity_import", "activity_record", "emission", "inventory_total"):
        for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_under_final AFTER {event} ON {table}"
                f" REFERENCING {transition} TABLE AS changed"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
            )


def _keep_rollup() -> None:
    """Totals by site, scope and category are kept in the transaction of the lines, ordered by key against deadlocks."""
    op.execute(
        """
        CREATE FUNCTION add_to_inventory_total() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO inventory_total AS total
                (inventory_id, location_id, scope, category, optional, co2e_kg, biogenic_co2_kg, records)
            SELECT inventory_id, location_id, scope, category, optional, sum(co2e_kg), sum(biogenic_co2_kg), count(*)
                FROM added GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (inventory_id, location_id, scope, category, optional) DO UPDATE SET
                co2e_kg = total.co2e_kg + excluded.co2e_kg,
                biogenic_co2_kg = total.biogenic_co2_kg + excluded.biogenic_co2_kg,
                records = total.records + excluded.records;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER emission_adds_to_total AFTER INSERT ON emission REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION add_to_inventory_total()"
    )


def _secure() -> None:
    published = (
        "EXISTS (SELECT FROM publication p WHERE p.location_id = inventory.location_id AND p.inventory_id = inventory.id)"
    )
    secure_rows(op, "inventory", public=published)
    # Public are the totals, not the records: those can tell who flew where.
    for table in ("inventory_total", "inventory_indicator"):
        secure_rows(
            op, table, public=f"EXISTS (SELECT FROM publication p WHERE p.inventory_id = {table}.inventory_id)"
        )
    for table in ("activity_import", "activity_record", "emission", "location_profile", "inventory_step"):
        secure_rows(op, table)
    grant(op, SERVICE, "SELECT, INSERT", "location_detail", "inventory_step", "activity_import", "activity_record")
    grant(op, SERVICE, "SELECT, INSERT", "emission", "inventory", "inventory_indicator")
    grant(op, SERVICE, "SELECT, INSERT, UPDATE", "inventory_total", "location_profile")
    op.execute(f"GRANT UPDATE (state) ON inventory TO {SERVICE}_serving")
    op.execute(f"GRANT USAGE ON SEQUENCE activity_record_id_seq TO {SERVICE}_serving")


TABLES = """
CREATE TABLE location_detail (
    location_id text PRIMARY KEY REFERENCES location (id),
    city text,
    latitude numeric CHECK (latitude BETWEEN -90 AND 90),
    longitude numeric CHECK (longitude BETWEEN -180 AND 180),
    grid text,
    source text NOT NULL
);

CREATE TABLE location_profile (
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    personnel numeric CHECK (personnel > 0),
    floor_area_m2 numeric CHECK (floor_area_m2 > 0),
    source text NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (location_id, year)
);

CREATE TABLE inventory (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL CHECK (year BETWEEN 1990 AND 2100),
    version integer NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'final')),
    gwp_set text NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL,
    UNIQUE (location_id, year, version)
);

CREATE UNIQUE INDEX inventory_one_open ON inventory (location_id, year) WHERE state <> 'final';

CREATE TABLE inventory_step (
    inventory_id text NOT NULL REFERENCES inventory (id),
    step integer NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    action text NOT NULL CHECK (action IN ('submitted', 'returned', 'approved')),
    by text NOT NULL,
    at timestamptz NOT NULL,
    reasons text,
    PRIMARY KEY (inventory_id, step)
);

CREATE TABLE activity_import (
    id text PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    file_name text NOT NULL,
    content_hash text NOT NULL,
    row_count integer NOT NULL,
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL,
    UNIQUE (inventory_id, content_hash)
);

CREATE TABLE activity_record (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    import_id text NOT NULL REFERENCES activity_import (id),
    location_id text NOT NULL REFERENCES location (id),
    sheet text NOT NULL,
    row_number integer NOT NULL,
    category text NOT NULL,
    item text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL CHECK (period_end > period_start),
    amount numeric NOT NULL,
    unit text NOT NULL,
    details jsonb NOT NULL,
    quality text NOT NULL,
    note text
);

CREATE INDEX activity_record_by_inventory ON activity_record (inventory_id, id);

CREATE TABLE emission (
    activity_record_id bigint PRIMARY KEY REFERENCES activity_record (id),
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    scope integer NOT NULL,
    category text NOT NULL,
    optional boolean NOT NULL,
    factor_id text NOT NULL,
    factor_release text NOT NULL,
    explanation text NOT NULL,
    gwp_set text NOT NULL,
    gas_kg jsonb NOT NULL,
    co2e_kg numeric NOT NULL,
    biogenic_co2_kg numeric NOT NULL
);

CREATE INDEX emission_by_inventory ON emission (inventory_id);

CREATE TABLE inventory_total (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    scope integer NOT NULL,
    category text NOT NULL,
    optional boolean NOT NULL,
    co2e_kg numeric NOT NULL,
    biogenic_co2_kg numeric NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (inventory_id, location_id, scope, category, optional)
);

CREATE TABLE inventory_indicator (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    indicator text NOT NULL,
    value numeric NOT NULL,
    unit text NOT NULL,
    PRIMARY KEY (inventory_id, indicator)
)
"""
