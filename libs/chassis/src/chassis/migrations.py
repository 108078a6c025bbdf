"""Alembic for every service: running it, the tables that all have, and row security.

A revision calls these functions by their numbered names: what a past revision did never changes; a new shape of the
common tables is a new function, called by a new revision of each service.
"""

import asyncio
from importlib import resources
from pathlib import Path
from typing import Protocol

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.tables import metadata

__all__ = [
    "common_tables_1",
    "common_tables_2",
    "common_tables_3",
    "grant",
    "head_revision",
    "migrate",
    "only_grows",
    "read_roots_once_1",
    "run_environment",
    "secure_rows",
    "secure_sensitive_rows",
    "show_rows_that_were_within",
]

LOCK_TIMEOUT_S = 5


def _config(package: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(str(resources.files(package))) / "migrations"))
    return config


def head_revision(package: str) -> str:
    """The revision that this code's tables are written for."""
    head = ScriptDirectory.from_config(_config(package)).get_current_head()
    if head is None:
        message = f"{package} has no migrations"
        raise RuntimeError(message)
    return head


def migrate(package: str, url: str, *, revision: str = "head") -> None:
    """Bring the database at `url` (as its owner) to this code's revision, or to an earlier one on the way there."""
    config = _config(package)
    config.attributes["url"] = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    command.upgrade(config, revision)


def run_environment() -> None:
    """The whole of a service's `env.py`."""
    url: str = context.config.attributes["url"]
    asyncio.run(_run(url))


async def _run(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run_sync)
    await engine.dispose()


def _run_sync(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'")
    # One migration at a time, whatever starts it.
    connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('lichen migrate'))")
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


class Executes(Protocol):
    """Alembic's `op`."""

    def execute(self, sqltext: str, /) -> None: ...


def grant(op: Executes, service: str, privileges: str, *tables: str) -> None:
    """Give the serving role exactly these privileges."""
    op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO {service}_serving")


def only_grows(op: Executes, *tables: str) -> None:
    """Let rows of these tables be added, and by nobody be changed or taken away, the owner included."""
    for table in tables:
        op.execute(
            f"""
            CREATE FUNCTION refuse_change_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{table} is only ever added to: it cannot be changed'
                    USING ERRCODE = 'restrict_violation';
            END $$
            """
        )
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_{table}()"
        )


def common_tables_1(op: Executes, service: str) -> None:
    """The tables of `chassis.tables` as of their first shape, with what the serving role may do to them."""
    for statement in _COMMON_TABLES_1.split(";\n\n"):
        op.execute(statement)
    grant(op, service, "SELECT", "alembic_version")
    grant(op, service, "SELECT, INSERT, UPDATE", "location", "outbox_position", "inbox_position")
    grant(op, service, "SELECT, INSERT", "location_closure", "publication", "inbox", "idempotency")
    grant(op, service, "SELECT, INSERT", "outbox", "dead_letter")
    op.execute(f"GRANT UPDATE (sent_at) ON outbox TO {service}_serving")
    op.execute(f"GRANT UPDATE (result_id) ON idempotency TO {service}_serving")
    op.execute(f"GRANT UPDATE (replayed_at) ON dead_letter TO {service}_serving")


def common_tables_2(op: Executes, service: str) -> None:
    """The audit record: entries and their head, and what is witnessed of other services' records."""
    for statement in _COMMON_TABLES_2.split(";\n\n"):
        op.execute(statement)
    op.execute(f"INSERT INTO audit_head SELECT 0, genesis, 0, genesis FROM sha256('lichen audit {service}') AS genesis")
    for table in ("audit_entry", "audit_witness"):
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()"
        )
        grant(op, service, "SELECT, INSERT", table)
    grant(op, service, "SELECT, UPDATE", "audit_head")
    secure_rows(op, "audit_entry")
    # What is denied is recorded where it was tried: just there, who tried has no right.
    op.execute("CREATE POLICY appended ON audit_entry FOR INSERT WITH CHECK (true)")
    # A right at the root is one to the whole record, also to what says it happened where the register has no place.
    op.execute(
        "CREATE POLICY from_the_root ON audit_entry FOR SELECT USING (EXISTS (SELECT FROM location"
        f" WHERE parent_id IS NULL AND id = ANY ({_locations('app.roots')})))"
    )
    op.execute(
        "CREATE POLICY own_actions ON audit_entry FOR SELECT"
        " USING (subject = nullif(current_setting('app.subject', true), ''))"
    )


def common_tables_3(op: Executes, service: str) -> None:
    """The closure with dates. All that is registered is taken to have been where it is since it opened."""
    for statement in _COMMON_TABLES_3.split(";\n\n"):
        op.execute(statement)
    grant(op, service, "SELECT, INSERT, UPDATE, DELETE", "location_lineage")
    grant(op, service, "DELETE", "location_closure")


def secure_rows(op: Executes, table: str, *, public: str | None = None) -> None:
    """Row security by location: rows at the caller's roots and below, and those that `public` (SQL over the row) opens.

    The closure is read in a sub-select, hashed once a statement, and so is the setting; an absent or empty one shows
    nothing. The table has a column `location_id`. FORCE binds the owner too.
    """
    within = _within(table, "app.roots")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY within_rights ON {table} USING ({within}) WITH CHECK ({within})")
    if public is not None:
        op.execute(f"CREATE POLICY published ON {table} FOR SELECT USING ({public})")


