"""What every service's database must hold, asked of the database itself."""

from importlib import import_module

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, Table
from sqlalchemy.ext.asyncio import create_async_engine

SERVICES = ("inventory", "targets", "offsets", "reporting")
PUBLIC_BY_NATURE = {"location", "location_closure", "location_detail", "publication"}
"""The register and what is published: no secrets, and row security itself reads them."""
UPDATABLE = {
    "location", "outbox_position", "inbox_position", "outbox", "idempotency", "dead_letter",
    "inventory", "inventory_total", "location_profile",
}  # fmt: skip
"""Tables of which the serving role may update something; all else is only ever added to."""


@pytest.fixture(params=SERVICES)
async def service_and_owner(request, database_for):
    connection = await asyncpg.connect(database_for(request.param).owner)
    yield request.param, connection
    await connection.close()


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


async def test_the_serving_role_may_add_and_read_and_little_else(service_and_owner):
    service, owner = service_and_owner
    rows = await owner.fetch(
        "SELECT table_name, privilege_type FROM information_schema.table_privileges WHERE grantee = $1"
        " UNION SELECT table_name, privilege_type FROM information_schema.column_privileges"
        " WHERE grantee = $1 AND privilege_type = 'UPDATE'",
        f"{service}_serving",
    )
    granted = {(row["table_name"], row["privilege_type"]) for row in rows}

    assert {kind for _, kind in granted} <= {"SELECT", "INSERT", "UPDATE"}
    assert {table for table, kind in granted if kind == "UPDATE"} <= UPDATABLE


async def test_the_serving_role_owns_nothing_and_is_bound_by_row_security(service_and_owner):
    service, owner = service_and_owner
    role = await owner.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,"
        " (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned FROM pg_roles r WHERE rolname = $1",
        f"{service}_serving",
    )

    assert tuple(role) == (False, False, False, False, 0)


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
