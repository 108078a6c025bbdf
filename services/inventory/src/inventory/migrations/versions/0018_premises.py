"""Premises that several tenants share: tenancies, meter readings, and shares that are lines of inventories."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0018"
down_revision = "0017"

SERVICE = "inventory"
SUPERSEDED = ("tenancy", "meter_reading")
"""Tables of which a row may cease to hold, and never changes otherwise."""


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ("premises", "tenancy", "meter_reading", "premises_share"):
        secure_rows(op, table)
    _show_tenants()
    _keep_fuel_apart()
    grant(op, SERVICE, "SELECT, INSERT", "premises", *SUPERSEDED)
    # A share that is taken again takes the place of the earlier one, in a draft.
    grant(op, SERVICE, "SELECT, INSERT, DELETE", "premises_share")
    for table in SUPERSEDED:
        op.execute(f"GRANT UPDATE (holds) ON {table} TO {SERVICE}_serving")
    for statement in GUARDS.split(";\n\n"):
        op.execute(statement)
    for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER premises_share_{event.lower()}_under_final AFTER {event} ON premises_share"
            f" REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
        )


def _show_tenants() -> None:
    """A tenant sees the premises, its own tenancies, and readings of days on which it was there; no other tenant's."""
    op.execute(f"CREATE POLICY of_tenant ON tenancy FOR SELECT USING (tenant_id IN ({_reached('app.roots')}))")
    op.execute(
        "CREATE POLICY of_tenant ON premises FOR SELECT USING"
        f" (id IN (SELECT t.premises_id FROM tenancy t WHERE t.tenant_id IN ({_reached('app.roots')})))"
    )
    op.execute(
        f"CREATE POLICY of_tenant ON meter_reading FOR SELECT USING ({TENANT_THEN.format(reached=_reached('app.roots'))})"
    )


def _keep_fuel_apart() -> None:
    """As `secure_sensitive_rows`, at the operator or at a tenant of those days: docs/adr/0018-sensitive-attributes.md."""
    fuel = "category IN ('generator_fuel', 'heating_fuel')"
    sensitive = _reached("app.sensitive_roots")
    op.execute(
        f"CREATE POLICY sensitive ON meter_reading AS RESTRICTIVE FOR SELECT USING (({fuel}) IS FALSE"
        f" OR location_id IN ({sensitive}) OR {TENANT_THEN.format(reached=sensitive)})"
    )
    op.execute(
        f"CREATE POLICY sensitive ON premises_share AS RESTRICTIVE FOR SELECT USING (({fuel}) IS FALSE"
        f" OR location_id IN ({sensitive}))"
    )


def _reached(setting: str) -> str:
    roots = f"(SELECT string_to_array(nullif(current_setting('{setting}', true), ''), ','))::text[]"
    return f"SELECT descendant_id FROM location_closure WHERE ancestor_id = ANY ({roots})"


TENANT_THEN = (
    "EXISTS (SELECT FROM tenancy t WHERE t.premises_id = meter_reading.premises_id AND t.tenant_id IN ({reached})"
    " AND t.valid_from < meter_reading.period_end AND (t.valid_to IS NULL OR t.valid_to > meter_reading.period_start))"
)

# Decisions on one building wait for each other, so that two that are right alone are not wrong together.
GUARDS = """
CREATE FUNCTION refuse_change_of_premises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME <> 'premises' THEN
        IF OLD.holds AND NOT NEW.holds AND to_jsonb(OLD) - 'holds' = to_jsonb(NEW) - 'holds' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what is said of premises is superseded by a newer row: it cannot be changed'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER premises_never_change BEFORE UPDATE OR DELETE ON premises
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_premises();

CREATE TRIGGER tenancy_never_changes BEFORE UPDATE OR DELETE ON tenancy
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_premises();

CREATE TRIGGER meter_reading_never_changes BEFORE UPDATE OR DELETE ON meter_reading
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_premises();

CREATE FUNCTION refuse_overlet_premises() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    over record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('premises ' || NEW.premises_id));
    SELECT day.valid_from AS on_day, sum(t.net_area_m2 * t.occupancy) AS occupied, p.gross_area_m2 INTO over
      FROM premises p
      JOIN tenancy day ON day.premises_id = p.id AND day.holds
      JOIN tenancy t ON t.premises_id = p.id AND t.holds AND t.valid_from <= day.valid_from
       AND (t.valid_to IS NULL OR t.valid_to > day.valid_from)
     WHERE p.id = NEW.premises_id
     GROUP BY day.id, day.valid_from, p.gross_area_m2
    HAVING sum(t.net_area_m2 * t.occupancy) > p.gross_area_m2 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'on % tenants would occupy % of % m2 of premises %', over.on_day, over.occupied,
            over.gross_area_m2, NEW.premises_id USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tenancy_has_room AFTER INSERT ON tenancy
    FOR EACH ROW EXECUTE FUNCTION refuse_overlet_premises();

CREATE FUNCTION refuse_overlapping_readings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('premises ' || NEW.premises_id));
    SELECT r.id INTO other FROM meter_reading r
     WHERE r.premises_id = NEW.premises_id AND r.meter = NEW.meter AND r.holds AND r.id <> NEW.id
       AND r.period_start < NEW.period_end AND r.period_end > NEW.period_start LIMIT 1;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'meter readings % and % overlap', NEW.id, other USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER meter_reading_is_alone AFTER INSERT ON meter_reading
    FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_readings()
"""

