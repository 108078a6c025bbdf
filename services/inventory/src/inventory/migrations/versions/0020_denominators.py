"""What intensities are stated by, day by day and by topic, in the place of the profile of a year."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0020"
down_revision = "0019"

SERVICE = "inventory"
EVENTS = (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    _take_over_profiles()
    for table in ("denominator_statement", "inventory_intensity"):
        secure_rows(op, table)
        grant(op, SERVICE, "SELECT, INSERT", table)
    # As other official figures: who reads an inventory of a location that has moved away reads them.
    op.execute(
        "CREATE POLICY within_rights_then ON inventory_intensity FOR SELECT"
        f" USING ({LEFT} AND inventory_intensity.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN}))"
    )
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER denominator_statement_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON denominator_statement"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_denominator_statement()"
    )
    # Written while the version is still submitted, in the transaction that makes it final.
    for event, transition in EVENTS:
        op.execute(
            f"CREATE TRIGGER inventory_intensity_{event.lower()}_beside_final AFTER {event} ON inventory_intensity"
            f" REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_beside_final()"
        )
    # As `domain.disclosure`: the other amounts in these are told, so that what is left of them is the fuel.
    op.execute("DROP POLICY sensitive ON inventory_indicator")
    secure_sensitive_rows(
        op,
        "inventory_indicator",
        sensitive="indicator IN ('generator_fuel', 'energy', 'energy_per_m2') AND open_to_all IS NOT TRUE",
    )


def _take_over_profiles() -> None:
    """Each year's personnel and floor area hold from its first day to its last. Nobody writes profiles any more.

    Their ids are older than all that are made. The owner is bound by row security, which rests meanwhile.
    """
    op.execute("ALTER TABLE location_profile NO FORCE ROW LEVEL SECURITY")
    op.execute(TAKE_OVER)
    op.execute("ALTER TABLE location_profile FORCE ROW LEVEL SECURITY")
    op.execute(f"REVOKE INSERT, UPDATE ON location_profile FROM {SERVICE}_serving")


_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"
_ENDED = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = {_ROOTS}"
LEFT = f"EXISTS (SELECT {_ENDED}) AND inventory_intensity.location_id IN (SELECT descendant_id {_ENDED})"
"""As in 0009: locations that are no longer under what they were under."""

GUARD = """
CREATE FUNCTION refuse_change_of_denominator_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'denominator_statement is only ever added to: it cannot be changed'
        USING ERRCODE = 'restrict_violation';
END $$
"""

TAKE_OVER = """
INSERT INTO denominator_statement
    (id, location_id, kind, topic, value, valid_from, valid_to, source, stated_by, stated_by_subject, stated_at)
SELECT '00000000-0000-7000-8000-' || lpad(row_number() OVER (ORDER BY p.location_id, p.year, k.kind)::text, 12, '0'),
       p.location_id, k.kind, NULL, k.value, make_date(p.year, 1, 1), make_date(p.year + 1, 1, 1), p.source, p.set_by,
       NULL, p.set_at
  FROM location_profile p,
       LATERAL (VALUES ('personnel', p.personnel), ('floor_area', p.floor_area_m2)) k (kind, value)
 WHERE k.value IS NOT NULL
"""

TABLES = """
CREATE TABLE denominator_statement (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    kind text NOT NULL CHECK (kind IN ('staff', 'personnel', 'floor_area')),
    topic text CHECK (topic IN ('emissions', 'energy', 'water', 'waste')),
    value numeric NOT NULL CHECK (value > 0),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    source text NOT NULL,
    stated_by text NOT NULL,
    stated_by_subject text,
    stated_at timestamptz NOT NULL
);

CREATE INDEX denominator_statement_by_location ON denominator_statement (location_id, id);

CREATE TABLE inventory_intensity (
    inventory_id text NOT NULL REFERENCES inventory (id),
    name text NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    gap text,
    explanation text,
    denominator numeric,
    days_stated integer NOT NULL,
    days integer NOT NULL,
    coverage_percent numeric,
    statements jsonb NOT NULL,
    PRIMARY KEY (inventory_id, name)
)
"""
