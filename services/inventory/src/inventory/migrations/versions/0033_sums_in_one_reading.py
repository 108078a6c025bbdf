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
        # Sums of many lines by a hash instead of a sort, which would go by files.
        "CREATE FUNCTION keep_inventory_sums() RETURNS trigger LANGUAGE plpgsql SET work_mem = '64MB' AS $$ BEGIN"
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
-- differences of what was reached by their ends, so that they sum to the line, exactly. What is reached before a line
-- ends is rounded, line by line, and summed; the differences are of the sums.
WITH of_one_month AS (
    SELECT inventory_id, location_id, category, quality, coefficient_id,
           date_trunc('month', period_start::timestamp)::date AS month, sum(co2e_kg) AS co2e_kg,
           sum(biogenic_co2_kg) AS biogenic_co2_kg, sum(amount) AS amount, count(*) AS records
      FROM changed
     WHERE period_end - period_start = 1
        OR period_end <= date_trunc('month', period_start::timestamp) + interval '1 month'
     GROUP BY 1, 2, 3, 4, 5, 6
), upto AS MATERIALIZED (
    SELECT l.inventory_id, l.location_id, l.category, l.quality, l.coefficient_id, m.month,
           sum(round(l.co2e_kg * m.days / l.days, 12)) FILTER (WHERE g.nth < l.months) AS co2e_kg,
           sum(round(l.biogenic_co2_kg * m.days / l.days, 12))
               FILTER (WHERE g.nth < l.months AND l.biogenic_co2_kg <> 0) AS biogenic_co2_kg,
           sum(l.co2e_kg) FILTER (WHERE g.nth = l.months) AS whole_co2e_kg,
           sum(l.biogenic_co2_kg) FILTER (WHERE g.nth = l.months) AS whole_biogenic_co2_kg,
           sum(l.amount) FILTER (WHERE g.nth = 1) AS amount, count(*) AS records,
           count(*) FILTER (WHERE g.nth = 1) AS begun
      FROM (SELECT *, period_end - period_start AS days, last - first + 1 AS months
              FROM (SELECT *, (12 * date_part('year', period_start) + date_part('month', period_start) - 1)::integer
                                  AS first,
                              (12 * date_part('year', period_end - 1) + date_part('month', period_end - 1) - 1)::integer
                                  AS last
                      FROM changed
                     WHERE period_end - period_start > 1
                       AND period_end > date_trunc('month', period_start::timestamp) + interval '1 month') c) l,
           -- Of generate_series PostgreSQL expects a thousand months, and sorts lines where it could hash them.
           unnest(array_fill(0, ARRAY[l.months])) WITH ORDINALITY AS g (zero, nth),
           LATERAL (SELECT l.first + g.nth::integer AS next) n,
           LATERAL (SELECT make_date((n.next - 1) / 12, (n.next - 1) % 12 + 1, 1) AS month,
               make_date(n.next / 12, n.next % 12 + 1, 1) - l.period_start AS days) m
     GROUP BY 1, 2, 3, 4, 5, 6
), of_several AS (
    -- Who goes on into the next month is in that month, too: the one before it in these groups is the month before.
    SELECT inventory_id, location_id, category, quality, coefficient_id, month,
           coalesce(whole_co2e_kg, 0) + coalesce(co2e_kg, 0) - coalesce(lag(co2e_kg) OVER months, 0) AS co2e_kg,
           coalesce(whole_biogenic_co2_kg, 0) + coalesce(biogenic_co2_kg, 0)
               - coalesce(lag(biogenic_co2_kg) OVER months, 0) AS biogenic_co2_kg,
           amount, records, begun
      FROM upto
    WINDOW months AS (PARTITION BY inventory_id, location_id, category, quality, coefficient_id ORDER BY month)
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