def secure_sensitive_rows(op: Executes, table: str, *, sensitive: str = "true") -> None:
    """On top of `secure_rows`: sensitive rows are shown at `app.sensitive_roots` and below, whatever else opens them.

    `sensitive` is SQL over the row; where it is not known to be false, the row is sensitive.
    """
    within = _within(table, "app.sensitive_roots")
    op.execute(
        f"CREATE POLICY sensitive ON {table} AS RESTRICTIVE FOR SELECT USING (({sensitive}) IS FALSE OR {within})"
    )


def show_rows_that_were_within(
    op: Executes, table: str, *, key: str = "location_id", then: str = "descendant_id"
) -> None:
    """On top of `secure_rows`: who reads at a place reads what was said of a location while it was under it.

    `then` is SQL over an ended row of `location_lineage`, whose values `key`, SQL over the row, is looked up in.
    """
    ended = f"FROM location_lineage WHERE valid_to IS NOT NULL AND ancestor_id = ANY ({_locations('app.roots')})"
    op.execute(f"CREATE POLICY within_rights_then ON {table} FOR SELECT USING ({key} IN (SELECT {then} {ended}))")


def read_roots_once_1(op: Executes) -> None:
    """Give policies that `secure_rows` made before this revision the form that it makes now.

    They read and split the setting for each row of the closure: 1.4 times the cost of an explicit filter.
    """
    within = _within("%1$s", "app.roots")
    op.execute(
        f"""
        DO $do$
        DECLARE secured regclass;
        BEGIN
            FOR secured IN SELECT polrelid FROM pg_policy WHERE polname = 'within_rights' LOOP
                EXECUTE format($$ALTER POLICY within_rights ON %1$s USING ({within}) WITH CHECK ({within})$$, secured);
            END LOOP;
        END $do$
        """
    )


def _locations(setting: str) -> str:
    """The setting's locations, read once a statement (an InitPlan), not once a row."""
    return f"(SELECT string_to_array(nullif(current_setting('{setting}', true), ''), ','))::text[]"


def _within(table: str, setting: str) -> str:
    """Row at the setting's locations or below them."""
    reached = f"SELECT descendant_id FROM location_closure WHERE ancestor_id = ANY ({_locations(setting)})"
    return f"{table}.location_id IN ({reached})"


_COMMON_TABLES_1 = """
CREATE TABLE location (
    id text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{1,30}$'),
    name text NOT NULL,
    kind text NOT NULL,
    parent_id text REFERENCES location (id),
    path text NOT NULL,
    country text CHECK (country ~ '^[A-Z]{3}$'),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from)
);

CREATE INDEX ix_location_parent_id ON location (parent_id);

CREATE TABLE location_closure (
    ancestor_id text NOT NULL REFERENCES location (id),
    descendant_id text NOT NULL REFERENCES location (id),
    PRIMARY KEY (ancestor_id, descendant_id)
);

CREATE INDEX ix_location_closure_descendant_id ON location_closure (descendant_id);

CREATE TABLE publication (
    location_id text NOT NULL,
    year integer NOT NULL,
    inventory_id text NOT NULL,
    report_id text NOT NULL,
    PRIMARY KEY (location_id, year, inventory_id)
);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL UNIQUE,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);

CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

CREATE FUNCTION wake_outbox_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$;

CREATE TRIGGER outbox_wakes_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION wake_outbox_relay();

CREATE TABLE outbox_position (aggregate_id text PRIMARY KEY, version bigint NOT NULL);

CREATE TABLE inbox (event_id text PRIMARY KEY, type text NOT NULL, handled_at timestamptz NOT NULL);

CREATE TABLE inbox_position (
    producer text NOT NULL,
    aggregate_id text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (producer, aggregate_id)
);

CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    died_at timestamptz NOT NULL,
    replayed_at timestamptz
);

CREATE TABLE idempotency (
    subject text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    result_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (subject, key)
)
"""

_COMMON_TABLES_2 = """
CREATE TABLE audit_entry (
    seq bigint PRIMARY KEY,
    hash bytea NOT NULL,
    id text NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    event_id text,
    action text NOT NULL,
    capability text,
    record_kind text,
    record_id text,
    location_id text NOT NULL,
    reason text,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    refusal_code text CHECK ((refusal_code IS NOT NULL) = (outcome = 'refused')),
    trace_id text,
    input text NOT NULL
);

CREATE INDEX audit_entry_by_location ON audit_entry (location_id, seq);

CREATE INDEX audit_entry_by_subject ON audit_entry (subject, seq);

CREATE INDEX audit_entry_by_record ON audit_entry (record_id, seq);

CREATE TABLE audit_head (
    seq bigint PRIMARY KEY,
    hash bytea NOT NULL,
    sealed_seq bigint NOT NULL CHECK (sealed_seq <= seq),
    sealed_hash bytea NOT NULL
);

CREATE TABLE audit_witness (
    source text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL CHECK (last_seq >= first_seq),
    leaves bytea NOT NULL,
    root bytea NOT NULL,
    chain_head bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    witnessed_at timestamptz NOT NULL,
    PRIMARY KEY (source, first_seq)
);

CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

_COMMON_TABLES_3 = """
CREATE TABLE location_lineage (
    ancestor_id text NOT NULL REFERENCES location (id),
    descendant_id text NOT NULL REFERENCES location (id),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    PRIMARY KEY (ancestor_id, descendant_id, valid_from)
);

CREATE INDEX ix_location_lineage_descendant_id ON location_lineage (descendant_id);

INSERT INTO location_lineage (ancestor_id, descendant_id, valid_from)
SELECT c.ancestor_id, c.descendant_id, greatest(a.valid_from, d.valid_from)
  FROM location_closure c JOIN location a ON a.id = c.ancestor_id JOIN location d ON d.id = c.descendant_id
"""
