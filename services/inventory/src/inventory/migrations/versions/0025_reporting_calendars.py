"""Calendars that locations report by, from a month on."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0025"
down_revision = "0024"

SERVICE = "inventory"


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    secure_rows(op, "reporting_calendar")
    # What is below a location reports by its calendar, and so sees which one that is.
    op.execute(
        "CREATE POLICY of_what_is_above ON reporting_calendar FOR SELECT USING (location_id IN"
        f" (SELECT ancestor_id FROM location_closure WHERE descendant_id = ANY ({_ROOTS})))"
    )
    grant(op, SERVICE, "SELECT, INSERT", "reporting_calendar")


_ROOTS = "(SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[]"

TABLES = """
CREATE TABLE reporting_calendar (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    calendar text NOT NULL CHECK (calendar IN ('calendar', 'july_june')),
    valid_from date NOT NULL CHECK (extract(day FROM valid_from) = 1),
    reason text NOT NULL CHECK (reason <> ''),
    set_by text NOT NULL,
    set_by_subject text NOT NULL,
    set_at timestamptz NOT NULL
);

CREATE INDEX reporting_calendar_by_location ON reporting_calendar (location_id, valid_from, id);

CREATE FUNCTION refuse_change_of_reporting_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reporting_calendar is only ever added to: it cannot be changed'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER reporting_calendar_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON reporting_calendar
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_reporting_calendar()
"""
