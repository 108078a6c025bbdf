"""Targets, what inventories measured, and progress assessments."""

from alembic import op

from chassis.migrations import common_tables_1, grant, secure_rows

revision = "0001"
down_revision = None

SERVICE = "targets"


def upgrade() -> None:
    common_tables_1(op, SERVICE)
    op.execute(
        """
        CREATE TABLE target (
            id text PRIMARY KEY,
            location_id text NOT NULL REFERENCES location (id),
            indicator text NOT NULL,
            unit text NOT NULL,
            base_year integer NOT NULL,
            base_value numeric NOT NULL CHECK (base_value > 0),
            target_year integer NOT NULL,
            target_value numeric NOT NULL CHECK (target_value >= 0),
            set_by text NOT NULL,
            set_at timestamptz NOT NULL,
            CHECK (target_year > base_year),
            UNIQUE (location_id, indicator, target_year)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE measured_indicator (
            location_id text NOT NULL REFERENCES location (id),
            year integer NOT NULL,
            inventory_version integer NOT NULL,
            indicator text NOT NULL,
            inventory_id text NOT NULL,
            value numeric NOT NULL,
            unit text NOT NULL,
            PRIMARY KEY (location_id, year, inventory_version, indicator)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE progress_assessment (
            id text PRIMARY KEY,
            target_id text NOT NULL REFERENCES target (id),
            location_id text NOT NULL REFERENCES location (id),
            year integer NOT NULL,
            inventory_id text NOT NULL,
            inventory_version integer NOT NULL,
            value numeric NOT NULL,
            expected numeric NOT NULL,
            reduction_percent numeric NOT NULL,
            verdict text NOT NULL,
            assessed_at timestamptz NOT NULL,
            UNIQUE (target_id, year, inventory_version)
        )
        """
    )
    published = (
        "EXISTS (SELECT FROM publication p WHERE p.location_id = {0}.location_id AND p.year = {0}.year"
        " AND p.inventory_id = {0}.inventory_id)"
    )
    secure_rows(
        op, "target", public="EXISTS (SELECT FROM publication p WHERE p.location_id = target.location_id)"
    )
    secure_rows(op, "measured_indicator", public=published.format("measured_indicator"))
    secure_rows(op, "progress_assessment", public=published.format("progress_assessment"))
    # Facts are added, never edited: the serving role has no UPDATE and no DELETE.
    grant(op, SERVICE, "SELECT, INSERT", "target", "measured_indicator", "progress_assessment")
