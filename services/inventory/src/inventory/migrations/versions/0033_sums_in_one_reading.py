"""Totals and coverage of changed lines are made in one reading of them, by one trigger."""

from alembic import op

revision = "0033"
down_revision = "0032"

EVENTS = (("INSERT", "NEW", 1), ("DELETE", "OLD", -1), ("UPDATE", "OLD", -1), ("UPDATE", "NEW", 1))
BEFORE = {
    "totals": ("adds_to_totals", "leaves_totals", "changes_totals_from", "changes_totals_to"),
    "coverage": ("adds_to_coverage", "leaves_coverage", "changes_coverage_from", "changes_coverage_to"),
}
NOW = ("adds_to_sums", "leaves_sums", "changes_sums_from", "changes_sums_to")
SUMS = ("inventory_total", "inventory_month_total", "inventory_gas_total", "inventory_coverage")


def upgrade() -> None:
    """Nothing is filled: the sums are those that are there, made another way.

    Rows are written in the order of their keys, against deadlocks. A category without a line has no sum: missing, not 0.
    """
    for kept, names in BEFORE.items():
        for name in names:
            op.execute(f"DROP TRIGGER activity_record_{name} ON activity_record")
        op.execute(f"DROP FUNCTION keep_inventory_{kept}()")
    nothing_left = " ".join(
        f"DELETE FROM {table} t WHERE t.records = 0 AND t.inventory_id IN (SELECT DISTINCT inventory_id FROM changed);"
        for table in SUMS
    )
    op.execute(
        "CREATE FUNCTION keep_inventory_sums() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" {SUM}; IF TG_ARGV[0] = '-1' THEN {nothing_left} END IF; RETURN NULL; END $$"
    )
    for name, (event, transition, sign) in zip(NOW, EVENTS, strict=True):
        op.execute(
            f"CREATE TRIGGER activity_record_{name} AFTER {event} ON activity_record"
            f" REFERENCING {transition} TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION keep_inventory_sums('{sign}')"
        )


SUM = """
-- A line is in every month that it touches. One of several months is in each by its days: the months' parts are
-- differences of what was reached by their ends, so that they sum to the line, exactly.
WITH of_one_month AS (
    SELECT inventory_id, location_id, category, quality, coefficient_id,
           date_trunc('month', period_start::timestamp)::date AS month, sum(co2e_kg) AS co2e_kg,
           sum(biogenic_co2_kg) AS biogenic_co2_kg, sum(amount) AS amount, count(*) AS records
      FROM changed
     WHERE period_end <= date_trunc('month', period_start::timestamp) + interval '1 month'
     GROUP BY 1, 2, 3, 4, 5, 6
), of_several AS (
    SELECT l.inventory_id, l.location_id, l.category, l.quality, l.coefficient_id, m.month,
           sum(upto.co2e_kg - before.co2e_kg) AS co2e_kg,
           sum(upto.biogenic_co2_kg - before.biogenic_co2_kg) AS biogenic_co2_kg,
           sum(l.amount) FILTER (WHERE before.days = 0) AS amount, count(*) AS records,
           count(*) FILTER (WHERE before.days = 0) AS begun
      FROM (SELECT *, period_end - period_start AS days, date_trunc('month', period_start::timestamp) AS first,
                   12 * (date_part('year', period_end - 1) - date_part('year', period_start))
                       + date_part('month', period_end - 1) - date_part('month', period_start) + 1 AS months
              FROM changed
             WHERE period_end > date_trunc('month', period_start::timestamp) + interval '1 month') l,
           -- Of generate_series PostgreSQL expects a thousand months, and sorts lines where it could hash them.
           unnest(array_fill(0, ARRAY[l.months::integer])) WITH ORDINALITY AS g (zero, nth),
           LATERAL (SELECT (l.first + (g.nth - 1) * interval '1 month')::date AS month,
               (l.first + g.nth * interval '1 month')::date AS next) m,
           LATERAL (SELECT least(m.next, l.period_end) - l.period_start AS days) u,
           LATERAL (SELECT
               CASE WHEN u.days = l.days THEN l.co2e_kg ELSE round(l.co2e_kg * u.days / l.days, 12) END AS co2e_kg,
               CASE WHEN u.days = l.days THEN l.biogenic_co2_kg
                    ELSE round(l.biogenic_co2_kg * u.days / l.days, 12) END AS biogenic_co2_kg) upto,
           LATERAL (SELECT greatest(m.month - l.period_start, 0) AS days) b,
           LATERAL (SELECT b.days,
               CASE WHEN b.days = 0 THEN 0 ELSE round(l.co2e_kg * b.days / l.days, 12) END AS co2e_kg,
               CASE WHEN b.days = 0 THEN 0
                    ELSE round(l.biogenic_co2_kg * b.days / l.days, 12) END AS biogenic_co2_kg) before
     GROUP BY 1, 2, 3, 4, 5, 6
), part AS MATERIALIZED (
    SELECT p.inventory_id, p.location_id, p.category, p.quality, p.coefficient_id, p.month,
           t.sign * p.co2e_kg AS co2e_kg, t.sign * p.biogenic_co2_kg AS biogenic_co2_kg,
           t.sign * p.apportioned AS apportioned, t.sign * p.amount AS amount, t.sign * p.records AS records,
           t.sign * p.begun AS begun
      FROM (SELECT *, 0 AS apportioned, records AS begun FROM of_one_month
             UNION ALL
            SELECT inventory_id, location_id, category, quality, coefficient_id, month, co2e_kg, biogenic_co2_kg,
                   coalesce(amount, 0), records, co2e_kg, begun FROM of_several) p,
           (SELECT TG_ARGV[0]::integer AS sign) t
), by_coverage AS (
    INSERT INTO inventory_coverage AS total
        (inventory_id, location_id, category, month, quality, of_location_id, version, records)
    SELECT p.inventory_id, p.location_id, p.category, p.month, p.quality, i.location_id, i.version, sum(p.records)
      FROM part p JOIN inventory i ON i.id = p.inventory_id GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (inventory_id, location_id, category, month, quality) DO UPDATE SET
        records = total.records + excluded.records
), by_month AS (
    INSERT INTO inventory_month_total AS total (inventory_id, location_id, month, scope, category, optional, co2e_kg,
        biogenic_co2_kg, apportioned_co2e_kg, records)
    SELECT p.inventory_id, p.location_id, p.month, c.scope, c.category, c.optional, sum(p.co2e_kg),
           sum(p.biogenic_co2_kg), sum(p.apportioned), sum(p.records)
      FROM part p JOIN coefficient c ON c.id = p.coefficient_id GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
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
              FROM part GROUP BY 1, 2, 3) s
      JOIN coefficient c ON c.id = s.coefficient_id, jsonb_each_text(c.kg_per_unit) AS gas
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (inventory_id, location_id, scope, category, optional, gas) DO UPDATE SET
        kg = total.kg + excluded.kg, records = total.records + excluded.records
)
INSERT INTO inventory_total AS total
    (inventory_id, location_id, scope, category, optional, co2e_kg, biogenic_co2_kg, records)
SELECT p.inventory_id, p.location_id, c.scope, c.category, c.optional, sum(p.co2e_kg), sum(p.biogenic_co2_kg),
       sum(p.begun)
  FROM part p JOIN coefficient c ON c.id = p.coefficient_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (inventory_id, location_id, scope, category, optional) DO UPDATE SET
    co2e_kg = total.co2e_kg + excluded.co2e_kg,
    biogenic_co2_kg = total.biogenic_co2_kg + excluded.biogenic_co2_kg,
    records = total.records + excluded.records"""
