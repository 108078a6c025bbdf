"""What two people ask for at once happens once, and the second is told so."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from chassis.access import Principal
from reporting import usecases
from reporting.domain.errors import AlreadyPublished, CycleAlreadyOpen

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

People = Callable[..., Principal]


async def consolidated(reporting: "Reporting") -> Any:
    await reporting.opens()
    await reporting.inventory_is_final()
    await reporting.accepts((await reporting.submits()).id)
    return await reporting.consolidates()


async def test_two_cycles_at_once_make_one(reporting: "Reporting", people: People) -> None:
    async with reporting.database.transaction(["secretariat"]) as tx:
        cycle = {"root": "secretariat", "year": 2024, "due_on": date(2025, 4, 30), "owing": ["unon"]}
        await usecases.open_reporting_cycle(
            tx, principal=people("coordinator"), now=datetime(2025, 3, 1, tzinfo=UTC), **cycle
        )
        second = asyncio.create_task(reporting.opens())
        await reporting.until_done_or_waiting(second)

    with pytest.raises(CycleAlreadyOpen):
        await second
    assert [row["location_id"] for row in await reporting.rows("reporting_duty")] == ["unon"]


async def test_two_publications_at_once_make_one(reporting: "Reporting") -> None:
    report = await consolidated(reporting)

    outcomes = await asyncio.gather(*(reporting.publishes(report.id) for _ in range(4)), return_exceptions=True)

    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert all(isinstance(o, AlreadyPublished) for o in outcomes if isinstance(o, BaseException))


async def test_consolidations_at_once_have_a_version_each(reporting: "Reporting") -> None:
    await consolidated(reporting)

    found = await asyncio.gather(*(reporting.consolidates() for _ in range(4)))

    assert sorted(report.version for report in found) == [2, 3, 4, 5]
