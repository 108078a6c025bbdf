"""What every service's database must hold, asked of the database itself."""

from importlib import import_module
from types import SimpleNamespace

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, Table
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.migrations import read_roots_once_1
from contracts.catalogue import SERVICES

PUBLIC_BY_NATURE = {"location", "location_detail", "publication"}
"""The register and what is published: row security itself reads them."""
OF_NO_LOCATION = {
    # What others published, for everyone to read.
    "inventory": {
        "emission_factor",
        "factor_edition",
        "factor_edition_release",
        "factor_release",
        # What is to be expected of a place, not what there is at it.
        "plausibility_range",
    },
    "targets": set(),
    # A serial belongs to a registry: that nothing is sold twice holds across all locations.
    "offsets": {"serial_series"},
    # When the Secretariat reports is the same for all.
    "reporting": {"reporting_cycle"},
    # What one person may not hold together is judged across all locations; it does not say where something is held.
    "access": {"holding"},
}
"""Tables of a service's own that row security leaves open."""
OF_THE_CHASSIS = {
    "alembic_version", "audit_head", "audit_witness", "dead_letter", "idempotency", "inbox", "inbox_position",
    "location_closure", "location_lineage", "outbox", "outbox_position",
}  # fmt: skip
ANY_COLUMN = None
UPDATABLE_IN_ALL = {
    "location": ANY_COLUMN,
    "location_lineage": ANY_COLUMN,
    "outbox_position": ANY_COLUMN,
    "inbox_position": ANY_COLUMN,
    "outbox": {"sent_at"},
    "idempotency": {"result_id"},
    "dead_letter": {"replayed_at"},
    "audit_head": ANY_COLUMN,
}
UPDATABLE = {
    "inventory": {
        "inventory": {"state", "final_at"},
        "inventory_total": ANY_COLUMN,
        "inventory_month_total": ANY_COLUMN,
        "inventory_gas_total": ANY_COLUMN,
        "inventory_coverage": ANY_COLUMN,
        "instrument": {"holds"},
        "activity_import": {"undone_at", "undone_by", "undone_by_subject", "undone_reason"},
        "import_job": {
            "state",
            "rows_checked",
            "rows_written",
            "problem_count",
            "import_id",
            "refusal_code",
            "refusal_message",
            "cancel_requested",
            "attempts",
            "lease_by",
            "lease_until",
            "started_at",
            "finished_at",
        },
        "tenancy": {"holds"},
        "meter_reading": {"holds"},
    },
    "targets": {},
    "offsets": {},
    "reporting": {},
    "access": {"drift": {"gone_at"}},
}
"""What the serving role may update; all else is only ever added to."""
DELETABLE_IN_ALL = {"location_closure", "location_lineage"}
"""What follows from the register's facts, and is another where a location moves."""
DELETABLE = {
    "inventory": {
        "activity_record",
        "inventory_total",
        "inventory_month_total",
        "inventory_gas_total",
        "inventory_coverage",
        "premises_share",
    },
    "targets": set(),
    "offsets": set(),
    "reporting": set(),
    "access": set(),
}
"""Lines of a draft that a correction takes out, and their totals; all of it stands once the inventory is submitted.
"""
RELATIONS = "c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"


@pytest.fixture(params=SERVICES)
async def service_and_owner(request, database_for):
    connection = await asyncpg.connect(database_for(request.param).owner)
    yield request.param, connection
    await connection.close()


POLICIES = (
    "SELECT polrelid::regclass::text, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polname = 'within_rights'"
)


async def test_every_policy_reads_the_callers_roots_once_a_statement(service_and_owner):
    _, owner = service_and_owner

    assert [table for table, rule in await owner.fetch(POLICIES) if "( SELECT string_to_array(" not in rule] == []


async def test_a_policy_of_the_first_form_is_given_the_present_one(database_for):
    owner = await asyncpg.connect(database_for("targets").owner)
    present = dict(await owner.fetch(POLICIES))
    within = (
        "target.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = ANY"
        " (string_to_array(nullif(current_setting('app.roots', true), ''), ',')))"
    )
    await owner.execute(f"ALTER POLICY within_rights ON target USING ({within}) WITH CHECK ({within})")
    assert dict(await owner.fetch(POLICIES)) != present
    statements = []

    read_roots_once_1(SimpleNamespace(execute=statements.append))
    for statement in statements:
        await owner.execute(statement)

    assert dict(await owner.fetch(POLICIES)) == present
    await owner.close()


