"""Factors that an entity alone may use, and coefficients that are made of them: seen there, above and below, nowhere else."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0028"
down_revision = "0027"

SERVICE = "inventory"
PRIVATE = ("private_factor_release", "private_factor")


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in PRIVATE:
        secure_rows(op, table)
        # A site takes the factors of the entity that it is part of.
        op.execute(f"CREATE POLICY within_entity ON {table} FOR SELECT USING ({table}.location_id IN ({ABOVE}))")
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_factors()"
        )
    grant(op, SERVICE, "SELECT, INSERT", *PRIVATE)
    _secure_coefficients()
    for statement in GUARDS.split(";\n\n"):
        op.execute(statement)


def _secure_coefficients() -> None:
    """A coefficient of a public factor is for everyone; one of a private factor for those who may see the factor."""
    op.execute("ALTER TABLE coefficient ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE coefficient FORCE ROW LEVEL SECURITY")
    own = f"coefficient.location_id IS NULL OR coefficient.location_id IN ({WITHIN})"
    op.execute(f"CREATE POLICY within_rights ON coefficient USING ({own}) WITH CHECK ({own})")
    # Also for those whose location has left the entity since: the lines of those years are theirs.
    entity = f"coefficient.location_id IN ({EVER_ABOVE})"
    op.execute(f"CREATE POLICY within_entity ON coefficient USING ({entity}) WITH CHECK ({entity})")


_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
WITHIN = f"SELECT descendant_id FROM location_closure WHERE ancestor_id = {_ROOTS}"
ABOVE = f"SELECT ancestor_id FROM location_closure WHERE descendant_id = {_ROOTS}"
EVER_ABOVE = f"SELECT ancestor_id FROM location_lineage WHERE descendant_id = {_ROOTS}"

TABLES = """
CREATE TABLE private_factor_release (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9.-]{1,60}$'),
    publisher text NOT NULL CHECK (publisher <> ''),
    licence text NOT NULL CHECK (licence <> ''),
    licence_text text NOT NULL CHECK (licence_text <> ''),
    content_hash text NOT NULL,
    factor_count integer NOT NULL CHECK (factor_count > 0),
    loaded_by text NOT NULL,
    loaded_by_subject text,
    loaded_at timestamptz NOT NULL,
    UNIQUE (location_id, name)
);

CREATE TABLE private_factor (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    release_id text NOT NULL REFERENCES private_factor_release (id),
    category text NOT NULL,
    key text NOT NULL,
    place text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL CHECK (valid_to > valid_from),
    unit text NOT NULL,
    kg_by_gas jsonb NOT NULL,
    co2e_kg numeric,
    gwp_set text,
    biogenic_co2_kg numeric NOT NULL,
    uncertainty_percent numeric CHECK (uncertainty_percent >= 0),
    published_as text NOT NULL,
    publisher text NOT NULL,
    document text NOT NULL,
    document_table text NOT NULL,
    year integer NOT NULL,
    licence text NOT NULL,
    status text NOT NULL CHECK (status IN ('published', 'life_cycle', 'proxy', 'regional')),
    CHECK (co2e_kg IS NOT NULL OR kg_by_gas <> '{}')
);

CREATE INDEX private_factor_by_release ON private_factor (release_id, id);

CREATE INDEX private_factor_by_location ON private_factor (location_id);

ALTER TABLE coefficient ADD COLUMN location_id text REFERENCES location (id)
"""

GUARDS = """
CREATE FUNCTION refuse_part_of_private_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM private_factor_release r WHERE r.id IN (SELECT release_id FROM added)
        AND r.factor_count <> (SELECT count(*) FROM private_factor f WHERE f.release_id = r.id)) THEN
        RAISE EXCEPTION 'a release is whole or not at all: rows can''t be added to it, nor left out'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER private_factor_whole AFTER INSERT ON private_factor REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_part_of_private_release();

CREATE FUNCTION refuse_hidden_coefficient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT coefficient_id FROM changed WHERE coefficient_id IS NOT NULL) l
        WHERE NOT EXISTS (SELECT FROM coefficient c WHERE c.id = l.coefficient_id)) THEN
        RAISE EXCEPTION 'lines by a private factor of another entity can''t be put in or taken out: totals would lack them'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER activity_record_insert_of_seen AFTER INSERT ON activity_record REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_hidden_coefficient();

CREATE TRIGGER activity_record_delete_of_seen AFTER DELETE ON activity_record REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_hidden_coefficient()
"""
