"""What each caller's rights reach, table by table, asked of PostgreSQL as the serving role."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

TABLES_WITH_A_PLACE = """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'location_id'"""
MEASURED = {"inventory_figure", "progress_figure", "neutrality_standing"}
REPORTED = {"progress_report", "report_figure", "report_decision"}
CONSOLIDATED = {"consolidated_report", "consolidated_member", "consolidated_figure"}
RECORD = {"audit_entry"}
"""Of the events that were taken in: shown as all else, to transactions opened for who may read it."""
NO_SECRET = {"reporting_duty", "consolidated_publication", "publication"}


async def reach(reporting: "Reporting", *roots: str) -> dict[str, set[str]]:
    """The locations of the rows that each table shows; empty tables are left out."""
    async with reporting.database.transaction(roots) as tx:
        tables = list(await tx.scalars(text(TABLES_WITH_A_PLACE)))
        found = {
            table: set(await tx.scalars(text(f"SELECT location_id FROM {table}")))  # noqa: S608 - the database's names
            for table in tables
        }
    return {table: places for table, places in found.items() if places}


@pytest.fixture
async def busy(reporting: "Reporting") -> "Reporting":
    """Each table has rows of unon (consolidations: of the root) and nothing is published."""
    await reporting.opens("unon", "escwa")
    await reporting.inventory_is_final()
    await reporting.progress_is_assessed()
    await reporting.statement_is_issued(1, "100")
    await reporting.returns((await reporting.submits()).id)
    await reporting.accepts((await reporting.submits()).id)
    return reporting


async def test_the_root_reaches_every_table_so_that_the_rest_of_these_tests_mean_something(busy: "Reporting") -> None:
    await busy.publishes((await busy.consolidates()).id)

    assert set(await reach(busy, "secretariat")) == MEASURED | REPORTED | CONSOLIDATED | RECORD | NO_SECRET


@pytest.mark.parametrize("roots", [(), ("escwa",), ("unon-gigiri",), ("unog", "nowhere"), ("un",), ("%",)])
async def test_whoever_has_no_right_there_sees_who_owes_and_nothing_else(
    busy: "Reporting", roots: tuple[str, ...]
) -> None:
    await busy.consolidates()

    assert await reach(busy, *roots) == {"reporting_duty": {"unon", "escwa"}}


async def test_a_location_reaches_its_own_and_not_the_consolidation(busy: "Reporting") -> None:
    await busy.consolidates()

    found = await reach(busy, "unon")

    assert found.pop("reporting_duty") == {"unon", "escwa"}
    assert found == {table: {"unon"} for table in MEASURED | REPORTED | RECORD}


async def test_publication_opens_the_included_report_and_the_consolidation_and_no_other(busy: "Reporting") -> None:
    await busy.publishes((await busy.consolidates()).id)
    await busy.inventory_is_final("escwa")
    await busy.accepts((await busy.submits("escwa-chair", "escwa")).id)  # accepted too late to be in it
    await busy.consolidates()

    found = await reach(busy)

    assert {table: found[table] for table in REPORTED} == {table: {"unon"} for table in REPORTED}
    assert set(found) == REPORTED | CONSOLIDATED | NO_SECRET
    async with busy.database.transaction([]) as tx:
        actions = list(await tx.scalars(text("SELECT action FROM report_decision")))
        versions = list(await tx.scalars(text("SELECT version FROM consolidated_report")))
    assert (actions, versions) == (["accepted"], [1])


@pytest.mark.parametrize("table", sorted(MEASURED | REPORTED | CONSOLIDATED | {"reporting_duty"}))
async def test_no_row_is_written_where_the_rights_do_not_reach(busy: "Reporting", table: str) -> None:
    await busy.consolidates()
    async with busy.database.transaction(["secretariat"]) as tx:
        row = dict((await tx.execute(text(f"SELECT * FROM {table} LIMIT 1"))).mappings().one())  # noqa: S608 - as above
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)

    with pytest.raises(DBAPIError, match="row-level security"):
        async with busy.database.transaction(["escwa"]) as tx:
            await tx.execute(
                text(f"INSERT INTO {table} ({columns}) VALUES ({values})"),  # noqa: S608 - as above
                row | {"location_id": "unon"},
            )