async def test_every_table_with_a_location_has_forced_row_security(service_and_owner):
    _, owner = service_and_owner
    rows = await owner.fetch(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,"
        " (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'location_id'"
    )
    unprotected = {row["relname"] for row in rows if not (row["forced"] and row["policies"])}

    assert rows
    assert unprotected - PUBLIC_BY_NATURE == set()


async def test_every_table_is_under_row_security_or_named_as_open(service_and_owner):
    service, owner = service_and_owner
    rows = await owner.fetch(f"SELECT c.relname FROM pg_class c WHERE {RELATIONS} AND NOT c.relrowsecurity")  # noqa: S608

    found = {row["relname"] for row in rows}
    assert found - PUBLIC_BY_NATURE - OF_THE_CHASSIS == OF_NO_LOCATION[service]


async def test_the_serving_role_updates_what_is_listed_and_nothing_else(service_and_owner):
    service, owner = service_and_owner
    rows = await owner.fetch(
        "SELECT c.relname, count(*) AS columns, array_agg(a.attname::text)"  # noqa: S608
        " FILTER (WHERE has_column_privilege($1, c.oid, a.attnum, 'UPDATE')) AS updatable"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        f" WHERE {RELATIONS} AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.relname",
        f"{service}_serving",
    )

    found = {
        row["relname"]: ANY_COLUMN if len(row["updatable"]) == row["columns"] else set(row["updatable"])
        for row in rows
        if row["updatable"]
    }
    assert found == UPDATABLE_IN_ALL | UPDATABLE[service]


async def test_the_serving_role_takes_away_what_is_listed_and_makes_nothing(service_and_owner):
    service, owner = service_and_owner
    role = f"{service}_serving"
    # As PostgreSQL would decide: rights that came by PUBLIC or another role count as well.
    beyond = await owner.fetch(
        "SELECT c.relname, privilege FROM pg_class c,"  # noqa: S608
        " unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) AS privilege"
        f" WHERE {RELATIONS} AND has_table_privilege($1, c.oid, privilege)",
        role,
    )
    may_make = await owner.fetchrow(
        "SELECT has_schema_privilege($1, 'public', 'CREATE'),"
        " has_database_privilege($1, current_database(), 'CREATE, TEMPORARY')",
        role,
    )

    assert {tuple(row) for row in beyond} == {(table, "DELETE") for table in DELETABLE_IN_ALL | DELETABLE[service]}
    assert tuple(may_make) == (False, False)


async def test_the_serving_role_owns_nothing_and_is_bound_by_row_security(service_and_owner):
    service, owner = service_and_owner
    role = await owner.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,"
        " (SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o'),"
        " (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) FROM pg_roles r WHERE rolname = $1",
        f"{service}_serving",
    )

    assert tuple(role) == (False, False, False, False, False, 0, 0)


APPENDED_ANYWHERE = [("audit_entry", "appended")]
"""A denial is recorded where it was tried, and there who tried has no right."""


async def test_no_row_is_written_beyond_the_callers_rights(service_and_owner):
    _, owner = service_and_owner
    open_writes = await owner.fetch(
        "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' AND cmd <> 'SELECT'"
        " AND coalesce(with_check, qual) NOT LIKE '%app.roots%'"
    )

    assert [tuple(row) for row in open_writes] == APPENDED_ANYWHERE


async def test_no_function_runs_with_its_owners_rights_and_no_view_hides_one(service_and_owner):
    _, owner = service_and_owner
    functions = await owner.fetch(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    views = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
        " AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"
    )

    assert (functions, views) == ([], [])


@pytest.mark.parametrize("service", SERVICES)
async def test_the_tables_in_code_are_the_tables_of_the_migrations(service, database_for):
    modules = (import_module("chassis.tables"), import_module(f"{service}.tables"))
    own = {item.name for module in modules for item in vars(module).values() if isinstance(item, Table)}

    def is_own(item, name, kind, reflected, compared):
        # All services' tables share one metadata in this process; what is only in the database counts too.
        table = name if kind == "table" else item.table.name
        return reflected or table in own

    def is_another_type(context, found_column, column, found, wanted):
        return False if isinstance(wanted, String) and isinstance(found, String) else None

    engine = create_async_engine(database_for(service).owner.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"include_object": is_own, "compare_type": is_another_type}),
                modules[1].metadata,
            )
        )
    await engine.dispose()

    # Indexes and constraints may live in the migrations alone; tables, columns and their types may not differ.
    elsewhere = {f"{change}_{kind}" for change in ("add", "remove") for kind in ("index", "constraint", "fk")}
    found = [item for item in differences if item[0] not in elsewhere]
    assert [item for item in found if item[0] != "remove_table" or item[1].name != "alembic_version"] == []
