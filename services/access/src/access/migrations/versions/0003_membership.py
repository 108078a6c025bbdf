"""Memberships, their steps and effects, attestations, and what the directory has otherwise."""

from alembic import op

from chassis.migrations import grant, secure_rows

revision = "0003"
down_revision = "0002"

SERVICE = "access"
ABOVE = (
    "{table}.location_id IN (SELECT ancestor_id FROM location_closure WHERE descendant_id = ANY"
    " (string_to_array(nullif(current_setting('app.roots', true), ''), ',')))"
)
"""Who holds a role above a location acts at it too: those who may see a location's members see them as well."""


def upgrade() -> None:
    for statement in _TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ("membership", "membership_step", "membership_effect", "drift"):
        secure_rows(op, table, public=ABOVE.format(table=table))
    for table in ("attestation", "attestation_entry"):
        secure_rows(op, table)
    grant(
        op,
        SERVICE,
        "SELECT, INSERT",
        "membership",
        "membership_step",
        "membership_effect",
        "holding",
        "attestation",
        "attestation_entry",
        "drift",
    )
    op.execute(f"GRANT UPDATE (gone_at) ON drift TO {SERVICE}_serving")


_TABLES = """
CREATE TABLE membership (
    id text PRIMARY KEY,
    location_id text NOT NULL,
    role text NOT NULL,
    subject text NOT NULL CHECK (subject <> ''),
    user_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ordinary', 'substitute')),
    substitutes_id text REFERENCES membership (id),
    valid_from timestamptz NOT NULL,
    given_until timestamptz CHECK (given_until > valid_from),
    justification text NOT NULL,
    proposed_by_subject text NOT NULL CHECK (proposed_by_subject <> subject),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    needs_confirmation boolean NOT NULL,
    CHECK ((kind = 'substitute') = (substitutes_id IS NOT NULL)),
    CHECK (kind = 'ordinary' OR given_until IS NOT NULL),
    CHECK (NOT needs_confirmation OR given_until IS NOT NULL)
);

CREATE INDEX membership_by_location ON membership (location_id, id);

CREATE INDEX membership_by_subject ON membership (subject);

CREATE TABLE membership_step (
    membership_id text NOT NULL REFERENCES membership (id),
    step integer NOT NULL CHECK (step >= 1),
    location_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('confirmed', 'refused', 'withdrawn', 'extended', 'ended')),
    by_subject text NOT NULL CHECK (by_subject <> ''),
    by text NOT NULL,
    at timestamptz NOT NULL,
    reason text CHECK ((reason IS NULL) = (action = 'confirmed')),
    valid_until timestamptz CHECK ((valid_until IS NULL) = (action <> 'extended')),
    PRIMARY KEY (membership_id, step)
);

CREATE INDEX membership_step_by_location ON membership_step (location_id);

CREATE TABLE membership_effect (
    membership_id text NOT NULL REFERENCES membership (id),
    number integer NOT NULL CHECK (number >= 1),
    location_id text NOT NULL,
    effect text NOT NULL CHECK (effect IN ('joined', 'left')),
    at timestamptz NOT NULL,
    PRIMARY KEY (membership_id, number)
);

CREATE TABLE holding (
    membership_id text NOT NULL REFERENCES membership (id),
    step integer NOT NULL CHECK (step >= 0),
    subject text NOT NULL,
    role text NOT NULL,
    held_from timestamptz NOT NULL,
    held_until timestamptz,
    PRIMARY KEY (membership_id, step)
);

CREATE INDEX holding_by_subject ON holding (subject);

CREATE TABLE attestation (
    id text PRIMARY KEY,
    location_id text NOT NULL,
    by_subject text NOT NULL CHECK (by_subject <> ''),
    by text NOT NULL,
    at timestamptz NOT NULL,
    next_due_at timestamptz NOT NULL CHECK (next_due_at > at)
);

CREATE INDEX attestation_by_location ON attestation (location_id, id);

CREATE TABLE attestation_entry (
    attestation_id text NOT NULL REFERENCES attestation (id),
    membership_id text NOT NULL REFERENCES membership (id),
    location_id text NOT NULL,
    role text NOT NULL,
    subject text NOT NULL,
    user_name text NOT NULL,
    valid_until timestamptz,
    verdict text NOT NULL CHECK (verdict IN ('kept', 'ended')),
    PRIMARY KEY (attestation_id, membership_id)
);

CREATE INDEX attestation_entry_by_membership ON attestation_entry (membership_id);

CREATE TABLE drift (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location_id text NOT NULL,
    role text NOT NULL,
    subject text NOT NULL,
    user_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('unrecorded', 'missing')),
    seen_at timestamptz NOT NULL,
    gone_at timestamptz CHECK (gone_at >= seen_at)
);

CREATE UNIQUE INDEX drift_now ON drift (location_id, role, subject, kind) WHERE gone_at IS NULL
"""
