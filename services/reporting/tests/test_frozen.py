"""What PostgreSQL itself keeps as it was, and that every use case checks the right."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import Principal
from chassis.refusals import NotPermitted
from reporting import usecases

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

NOW = datetime(2025, 3, 1, tzinfo=UTC)


async def accepted(reporting: "Reporting", location_id: str = "unon") -> Any:
    await reporting.inventory_is_final(location_id)
    return await reporting.accepts((await reporting.submits(f"{location_id}-chair", location_id)).id)


async def published(reporting: "Reporting") -> Any:
    await reporting.opens()
    await accepted(reporting)
    return await reporting.publishes((await reporting.consolidates()).id)


FROZEN = (
    "progress_report", "report_figure", "report_decision",
    "consolidated_report", "consolidated_member", "consolidated_figure", "consolidated_publication",
)  # fmt: skip
ADDED = (
    *FROZEN, "inventory_figure", "progress_figure", "neutrality_standing", "reporting_cycle", "reporting_duty",
)  # fmt: skip


@pytest.mark.parametrize("table", ADDED)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_serving_role_only_adds(reporting: "Reporting", table: str, statement: str) -> None:
    column = "year" if table.startswith("reporting_") else "location_id"
    with pytest.raises(DBAPIError, match="permission denied"):
        async with reporting.database.transaction(["secretariat"]) as tx:
            await tx.execute(text(statement.format(table, column, column)))


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET location_id = location_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_is_frozen_cannot_be_changed_by_the_owner_either(reporting: "Reporting", statement: str) -> None:
    await published(reporting)
    owner = await asyncpg.connect(reporting.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")

    for table in FROZEN:
        with pytest.raises(asyncpg.RestrictViolationError, match=f"{table} is frozen"):
            await owner.execute(statement.format(table))
    await owner.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO report_figure SELECT id, location_id, 'category', 'late', 'late', 5, 'kg' FROM progress_report",
        "INSERT INTO consolidated_figure SELECT id, location_id, 'scope', 'x', 'x', 5, 'kg' FROM consolidated_report",
        "INSERT INTO consolidated_member SELECT id, location_id, 'unon-gigiri' FROM consolidated_report",
    ],
)
async def test_nothing_is_added_to_what_is_frozen(reporting: "Reporting", statement: str) -> None:
    await published(reporting)
    with pytest.raises(DBAPIError, match="is frozen"):
        async with reporting.database.transaction(["secretariat"]) as tx:
            await tx.execute(text(statement))


async def test_each_use_case_checks_the_right_also_where_row_security_would_show_the_row(
    reporting: "Reporting", people: Callable[..., Principal]
) -> None:
    await reporting.opens()
    await accepted(reporting, "escwa")
    await reporting.inventory_is_final()
    report = (await reporting.submits()).id
    consolidated = (await reporting.consolidates()).id
    auditor = people("auditor")
    cycle = {"root": "secretariat", "year": 2025, "due_on": date(2026, 4, 30), "owing": ["unon"]}

    for use_case, given in (
        (usecases.open_reporting_cycle, cycle),
        (usecases.submit_progress_report, {"location_id": "unon", "year": 2024, "narrative": "x"}),
        (usecases.return_progress_report, {"report_id": report, "reasons": "x"}),
        (usecases.accept_progress_report, {"report_id": report}),
        (usecases.consolidate_reports, {"root": "secretariat", "year": 2024}),
        (usecases.publish_consolidated_report, {"report_id": consolidated}),
    ):
        with pytest.raises(NotPermitted):
            async with reporting.database.transaction(["secretariat"]) as tx:
                await use_case(tx, principal=auditor, now=NOW, **given)
