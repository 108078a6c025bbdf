"""A record and its emissions are one line; what lines share with each other is a coefficient, kept once."""

from alembic import op

from chassis.migrations import grant

revision = "0007"
down_revision = "0006"

SERVICE = "inventory"


def upgrade() -> None:
    # The owner is bound by row security and by what keeps final versions: both rest while the tables are put together.
    for table in ("activity_record", "emission"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in COEFFICIENTS.split(";\n\n"):
        op.execute(statement)
    op.execute("ALTER TABLE activity_record ENABLE TRIGGER USER")
    op.execute("ALTER TABLE activity_record FORCE ROW LEVEL SECURITY")
    op.execute("DROP TABLE emission")
    grant(op, SERVICE, "SELECT, INSERT", "coefficient")
    _keep_rollup()
    _keep_coefficients()


def _keep_rollup() -> None:
    """As in revision 0001, from the lines that count emissions."""
    op.execute(
        """
        CREATE OR REPLACE FUNCTION add_to_inventory_total() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO inventory_total AS total
                (inventory_id, location_id, scope, category, optional, co2e_kg, biogenic_co2_kg, records)
            SELECT inventory_id, location_id, scope, category, optional, sum(co2e_kg), sum(biogenic_co2_kg), count(*)
                FROM added WHERE coefficient_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (inventory_id, location_id, scope, category, optional) DO UPDATE SET
                co2e_kg = total.co2e_kg + excluded.co2e_kg,
                biogenic_co2_kg = total.biogenic_co2_kg + excluded.biogenic_co2_kg,
                records = total.records + excluded.records;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER activity_record_adds_to_total AFTER INSERT ON activity_record REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION add_to_inventory_total()"
    )


def _keep_coefficients() -> None:
    """A coefficient stands under final lines, so it never changes; its id is made from what it says."""
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_coefficient() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a coefficient is only ever added: it cannot be changed'
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER coefficient_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON coefficient"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_coefficient()"
    )


# An earlier line is amount times coefficient without rounding, so a division with enough digits gives back the
# coefficient, exactly. A line of nothing has no such quotient: it takes that of its like, and 0 where there is none.
COEFFICIENTS = """
CREATE TABLE coefficient (
    id bigint PRIMARY KEY,
    category text NOT NULL,
    key text NOT NULL,
    unit text NOT NULL,
    scope integer NOT NULL,
    optional boolean NOT NULL,
    factor_id text NOT NULL,
    factor_release text NOT NULL,
    gwp_set text NOT NULL,
    explanation text NOT NULL,
    kg_per_unit jsonb NOT NULL,
    co2e_kg_per_unit numeric NOT NULL,
    biogenic_co2_kg_per_unit numeric NOT NULL
);

ALTER TABLE activity_record
    ADD COLUMN coefficient_id bigint REFERENCES coefficient (id),
    ADD COLUMN scope integer,
    ADD COLUMN optional boolean,
    ADD COLUMN co2e_kg numeric,
    ADD COLUMN biogenic_co2_kg numeric;

CREATE TEMPORARY TABLE earlier ON COMMIT DROP AS
    SELECT r.id, r.category, r.item || coalesce('/' || (r.details ->> 'treatment'), '') AS key, r.unit, r.amount,
           e.scope, e.optional, e.factor_id, e.factor_release, e.gwp_set, e.explanation, e.gas_kg, e.co2e_kg,
           e.biogenic_co2_kg,
           ('x' || substr(encode(sha256(convert_to(jsonb_build_array(r.category, r.item, r.details ->> 'treatment',
               r.unit, e.factor_id, e.factor_release, e.gwp_set, e.explanation)::text, 'UTF8')), 'hex'), 1, 15)
           )::bit(60)::bigint AS coefficient_id
    FROM activity_record r JOIN emission e ON e.activity_record_id = r.id;

INSERT INTO coefficient
    SELECT DISTINCT ON (coefficient_id) coefficient_id, category, key, unit, scope, optional, factor_id,
           factor_release, gwp_set, explanation,
           (SELECT jsonb_object_agg(gas.key, CASE WHEN amount = 0 THEN '0' ELSE
               trim_scale(round(gas.value::numeric, 200) / amount)::text END) FROM jsonb_each_text(gas_kg) AS gas),
           CASE WHEN amount = 0 THEN 0 ELSE trim_scale(round(co2e_kg, 200) / amount) END,
           CASE WHEN amount = 0 THEN 0 ELSE trim_scale(round(biogenic_co2_kg, 200) / amount) END
    FROM earlier ORDER BY coefficient_id, amount DESC;

UPDATE activity_record r SET coefficient_id = e.coefficient_id, co2e_kg = e.co2e_kg,
    biogenic_co2_kg = e.biogenic_co2_kg FROM earlier e WHERE e.id = r.id;

UPDATE activity_record SET
    scope = CASE category WHEN 'grid_electricity' THEN 2 WHEN 'generator_fuel' THEN 1 WHEN 'heating_fuel' THEN 1
        WHEN 'refrigerant' THEN 1 WHEN 'vehicle_fuel' THEN 1 ELSE 3 END,
    optional = category IN ('waste', 'water', 'wastewater');

ALTER TABLE activity_record
    ALTER COLUMN scope SET NOT NULL,
    ALTER COLUMN optional SET NOT NULL,
    ADD CHECK (num_nulls(coefficient_id, co2e_kg, biogenic_co2_kg) IN (0, 3));

CREATE INDEX activity_record_by_coefficient ON activity_record (coefficient_id)
"""
