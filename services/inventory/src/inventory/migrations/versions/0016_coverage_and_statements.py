"""Which source was reported in which month, what was expected, and what was stated where nothing is reported."""

from alembic import op

from chassis.migrations import grant, only_grows, secure_rows

revision = "0016"
down_revision = "0015"

SERVICE = "inventory"
ADDED_ONLY = ("source_expectation", "source_statement", "source_statement_withdrawal")
_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"
_ENDED = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = {_ROOTS}"
LEFT = f"EXISTS (SELECT {_ENDED}) AND {{table}}.location_id IN (SELECT descendant_id {_ENDED})"
"""As in 0009: locations that are no longer under what they were under."""


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ("inventory_coverage", *ADDED_ONLY):
        secure_rows(op, table)
    # As the lines of a version: a site that has moved away stays in it.
    for table in ("inventory_coverage", "source_statement", "source_statement_withdrawal"):
        whole = (
            f"{LEFT.format(table=table)} AND {table}.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN})"
        )
        op.execute(f"CREATE POLICY within_rights_of_inventory ON {table} USING ({whole}) WITH CHECK ({whole})")
        for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_under_final AFTER {event} ON {table}"
                f" REFERENCING {transition} TABLE AS changed"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
            )
    grant(op, SERVICE, "SELECT, INSERT, UPDATE, DELETE", "inventory_coverage")
    grant(op, SERVICE, "SELECT, INSERT", *ADDED_ONLY)
    for table in ADDED_ONLY:
        only_grows(op, table)
    _keep_coverage()
    _fill()


def _keep_coverage() -> None:
    """Beside the totals: these know no line that counts no emission, and hide in which months fuel was used."""
    op.execute(
        "CREATE FUNCTION keep_inventory_coverage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" {COUNT.format(lines='changed', sign='TG_ARGV[0]::integer')};"
        " IF TG_ARGV[0] = '-1' THEN DELETE FROM inventory_coverage t WHERE t.records = 0"
        " AND t.inventory_id IN (SELECT DISTINCT inventory_id FROM changed); END IF; RETURN NULL; END $$"
    )
    for name, event, transition, sign in (
        ("adds_to_coverage", "INSERT", "NEW", 1),
        ("leaves_coverage", "DELETE", "OLD", -1),
        ("changes_coverage_from", "UPDATE", "OLD", -1),
        ("changes_coverage_to", "UPDATE", "NEW", 1),
    ):
        op.execute(
            f"CREATE TRIGGER activity_record_{name} AFTER {event} ON activity_record"
            f" REFERENCING {transition} TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION keep_inventory_coverage('{sign}')"
        )


def _fill() -> None:
    """Of lines that are there already. The owner is bound by row security, which rests meanwhile."""
    for table in ("activity_record", "inventory"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE inventory_coverage NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE inventory_coverage DISABLE TRIGGER USER")
    op.execute(COUNT.format(lines="activity_record", sign="1"))
    op.execute("ALTER TABLE inventory_coverage ENABLE TRIGGER USER")
    for table in ("activity_record", "inventory", "inventory_coverage"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


# A line is in every month that it touches. Rows are written in the order of their keys, against deadlocks.
COUNT = """
INSERT INTO inventory_coverage AS total
    (inventory_id, location_id, category, month, quality, of_location_id, version, records)
SELECT p.inventory_id, p.location_id, p.category, p.month, p.quality, i.location_id, i.version, sum(p.records)
  FROM (
    SELECT inventory_id, location_id, category, date_trunc('month', period_start::timestamp)::date AS month, quality,
           {sign} * count(*) AS records
      FROM {lines}
     WHERE period_end <= date_trunc('month', period_start::timestamp) + interval '1 month'
     GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT l.inventory_id, l.location_id, l.category, g::date, l.quality, {sign} * count(*)
      FROM {lines} l,
           generate_series(date_trunc('month', l.period_start::timestamp), l.period_end - 1, '1 month') AS g
     WHERE l.period_end > date_trunc('month', l.period_start::timestamp) + interval '1 month'
     GROUP BY 1, 2, 3, 4, 5
  ) p JOIN inventory i ON i.id = p.inventory_id
 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (inventory_id, location_id, category, month, quality) DO UPDATE SET
    records = total.records + excluded.records"""

TABLES = """
CREATE TABLE inventory_coverage (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    category text NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    quality text NOT NULL,
    of_location_id text NOT NULL REFERENCES location (id),
    version integer NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (inventory_id, location_id, category, month, quality)
);

CREATE INDEX inventory_coverage_by_location ON inventory_coverage (location_id, month);

CREATE TABLE source_expectation (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    category text NOT NULL,
    from_month date NOT NULL CHECK (extract(day FROM from_month) = 1),
    to_month date CHECK (extract(day FROM to_month) = 1 AND to_month > from_month),
    expected boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    declared_by text NOT NULL,
    declared_by_subject text NOT NULL,
    declared_at timestamptz NOT NULL
);

CREATE INDEX source_expectation_by_location ON source_expectation (location_id, id);

CREATE TABLE source_statement (
    id text PRIMARY KEY,
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    category text NOT NULL,
    from_month date NOT NULL CHECK (extract(day FROM from_month) = 1),
    to_month date NOT NULL CHECK (extract(day FROM to_month) = 1 AND to_month > from_month),
    key text NOT NULL CHECK (key IN ('not_occurring', 'not_estimated')),
    reason text NOT NULL CHECK (reason <> ''),
    of_location_id text NOT NULL REFERENCES location (id),
    version integer NOT NULL,
    copied_from_id text REFERENCES source_statement (id),
    stated_by text NOT NULL,
    stated_by_subject text NOT NULL,
    stated_at timestamptz NOT NULL
);

CREATE INDEX source_statement_by_inventory ON source_statement (inventory_id, id);

CREATE INDEX source_statement_by_location ON source_statement (location_id, from_month);

CREATE TABLE source_statement_withdrawal (
    statement_id text PRIMARY KEY REFERENCES source_statement (id),
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    reason text NOT NULL CHECK (reason <> ''),
    withdrawn_by text NOT NULL,
    withdrawn_by_subject text NOT NULL,
    withdrawn_at timestamptz NOT NULL
)
"""
