"""Emission factors by release, editions of them, and the edition of each inventory.

The releases that ship are loaded here. The file of a release never changes, so this revision stays what it is; another
release is another file and another revision.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

from alembic import op
from sqlalchemy import text

from chassis.migrations import grant
from inventory import catalogue

revision = "0014"
down_revision = "0013"

SERVICE = "inventory"
EDITION = "un-2025"
RELEASES = (
    "un-sun-2023", "desnz-2025", "desnz-2024", "desnz-2023", "desnz-2022", "desnz-2021", "desnz-2020", "desnz-2019",
    "ipcc-2006", "epa-hub-2025", "epa-hub-2024", "ember-2024", "ember-2023", "ember-2022",
)  # fmt: skip
OPEN = ("factor_release", "emission_factor", "factor_edition", "factor_edition_release", "factor_edition_adoption")


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    _load()
    for statement in GUARDS.split(";\n\n"):
        op.execute(statement)
    for table in OPEN:
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_factors()"
        )
    # Releases and editions come by the command of the operator, who migrates; what serves reads them.
    grant(op, SERVICE, "SELECT", *OPEN)
    op.execute(INVENTORY)
    op.execute(GUARD)


def _load() -> None:
    hashes = []
    for name in RELEASES:
        content = files("inventory.catalogue").joinpath(f"releases/{name}.csv").read_bytes()
        hashes.append(sha256(content).hexdigest())
        factors = catalogue.release(name)
        op.execute(
            text(RELEASE).bindparams(
                id=name,
                publisher=factors[0].publisher,
                document=factors[0].document,
                licence=factors[0].licence,
                content_hash=hashes[-1],
                factor_count=len(factors),
                at=AT,
            )
        )
        rows = [
            {
                "id": factor.id,
                "release_id": name,
                "category": factor.category.value,
                "key": factor.key,
                "place": factor.place,
                "valid_from": factor.valid_from.isoformat(),
                "valid_to": factor.valid_to.isoformat(),
                "unit": factor.unit.value,
                "kg_by_gas": {gas: format(kg, "f") for gas, kg in factor.kg_by_gas.items()},
                "co2e_kg": None if factor.co2e_kg is None else format(factor.co2e_kg, "f"),
                "gwp_set": factor.gwp_set,
                "biogenic_co2_kg": format(factor.biogenic_co2_kg, "f"),
                "uncertainty_percent": factor.uncertainty_percent and format(factor.uncertainty_percent, "f"),
                "published_as": factor.published_as,
                "publisher": factor.publisher,
                "document": factor.document,
                "document_table": factor.table,
                "year": factor.year,
                "licence": factor.licence,
                "status": factor.status,
            }
            for factor in factors
        ]
        op.execute(text(FACTORS).bindparams(rows=json.dumps(rows)))
    op.execute(
        text(
            "INSERT INTO factor_edition VALUES (:id, :description, :content_hash, :release_count, 'shipped', :at)"
        ).bindparams(
            id=EDITION,
            description="Factors of the UN-wide method to the reporting year 2025",
            content_hash=sha256("".join(hashes).encode()).hexdigest(),
            release_count=len(RELEASES),
            at=AT,
        )
    )
    op.execute(
        text(
            "INSERT INTO factor_edition_release SELECT :id, rank, release"
            " FROM unnest(CAST(:releases AS text[])) WITH ORDINALITY AS r (release, rank)"
        ).bindparams(id=EDITION, releases=list(RELEASES))
    )
    op.execute(
        text("INSERT INTO factor_edition_adoption VALUES (:id, 'shipped', 'shipped', :at)").bindparams(
            id=EDITION, at=AT
        )
    )


AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the shipped edition was put together."""

RELEASE = (
    "INSERT INTO factor_release VALUES (:id, :publisher, :document, :licence, 'shipped', :content_hash, :factor_count,"
    " 'shipped', :at)"
)
FACTORS = (
    "INSERT INTO emission_factor SELECT f.*"
    " FROM jsonb_populate_recordset(NULL::emission_factor, CAST(:rows AS jsonb)) AS f"
)

TABLES = """
CREATE TABLE factor_release (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9.-]{1,60}$'),
    publisher text NOT NULL CHECK (publisher <> ''),
    document text NOT NULL CHECK (document <> ''),
    licence text NOT NULL CHECK (licence <> ''),
    format text NOT NULL,
    content_hash text NOT NULL,
    factor_count integer NOT NULL CHECK (factor_count > 0),
    loaded_by text NOT NULL,
    loaded_at timestamptz NOT NULL
);

CREATE TABLE emission_factor (
    id text PRIMARY KEY,
    release_id text NOT NULL REFERENCES factor_release (id),
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

CREATE INDEX emission_factor_by_release ON emission_factor (release_id, id);

CREATE TABLE factor_edition (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9.-]{1,60}$'),
    description text NOT NULL CHECK (description <> ''),
    content_hash text NOT NULL,
    release_count integer NOT NULL CHECK (release_count > 0),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL
);

CREATE TABLE factor_edition_release (
    edition_id text NOT NULL REFERENCES factor_edition (id),
    rank integer NOT NULL CHECK (rank > 0),
    release_id text NOT NULL REFERENCES factor_release (id),
    PRIMARY KEY (edition_id, rank),
    UNIQUE (edition_id, release_id)
);

CREATE TABLE factor_edition_adoption (
    edition_id text PRIMARY KEY REFERENCES factor_edition (id),
    reason text NOT NULL CHECK (reason <> ''),
    adopted_by text NOT NULL,
    adopted_at timestamptz NOT NULL
)
"""

GUARDS = """
CREATE FUNCTION refuse_change_of_factors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to: another release or edition has another name', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_part_of_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    partly text;
BEGIN
    IF TG_TABLE_NAME = 'emission_factor' THEN
        SELECT r.id INTO partly FROM factor_release r WHERE r.id IN (SELECT release_id FROM added)
           AND r.factor_count <> (SELECT count(*) FROM emission_factor f WHERE f.release_id = r.id) LIMIT 1;
    ELSE
        SELECT e.id INTO partly FROM factor_edition e WHERE e.id IN (SELECT edition_id FROM added)
           AND e.release_count <> (SELECT count(*) FROM factor_edition_release r WHERE r.edition_id = e.id) LIMIT 1;
    END IF;
    IF partly IS NOT NULL THEN
        RAISE EXCEPTION '% is whole or not at all: rows can''t be added to it, nor left out', partly
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER emission_factor_whole AFTER INSERT ON emission_factor REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_part_of_release();

CREATE TRIGGER factor_edition_release_whole AFTER INSERT ON factor_edition_release REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_part_of_release()
"""

INVENTORY = (
    f"ALTER TABLE inventory ADD COLUMN factor_edition text NOT NULL DEFAULT '{EDITION}' REFERENCES factor_edition (id)"
)
"""What is there was quantified by the catalogue as it shipped, which is this edition."""

GUARD = """
CREATE OR REPLACE FUNCTION refuse_change_of_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'final'
       OR (OLD.id, OLD.location_id, OLD.year, OLD.version, OLD.gwp_set, OLD.corrects_id, OLD.cause, OLD.reason,
           OLD.method_edition, OLD.factor_edition)
          IS DISTINCT FROM
          (NEW.id, NEW.location_id, NEW.year, NEW.version, NEW.gwp_set, NEW.corrects_id, NEW.cause, NEW.reason,
           NEW.method_edition, NEW.factor_edition) THEN
        RAISE EXCEPTION 'inventory % is %: it cannot be changed', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
