"""What offsets does when it hears something."""

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from chassis.inbox import EventUnreadable, Outcome
from contracts.fact import Amount
from contracts.inventory import InventoryFinalised

if TYPE_CHECKING:
    from services.offsets.tests.conftest import Desk, Offsets


async def test_a_final_inventory_leaves_a_need_in_whole_tonnes(offsets: "Offsets") -> None:
    await offsets.inventory_is_final(total_kg="99000.001")

    (need,) = await offsets.rows("offset_need")
    assert (need["location_id"], need["year"], need["inventory_version"]) == ("unon", 2024, 1)
    assert (need["tonnes"], need["total_kg"]) == (100, Decimal("99000.001"))
    assert await offsets.events() == []


async def test_the_same_final_inventory_twice_counts_once(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch())

    outcomes = [await offsets.inventory_is_final(version=2, event_id="e-2") for _ in range(2)]

    assert outcomes == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert len(await offsets.rows("offset_need")) == 2
    assert len(await offsets.rows("neutrality_statement")) == 2


async def test_a_version_that_is_told_in_two_events_counts_once(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch())

    outcome = await offsets.inventory_is_final(event_id="another event of the same version")

    assert outcome == Outcome.APPLIED
    assert len(await offsets.rows("offset_need")) == 1
    assert len(await offsets.rows("neutrality_statement")) == 1


async def test_a_restated_inventory_issues_a_statement_that_supersedes_the_last(
    offsets: "Offsets", desk: "Desk"
) -> None:
    await offsets.inventory_is_final(total_kg="10000")
    await desk.retire(await desk.batch(), tonnes=10)

    await offsets.inventory_is_final(total_kg="40000", version=2)

    first, second = sorted(await offsets.rows("neutrality_statement"), key=lambda row: row["number"])
    assert (first["status"], first["need_tonnes"], first["inventory_version"]) == ("neutral", 10, 1)
    assert (second["status"], second["need_tonnes"], second["inventory_version"]) == ("partial", 40, 2)
    assert (second["supersedes_id"], second["coverage_percent"]) == (first["id"], Decimal(25))
    fact, said = (await offsets.events())[-1]
    assert fact == "neutrality_statement_issued"
    assert (said["inventory_id"], said["status"], said["coverage"]) == (
        "unon-2024-v2",
        "partial",
        {"value": "25", "unit": "percent"},
    )


async def test_an_older_version_that_arrives_late_changes_no_statement(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final(version=2)
    await desk.retire(await desk.batch())

    await offsets.inventory_is_final(version=1, total_kg="1")

    (statement,) = await offsets.rows("neutrality_statement")
    assert (statement["inventory_version"], statement["need_tonnes"]) == (2, 100)
    assert len(await offsets.rows("offset_need")) == 2


async def test_a_final_inventory_of_a_place_without_retirements_issues_nothing(
    offsets: "Offsets", desk: "Desk"
) -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch())

    await offsets.inventory_is_final("escwa")
    await offsets.inventory_is_final("escwa", version=2)

    assert [row["location_id"] for row in await offsets.rows("neutrality_statement")] == ["unon"]


async def test_a_total_in_another_unit_is_not_guessed_at(offsets: "Offsets") -> None:
    fact = InventoryFinalised(
        location_id="unon",
        inventory_id="i",
        year=2024,
        inventory_version=1,
        gwp_set="AR5",
        total=Amount(value=Decimal(5), unit="tCO2e"),
        by_scope=(),
        by_category=(),
        indicators={},
        approved_by="unon-chair",
    )

    with pytest.raises(EventUnreadable, match="in tCO2e, not in kgCO2e"):
        await offsets.tell(fact)

    assert await offsets.rows("offset_need") == []
