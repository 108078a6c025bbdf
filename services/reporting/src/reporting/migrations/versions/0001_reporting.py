"""What other services measured, reporting cycles, progress reports on frozen figures, consolidations."""

from alembic import op

from chassis.migrations import common_tables_1, grant, secure_rows

revision = "0001"
down_revision = None

SERVICE = "reporting"

PUBLISHED_REPORT = (
    "EXISTS (SELECT FROM consolidated_member m JOIN consolidated_publication p USING (consolidated_id)"
    " WHERE m.report_id = {}.{})"
)
PUBLISHED_CONSOLIDATION = (
    "EXISTS (SELECT FROM consolidated_publication p WHERE p.consolidated_id = {}.{})"
)
ANYONE = "true"


def upgrade() -> None:
    common_tables_1(op, SERVICE)
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ("inventory_figure", "progress_figure", "neutrality_standing"):
        secure_rows(op, table)
    # Who owes what, and what was published, is no secret.
    secure_rows(op, "reporting_duty", public=ANYONE)
    secure_rows(op, "consolidated_publication", public=ANYONE)
    secure_rows(op, "consolidated_report", public=PUBLISHED_CONSOLIDATION.format("consolidated_report", "id"))
    for table in ("consolidated_member", "consolidated_figure"):
        secure_rows(op, table, public=PUBLISHED_CONSOLIDATION.format(table, "consolidated_id"))
    secure_rows(op, "progress_report", public=PUBLISHED_REPORT.format("progress_report", "id"))
    for table in ("report_figure", "report_decision"):
        secure_rows(op, table, public=PUBLISHED_REPORT.format(table, "report_id"))
    # Facts are added, never edited: the serving role has no UPDATE and no DELETE.
    grant(
        op,
        SERVICE,
        "SELECT, INSERT",
        "inventory_figure",
        "progress_figure",
        "neutrality_standing",
        "reporting_cycle",
        "reporting_duty",
        "progress_report",
        "report_figure",
        "report_decision",
        "consolidated_report",
        "consolidated_member",
        "consolidated_figure",
        "consolidated_publication",
    )


FIGURE = """
    section text NOT NULL CHECK (section IN
        ('total', 'scope', 'category', 'optional', 'indicator', 'progress', 'neutrality')),
    key text NOT NULL,
    name text NOT NULL,
    value numeric NOT NULL,
    unit text NOT NULL,
    note text
"""

TABLES = f"""
CREATE TABLE inventory_figure (
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    inventory_id text NOT NULL,
    inventory_version integer NOT NULL,
    {FIGURE},
    PRIMARY KEY (inventory_id, section, key)
);

CREATE INDEX inventory_figure_by_year ON inventory_figure (location_id, year);

CREATE TABLE progress_figure (
    assessment_id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    target_id text NOT NULL,
    inventory_version integer NOT NULL,
    indicator text NOT NULL,
    value numeric NOT NULL,
    unit text NOT NULL,
    verdict text NOT NULL
);

CREATE INDEX progress_figure_by_year ON progress_figure (location_id, year);

CREATE TABLE neutrality_standing (
    statement_id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    inventory_version integer NOT NULL,
    coverage_percent numeric NOT NULL,
    status text NOT NULL
);

CREATE INDEX neutrality_standing_by_year ON neutrality_standing (location_id, year);

CREATE TABLE reporting_cycle (
    year integer PRIMARY KEY,
    due_on date NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL
);

CREATE TABLE reporting_duty (
    year integer NOT NULL REFERENCES reporting_cycle (year),
    location_id text NOT NULL REFERENCES location (id),
    PRIMARY KEY (year, location_id)
);

CREATE TABLE progress_report (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL REFERENCES reporting_cycle (year),
    version integer NOT NULL CHECK (version >= 1),
    inventory_id text NOT NULL,
    inventory_version integer NOT NULL,
    narrative text NOT NULL,
    submitted_by text NOT NULL,
    submitted_at timestamptz NOT NULL,
    UNIQUE (location_id, year, version)
);

CREATE TABLE report_figure (
    report_id text NOT NULL REFERENCES progress_report (id),
    location_id text NOT NULL REFERENCES location (id),
    {FIGURE},
    PRIMARY KEY (report_id, section, key)
);

CREATE TABLE report_decision (
    report_id text PRIMARY KEY REFERENCES progress_report (id),
    location_id text NOT NULL REFERENCES location (id),
    action text NOT NULL CHECK (action IN ('returned', 'accepted')),
    by text NOT NULL,
    at timestamptz NOT NULL,
    reasons text CHECK (action <> 'returned' OR reasons IS NOT NULL)
);

CREATE TABLE consolidated_report (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL REFERENCES reporting_cycle (year),
    version integer NOT NULL CHECK (version >= 1),
    consolidated_by text NOT NULL,
    consolidated_at timestamptz NOT NULL,
    UNIQUE (year, version)
);

CREATE TABLE consolidated_member (
    consolidated_id text NOT NULL REFERENCES consolidated_report (id),
    location_id text NOT NULL REFERENCES location (id),
    member_id text NOT NULL REFERENCES location (id),
    report_id text REFERENCES progress_report (id),
    inventory_id text,
    inventory_version integer,
    total_kg numeric,
    PRIMARY KEY (consolidated_id, member_id),
    CHECK (num_nulls(report_id, inventory_id, inventory_version, total_kg) IN (0, 4))
);

CREATE INDEX consolidated_member_by_report ON consolidated_member (report_id);

CREATE TABLE consolidated_figure (
    consolidated_id text NOT NULL REFERENCES consolidated_report (id),
    location_id text NOT NULL REFERENCES location (id),
    {FIGURE},
    PRIMARY KEY (consolidated_id, section, key)
);

CREATE TABLE consolidated_publication (
    consolidated_id text PRIMARY KEY REFERENCES consolidated_report (id),
    location_id text NOT NULL REFERENCES location (id),
    by text NOT NULL,
    at timestamptz NOT NULL
)
"""
