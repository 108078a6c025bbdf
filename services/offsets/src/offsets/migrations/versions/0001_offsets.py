"""Needs, purchases, the credits ledger, and neutrality statements."""

from alembic import op

from chassis.migrations import common_tables_1, grant, secure_rows

revision = "0001"
down_revision = None

SERVICE = "offsets"


def upgrade() -> None:
    common_tables_1(op, SERVICE)
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    published = (
        "EXISTS (SELECT FROM publication p WHERE p.location_id = {0}.location_id AND p.year = {0}.year"
        " AND p.inventory_id = {0}.inventory_id)"
    )
    secure_rows(op, "offset_need", public=published.format("offset_need"))
    secure_rows(op, "neutrality_statement", public=published.format("neutrality_statement"))
    secure_rows(
        op,
        "retirement",
        public=(
            "EXISTS (SELECT FROM publication p WHERE p.location_id = retirement.location_id"
            " AND p.year = retirement.year)"
        ),
    )
    for table in ("purchase", "purchase_step", "credit_batch"):
        secure_rows(op, table)
    # A ledger is added to, never edited: the serving role has no UPDATE and no DELETE on any of it.
    grant(op, SERVICE, "SELECT, INSERT", "offset_need", "purchase", "purchase_step", "serial_series")
    grant(op, SERVICE, "SELECT, INSERT", "credit_batch", "retirement", "neutrality_statement")


# WITHOUT OVERLAPS and PERIOD (SQL:2023, PostgreSQL 18) are meant for time and hold for any range. As a first column
# they want one with an index on ranges, so a series is written as the range of its one number.
TABLES = """
CREATE TABLE offset_need (
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    inventory_version integer NOT NULL,
    inventory_id text NOT NULL,
    total_kg numeric NOT NULL,
    tonnes bigint NOT NULL CHECK (tonnes >= 0),
    known_at timestamptz NOT NULL,
    PRIMARY KEY (location_id, year, inventory_version)
);

CREATE TABLE purchase (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL CHECK (year BETWEEN 1990 AND 2100),
    tonnes bigint NOT NULL CHECK (tonnes >= 1),
    justification text NOT NULL CHECK (justification <> ''),
    requested_by_subject text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL
);

CREATE INDEX purchase_by_location ON purchase (location_id, id);

CREATE TABLE purchase_step (
    purchase_id text NOT NULL REFERENCES purchase (id),
    step integer NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    action text NOT NULL,
    by_subject text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    reason text,
    PRIMARY KEY (purchase_id, step),
    CHECK ((step = 1 AND action IN ('approved', 'refused')) OR (step = 2 AND action = 'delivered')),
    CHECK ((action = 'refused') = (reason IS NOT NULL))
);

CREATE TABLE serial_series (
    series_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    registry_key text NOT NULL,
    project_key text NOT NULL,
    vintage integer NOT NULL,
    UNIQUE (registry_key, project_key, vintage)
);

CREATE TABLE credit_batch (
    id text PRIMARY KEY,
    purchase_id text NOT NULL UNIQUE REFERENCES purchase (id),
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    registry text NOT NULL,
    project text NOT NULL,
    vintage integer NOT NULL,
    series_no bigint NOT NULL REFERENCES serial_series (series_no),
    series int8range NOT NULL GENERATED ALWAYS AS (int8range(series_no, series_no, '[]')) STORED,
    serials int8range NOT NULL CHECK (lower(serials) >= 1 AND NOT upper_inf(serials)),
    price_per_tonne numeric NOT NULL CHECK (price_per_tonne >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    delivered_at timestamptz NOT NULL,
    UNIQUE (id, series_no),
    CONSTRAINT serials_held_once UNIQUE (series, serials WITHOUT OVERLAPS)
);

CREATE INDEX credit_batch_by_location ON credit_batch (location_id, id);

CREATE TABLE retirement (
    id text PRIMARY KEY,
    batch_id text NOT NULL,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    registry text NOT NULL,
    project text NOT NULL,
    vintage integer NOT NULL,
    series_no bigint NOT NULL,
    series int8range NOT NULL GENERATED ALWAYS AS (int8range(series_no, series_no, '[]')) STORED,
    serials int8range NOT NULL CHECK (lower(serials) >= 1 AND NOT upper_inf(serials)),
    retired_by_subject text NOT NULL,
    retired_by text NOT NULL,
    retired_at timestamptz NOT NULL,
    FOREIGN KEY (batch_id, series_no) REFERENCES credit_batch (id, series_no),
    CONSTRAINT serials_retired_once UNIQUE (series, serials WITHOUT OVERLAPS),
    CONSTRAINT serials_retired_are_held FOREIGN KEY (series, PERIOD serials)
        REFERENCES credit_batch (series, PERIOD serials)
);

CREATE INDEX retirement_by_location ON retirement (location_id, year, id);

CREATE INDEX retirement_by_batch ON retirement (batch_id);

CREATE TABLE neutrality_statement (
    id text PRIMARY KEY,
    location_id text NOT NULL,
    year integer NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    inventory_id text NOT NULL,
    inventory_version integer NOT NULL,
    need_tonnes bigint NOT NULL,
    retired_tonnes bigint NOT NULL CHECK (retired_tonnes >= 0),
    coverage_percent numeric NOT NULL,
    status text NOT NULL CHECK (status = CASE WHEN retired_tonnes >= need_tonnes THEN 'neutral' ELSE 'partial' END),
    supersedes_id text UNIQUE REFERENCES neutrality_statement (id),
    issued_at timestamptz NOT NULL,
    UNIQUE (location_id, year, number),
    CHECK ((number = 1) = (supersedes_id IS NULL)),
    FOREIGN KEY (location_id, year, inventory_version)
        REFERENCES offset_need (location_id, year, inventory_version)
)
"""