TABLES = """
CREATE TABLE premises (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    name text NOT NULL CHECK (name <> ''),
    gross_area_m2 numeric NOT NULL CHECK (gross_area_m2 > 0),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    registered_by text NOT NULL,
    registered_by_subject text NOT NULL,
    registered_at timestamptz NOT NULL,
    UNIQUE (id, location_id)
);

CREATE UNIQUE INDEX premises_one_name ON premises (location_id, lower(name));

CREATE TABLE tenancy (
    id text PRIMARY KEY,
    premises_id text NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    tenant_id text REFERENCES location (id),
    outside_party text CHECK (outside_party <> ''),
    net_area_m2 numeric NOT NULL CHECK (net_area_m2 >= 0),
    occupancy numeric NOT NULL CHECK (occupancy > 0 AND occupancy <= 1),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    replaces_id text UNIQUE REFERENCES tenancy (id),
    reason text,
    set_by text NOT NULL,
    set_by_subject text NOT NULL,
    set_at timestamptz NOT NULL,
    holds boolean NOT NULL DEFAULT true,
    FOREIGN KEY (premises_id, location_id) REFERENCES premises (id, location_id),
    CHECK (num_nonnulls(tenant_id, outside_party) = 1),
    CHECK ((replaces_id IS NULL) = (reason IS NULL)),
    CHECK (net_area_m2 > 0 OR replaces_id IS NOT NULL)
);

CREATE INDEX tenancy_by_premises ON tenancy (premises_id, id);

CREATE INDEX tenancy_by_tenant ON tenancy (tenant_id, premises_id);

CREATE TABLE meter_reading (
    id text PRIMARY KEY,
    premises_id text NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    meter text NOT NULL CHECK (meter <> ''),
    utility text NOT NULL
        CHECK (utility IN ('electricity', 'heat', 'cooling', 'water', 'heating_fuel', 'generator_fuel')),
    category text NOT NULL,
    item text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL CHECK (period_end > period_start),
    amount numeric NOT NULL CHECK (amount >= 0),
    unit text NOT NULL,
    quality text NOT NULL,
    supersedes_id text UNIQUE REFERENCES meter_reading (id),
    reason text,
    recorded_by text NOT NULL,
    recorded_by_subject text NOT NULL,
    recorded_at timestamptz NOT NULL,
    holds boolean NOT NULL DEFAULT true,
    FOREIGN KEY (premises_id, location_id) REFERENCES premises (id, location_id),
    CHECK ((supersedes_id IS NULL) = (reason IS NULL))
);

CREATE INDEX meter_reading_by_premises ON meter_reading (premises_id, id);

CREATE TABLE premises_share (
    inventory_id text NOT NULL REFERENCES inventory (id),
    reading_id text NOT NULL REFERENCES meter_reading (id),
    location_id text NOT NULL REFERENCES location (id),
    record_id bigint NOT NULL UNIQUE REFERENCES activity_record (id) ON DELETE CASCADE,
    premises_id text NOT NULL REFERENCES premises (id),
    category text NOT NULL,
    year integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('tenant', 'operator')),
    period_start date NOT NULL,
    period_end date NOT NULL CHECK (period_end > period_start),
    metered_amount numeric NOT NULL CHECK (metered_amount >= 0),
    numerator numeric NOT NULL CHECK (numerator >= 0 AND numerator <= denominator),
    denominator numeric NOT NULL CHECK (denominator > 0),
    amount numeric NOT NULL CHECK (amount >= 0 AND amount <= metered_amount),
    taken_by text NOT NULL,
    taken_by_subject text NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (inventory_id, reading_id, location_id)
);

CREATE INDEX premises_share_by_reading ON premises_share (reading_id, location_id)
"""
