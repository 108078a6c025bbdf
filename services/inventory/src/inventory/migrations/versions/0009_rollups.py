"""Totals by month and by gas beside those of the year; all three follow every change of the lines."""

from alembic import op

from chassis.migrations import grant, secure_rows, secure_sensitive_rows

revision = "0009"
down_revision = "0008"

SERVICE = "inventory"
TOTALS = ("inventory_total", "inventory_month_total", "inventory_gas_total")
_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS})"
_ENDED = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = {_ROOTS}"
LEFT = f"EXISTS (SELECT {_ENDED}) AND {{table}}.location_id IN (SELECT descendant_id {_ENDED})"
"""Locations that are no longer under what they were under. Where there is none, that is asked once a statement,
and inventories are looked up for these alone."""


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ("inventory_month_total", "inventory_gas_total"):
        _guard(table)
    _keep_totals()
    _fill()
    _secure()


def _guard(table: str) -> None:
    for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER {table}_{event.lower()}_under_final AFTER {event} ON {table}"
            f" REFERENCING {transition} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_under_final()"
        )


def _keep_totals() -> None:
    """Lines are read once and summed by coefficient and month; the three totals are made of these sums.

    A line of several months is in each by its days: the months' parts are differences of what was reached by their
    ends, so that they sum to the line, exactly. Rows are written in the order of their keys, against deadlocks.
    """
    op.execute(
        "CREATE FUNCTION keep_inventory_totals() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" {SUM.format(lines='changed', sign='TG_ARGV[0]::integer')};"
        f" IF TG_ARGV[0] = '-1' THEN {NOTHING_LEFT} END IF; RETURN NULL; END $$"
    )
    op.execute("DROP TRIGGER activity_record_adds_to_total ON activity_record")
    op.execute("DROP FUNCTION add_to_inventory_total()")
    for name, event, transition, sign in (
        ("adds_to_totals", "INSERT", "NEW", 1),
        ("leaves_totals", "DELETE", "OLD", -1),
        ("changes_totals_from", "UPDATE", "OLD", -1),
        ("changes_totals_to", "UPDATE", "NEW", 1),
    ):
        op.execute(
            f"CREATE TRIGGER activity_record_{name} AFTER {event} ON activity_record"
            f" REFERENCING {transition} TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION keep_inventory_totals('{sign}')"
        )


def _fill() -> None:
    """Of lines that are there already. The owner is bound by row security, which rests meanwhile."""
    tables = ("activity_record", "inventory_total", "inventory")
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for table in TOTALS:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute("DELETE FROM inventory_total")
    op.execute(SUM.format(lines="activity_record", sign="1"))
    for table in TOTALS:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _secure() -> None:
    # As the lines that they are made of: docs/adr/0018-sensitive-attributes.md.
    for table in ("inventory_month_total", "inventory_gas_total"):
        secure_rows(op, table)
        secure_sensitive_rows(op, table, sensitive="category IN ('generator_fuel', 'heating_fuel', 'vehicle_fuel')")
        grant(op, SERVICE, "SELECT, INSERT, UPDATE", table)
    # A correction takes lines out of a draft.
    grant(op, SERVICE, "DELETE", "activity_record", *TOTALS)
    # A site that has moved away stays in the inventories that it was part of.
    for table in ("activity_record", *TOTALS):
        whole = f"{table}.inventory_id IN (SELECT i.id FROM inventory i WHERE {WITHIN})"
        left = f"{LEFT.format(table=table)} AND {whole}"
        op.execute(f"CREATE POLICY within_rights_of_inventory ON {table} USING ({left}) WITH CHECK ({left})")
    # And so do the official figures of a location that has moved away, for who reads that inventory.
    for table in ("inventory_total", "inventory_indicator"):
        op.execute(
            f"CREATE POLICY within_rights_then ON {table} FOR SELECT"
            f" USING ({table}.inventory_id IN (SELECT i.id FROM inventory i))"
        )


