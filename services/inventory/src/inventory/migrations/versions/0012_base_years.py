"""Base years of locations, what was proposed and decided about them, and which sites a final inventory is of."""

from alembic import op

from chassis.migrations import grant, only_grows, secure_rows

revision = "0012"
down_revision = "0011"

SERVICE = "inventory"
ADDED_ONLY = ("base_year", "base_year_proposal", "base_year_decision", "inventory_site")


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    _fill_sites()
    for table in ADDED_ONLY:
        secure_rows(op, table)
        grant(op, SERVICE, "SELECT, INSERT", table)
        only_grows(op, table)


def _fill_sites() -> None:
    """Of inventories that are final already. The owner is bound by row security, which rests meanwhile."""
    for table in ("inventory", "inventory_total"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO inventory_site SELECT DISTINCT i.id, t.location_id, i.location_id, i.year, i.version"
        " FROM inventory i JOIN inventory_total t ON t.inventory_id = i.id WHERE i.state = 'final'"
    )
    for table in ("inventory", "inventory_total"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


TABLES = """
CREATE TABLE inventory_site (
    inventory_id text NOT NULL REFERENCES inventory (id),
    location_id text NOT NULL REFERENCES location (id),
    of_location_id text NOT NULL REFERENCES location (id),
    year integer NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (inventory_id, location_id)
);

CREATE INDEX inventory_site_by_location ON inventory_site (location_id, year);

CREATE TABLE base_year (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    target_id text,
    number integer NOT NULL CHECK (number >= 1),
    year integer NOT NULL,
    inventory_id text NOT NULL REFERENCES inventory (id),
    co2e_kg jsonb NOT NULL,
    threshold_percent numeric NOT NULL CHECK (threshold_percent > 0 AND threshold_percent <= 100),
    reason text NOT NULL,
    set_by text NOT NULL,
    set_by_subject text NOT NULL,
    set_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (location_id, target_id, number)
);

CREATE TABLE base_year_proposal (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    base_year_id text NOT NULL REFERENCES base_year (id),
    recalculate boolean NOT NULL,
    share_percent numeric,
    co2e_kg jsonb NOT NULL,
    reason text NOT NULL,
    proposed_by text NOT NULL,
    proposed_by_subject text NOT NULL,
    proposed_at timestamptz NOT NULL
);

CREATE INDEX base_year_proposal_by_base_year ON base_year_proposal (base_year_id, id);

CREATE TABLE base_year_decision (
    proposal_id text PRIMARY KEY REFERENCES base_year_proposal (id),
    location_id text NOT NULL REFERENCES location (id),
    approved boolean NOT NULL,
    reason text CHECK (approved OR reason IS NOT NULL),
    decided_by text NOT NULL,
    decided_by_subject text NOT NULL,
    decided_at timestamptz NOT NULL
)
"""