SUM = """
WITH part AS (
    SELECT inventory_id, location_id, coefficient_id, date_trunc('month', period_start::timestamp)::date AS month,
           co2e_kg, biogenic_co2_kg, 0::numeric AS apportioned, amount, 1 AS begun
      FROM {lines}
     WHERE coefficient_id IS NOT NULL
       AND period_end <= date_trunc('month', period_start::timestamp) + interval '1 month'
    UNION ALL
    SELECT l.inventory_id, l.location_id, l.coefficient_id, m.month, upto.co2e_kg - before.co2e_kg,
           upto.biogenic_co2_kg - before.biogenic_co2_kg, upto.co2e_kg - before.co2e_kg,
           CASE WHEN before.days = 0 THEN l.amount ELSE 0 END, CASE WHEN before.days = 0 THEN 1 ELSE 0 END
      FROM (SELECT *, period_end - period_start AS days FROM {lines}
             WHERE coefficient_id IS NOT NULL
               AND period_end > date_trunc('month', period_start::timestamp) + interval '1 month') l,
           generate_series(date_trunc('month', l.period_start::timestamp), l.period_end - 1, '1 month') AS g,
           LATERAL (SELECT g::date AS month, (g + interval '1 month')::date AS next) m,
           LATERAL (SELECT least(m.next, l.period_end) - l.period_start AS days) u,
           LATERAL (SELECT
               CASE WHEN u.days = l.days THEN l.co2e_kg ELSE round(l.co2e_kg * u.days / l.days, 12) END AS co2e_kg,
               CASE WHEN u.days = l.days THEN l.biogenic_co2_kg
                    ELSE round(l.biogenic_co2_kg * u.days / l.days, 12) END AS biogenic_co2_kg) upto,
           LATERAL (SELECT greatest(m.month - l.period_start, 0) AS days) b,
           LATERAL (SELECT b.days, round(l.co2e_kg * b.days / l.days, 12) AS co2e_kg,
               round(l.biogenic_co2_kg * b.days / l.days, 12) AS biogenic_co2_kg) before
), summed AS MATERIALIZED (
    SELECT inventory_id, location_id, coefficient_id, month, {sign} * sum(co2e_kg) AS co2e_kg,
           {sign} * sum(biogenic_co2_kg) AS biogenic_co2_kg, {sign} * sum(apportioned) AS apportioned,
           {sign} * sum(amount) AS amount, {sign} * count(*) AS records, {sign} * sum(begun) AS begun
      FROM part GROUP BY 1, 2, 3, 4
), by_month AS (
    INSERT INTO inventory_month_total AS total (inventory_id, location_id, month, scope, category, optional, co2e_kg,
        biogenic_co2_kg, apportioned_co2e_kg, records)
    SELECT s.inventory_id, s.location_id, s.month, c.scope, c.category, c.optional, sum(s.co2e_kg),
           sum(s.biogenic_co2_kg), sum(s.apportioned), sum(s.records)
      FROM summed s JOIN coefficient c ON c.id = s.coefficient_id GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (inventory_id, location_id, month, scope, category, optional) DO UPDATE SET
        co2e_kg = total.co2e_kg + excluded.co2e_kg,
        biogenic_co2_kg = total.biogenic_co2_kg + excluded.biogenic_co2_kg,
        apportioned_co2e_kg = total.apportioned_co2e_kg + excluded.apportioned_co2e_kg,
        records = total.records + excluded.records
), by_gas AS (
    INSERT INTO inventory_gas_total AS total (inventory_id, location_id, scope, category, optional, gas, kg, records)
    SELECT s.inventory_id, s.location_id, c.scope, c.category, c.optional, gas.key,
           sum(s.amount * gas.value::numeric), sum(s.begun)
      FROM (SELECT inventory_id, location_id, coefficient_id, sum(amount) AS amount, sum(begun) AS begun
              FROM summed GROUP BY 1, 2, 3) s
      JOIN coefficient c ON c.id = s.coefficient_id, jsonb_each_text(c.kg_per_unit) AS gas
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (inventory_id, location_id, scope, category, optional, gas) DO UPDATE SET
        kg = total.kg + excluded.kg, records = total.records + excluded.records
)
INSERT INTO inventory_total AS total
    (inventory_id, location_id, scope, category, optional, co2e_kg, biogenic_co2_kg, records)
SELECT s.inventory_id, s.location_id, c.scope, c.category, c.optional, sum(s.co2e_kg), sum(s.biogenic_co2_kg),
       sum(s.begun)
  FROM summed s JOIN coefficient c ON c.id = s.coefficient_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (inventory_id, location_id, scope, category, optional) DO UPDATE SET
    co2e_kg = total.co2e_kg + excluded.co2e_kg,
    biogenic_co2_kg = total.biogenic_co2_kg + excluded.biogenic_co2_kg,
    records = total.records + excluded.records"""

NOTHING_LEFT = " ".join(
    f"DELETE FROM {table} t WHERE t.records = 0 AND t.inventory_id IN (SELECT DISTINCT inventory_id FROM changed);"
    for table in TOTALS
)
"""A category without a line has no total: missing, not 0."""

TABLES = """
CREATE TABLE inventory_month_total (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    scope integer NOT NULL,
    category text NOT NULL,
    optional boolean NOT NULL,
    co2e_kg numeric NOT NULL,
    biogenic_co2_kg numeric NOT NULL,
    apportioned_co2e_kg numeric NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (inventory_id, location_id, month, scope, category, optional)
);

CREATE TABLE inventory_gas_total (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    scope integer NOT NULL,
    category text NOT NULL,
    optional boolean NOT NULL,
    gas text NOT NULL,
    kg numeric NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (inventory_id, location_id, scope, category, optional, gas)
)
"""
