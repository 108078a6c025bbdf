"""The base year of a location, on PostgreSQL: what happened since is found, and two people decide what follows."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.refusals import NotFound
from contracts.access import Role
from inventory import access, usecases
from inventory.domain.errors import BaseYearMissing, FinalInventoryMissing, ProposalOutOfDate, ProposerMayNotDecide
from services.inventory.tests.test_corrections import at_unon, correct, correct_record
from services.inventory.tests.test_figures import final_of, leak
from services.inventory.tests.test_location_changes import close, move

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

KG = 1300
"""CO2e of a kilogram of HFC-134a (AR5)."""
TABLES = ("base_year", "base_year_proposal", "base_year_decision")


async def set_base_year(inventories: "Inventories", by: str = "unon-chair", **given: Any) -> Any:
    good = {"location_id": "unon", "target_id": None, "year": 2023, "threshold_percent": Decimal(5), "reason": "first"}
    async with inventories._transaction(inventories.person(by), access.SET_BASE_YEAR) as (tx, who, now):
        return await usecases.set_base_year(tx, principal=who, now=now, **good | given)


async def propose(inventories: "Inventories", by: str = "unon-technical", **given: Any) -> Any:
    good = {"location_id": "unon", "target_id": None, "recalculate": True, "reason": "it is over the threshold"}
    async with inventories._transaction(inventories.person(by), access.PROPOSE_RECALCULATION) as (tx, who, now):
        return await usecases.propose_recalculation(tx, principal=who, now=now, **good | given)


async def decide(inventories: "Inventories", proposal_id: str, by: str = "unon-chair", **given: Any) -> Any:
    good = {"approve": True, "reason": None}
    async with inventories._transaction(inventories.person(by), access.DECIDE_RECALCULATION) as (tx, who, now):
        return await usecases.decide_recalculation(tx, principal=who, now=now, proposal_id=proposal_id, **good | given)


async def simulated(inventories: "Inventories", by: str = "unon-chair", at: str = "unon") -> Any:
    document = """query($id: ID!) { location(id: $id) { recalculation { isOverThreshold missing organic total { value }
        share { value } effects { trigger causeId byCategory { category co2e { value } } } } } }"""
    answer = await inventories.ask(inventories.person(by), document, id=at)
    return answer["data"]["location"]["recalculation"]


def effects(found: Any) -> list[tuple[str, str, int]]:
    """Trigger, cause and kilograms of refrigerant."""
    return [
        (
            item["trigger"],
            item["causeId"],
            round(sum(Decimal(part["co2e"]["value"]) for part in item["byCategory"]) / KG),
        )
        for item in found["effects"]
    ]


def _kilograms(by_category: list[dict[str, Any]]) -> int:
    return round(sum(Decimal(part["co2e"]["value"]) for part in by_category) / KG)


async def base(inventories: "Inventories") -> tuple[str, Any]:
    """Of 2023: 100 kg at unon, 20 kg at its site."""
    rows = leak("unon", "2023-01-01", "2023-01-31", "100"), leak("unon-gigiri", "2023-01-01", "2023-01-31", "20")
    final = await final_of(inventories, *rows, year=2023)
    return final, await set_base_year(inventories)


async def submit(inventories: "Inventories", by: str, location_id: str) -> None:
    async with inventories._transaction(inventories.person(by), access.SUBMIT_INVENTORY) as (tx, who, now):
        await usecases.submit_inventory(tx, principal=who, now=now, location_id=location_id, year=2023)


async def corrected(inventories: "Inventories", final: str, amount: str) -> str:
    """Its next version, final, with so many kilograms more."""
    draft = await correct(inventories, final)
    number = draft.version
    cells = {
        "site": "unon", "category": "refrigerant", "item": "HFC-134a", "start": f"2023-0{number}-01",
        "end": f"2023-0{number}-28", "amount": amount, "unit": "kg", "quality": "measured",
    }  # fmt: skip
    await correct_record(inventories, draft.id, cells=cells)
    await submit(inventories, "unon-technical", "unon")
    return (await inventories.approve(draft.id)).id


async def test_a_base_year_rests_on_a_final_inventory_and_its_versions_stay(inventories: "Inventories") -> None:
    final, first = await base(inventories)
    await final_of(inventories, leak("unon", "2024-01-01", "2024-01-31", "3"), year=2024)

    second = await set_base_year(inventories, year=2024, reason="the boundary of 2023 was another")
    other = await set_base_year(inventories, target_id="t-1", year=2024, threshold_percent=Decimal(10))

    assert (first.number, first.inventory_id, first.co2e_kg) == (1, final, 120 * KG)
    assert (second.number, second.year, second.co2e_kg) == (2, 2024, 3 * KG)
    assert (other.number, other.target_id, other.threshold_percent) == (1, "t-1", 10)
    document = '{ location(id: "unon") { baseYears { number year reason setBy total { value } }\
        other: baseYears(targetId: "t-1") { number } } }'
    answer = (await inventories.ask(inventories.person("unon-member"), document))["data"]["location"]
    assert [(item["number"], item["year"], item["reason"]) for item in answer["baseYears"]] == [
        (2, 2024, "the boundary of 2023 was another"), (1, 2023, "first"),
    ]  # fmt: skip
    assert answer["other"] == [{"number": 1}]
    hidden = await inventories.ask(inventories.person("escwa-chair"), document)
    assert hidden["data"]["location"] == {"baseYears": [], "other": []}


async def test_an_error_is_found_simulated_proposed_and_decided_by_two(inventories: "Inventories") -> None:
    final, first = await base(inventories)
    assert effects(await simulated(inventories)) == []
    newer = await corrected(inventories, final, "12")

    found = await simulated(inventories)
    assert effects(found) == [("error", newer, 12)]
    assert (found["share"]["value"], found["isOverThreshold"]) == ("10.000000", True)
    proposal = await propose(inventories)
    with pytest.raises(ProposerMayNotDecide):
        await decide_as_proposer(inventories, proposal.id)
    assert len(await inventories.rows("base_year")) == 1
    decided = await decide(inventories, proposal.id)

    assert decided.decision.approved
    (second,) = [row for row in await inventories.rows("base_year") if row["number"] == 2]
    assert (second["year"], second["inventory_id"], second["reason"]) == (2023, newer, "it is over the threshold")
    assert {name: Decimal(kg) for name, kg in second["co2e_kg"].items()} == {"refrigerant": 132 * KG}
    assert first.id in {row["id"] for row in await inventories.rows("base_year")}
    assert effects(await simulated(inventories)) == []


async def decide_as_proposer(inventories: "Inventories", proposal_id: str) -> None:
    both = at_unon(inventories, "unon-technical", Role.LOCAL_CHAIR)
    async with inventories.database.transaction(["unon"]) as tx:
        await usecases.decide_recalculation(
            tx, principal=both, now=datetime.now(UTC), proposal_id=proposal_id, approve=True, reason=None
        )


async def test_a_small_effect_is_documented_and_counts_with_the_next(inventories: "Inventories") -> None:
    final, _ = await base(inventories)
    newer = await corrected(inventories, final, "4")

    proposal = await propose(inventories, recalculate=False, reason="3.3 percent, under our threshold")
    await decide(inventories, proposal.id)
    newest = await corrected(inventories, newer, "3")

    assert len(await inventories.rows("base_year")) == 1
    found = await simulated(inventories)
    assert effects(found) == [("error", newer, 4), ("error", newest, 3)]
    assert found["isOverThreshold"] is True


async def test_a_site_that_moves_away_leaves_the_base_year_and_what_was_stays(inventories: "Inventories") -> None:
    final, _ = await base(inventories)
    await move(inventories, on=date(2024, 7, 1))

    found = await simulated(inventories)

    assert effects(found) == [("structural", "unon-gigiri", -20)]
    assert Decimal(found["total"]["value"]) == 100 * KG
    await decide(inventories, (await propose(inventories)).id)
    assert effects(await simulated(inventories)) == []
    # The inventory itself is history: both sides of it.
    rows = [row for row in await inventories.rows("inventory_total", roots=("unon",)) if row["inventory_id"] == final]
    assert sum(row["co2e_kg"] for row in rows) == 120 * KG
    back = await move(inventories, parent_id="unon", on=date(2025, 7, 1))
    assert back.parent_id == "unon"


async def test_what_comes_in_brings_its_base_year_along_or_is_missing_or_is_growth(inventories: "Inventories") -> None:
    await base(inventories)
    for code, opened in (("old", date(2000, 1, 1)), ("dark", date(2000, 1, 1)), ("young", date(2024, 3, 1))):
        await inventories.register(
            replace(inventories.location("escwa"), id=code, parent_id="escwa", valid_from=opened)
        )
    taken = await inventories.import_file(
        inventories.csv(leak("old", "2023-05-01", "2023-05-31", "50")),
        by=inventories.person("escwa-technical"), location_id="escwa", year=2023,
    )  # fmt: skip
    await submit(inventories, "escwa-technical", "escwa")
    await inventories.approve(taken.inventory_id, by=inventories.person("escwa-chair"))

    for code in ("old", "dark", "young"):
        await move(inventories, location_id=code, parent_id="unon", on=date(2024, 7, 1))

    found = await simulated(inventories)
    assert effects(found) == [("structural", "old", 50)]
    assert (found["missing"], found["organic"]) == (["dark"], ["young"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"handed_over_to": "UNDP"}, [("structural", "unon-gigiri", -20)]), ({}, []), ({"merged_into_id": "unon"}, [])],
)
async def test_a_hand_over_is_structural_and_a_closure_is_decline(
    inventories: "Inventories", given: dict[str, Any], expected: list[Any]
) -> None:
    await base(inventories)
    await close(inventories, **given)

    assert effects(await simulated(inventories)) == expected


async def test_what_happens_between_proposal_and_decision_asks_for_another_proposal(inventories: "Inventories") -> None:
    final, _ = await base(inventories)
    newer = await corrected(inventories, final, "12")
    proposal = await propose(inventories)
    await corrected(inventories, newer, "1")

    with pytest.raises(ProposalOutOfDate):
        await decide(inventories, proposal.id)
    refused = await decide(inventories, proposal.id, approve=False, reason="there is more")

    assert (refused.decision.approved, refused.decision.reason) == (False, "there is more")
    assert len(await inventories.rows("base_year")) == 1


async def test_what_is_not_there_is_refused(inventories: "Inventories") -> None:
    with pytest.raises(FinalInventoryMissing):
        await set_base_year(inventories)
    with pytest.raises(BaseYearMissing):
        await propose(inventories)
    with pytest.raises(NotFound):
        await decide(inventories, "none such")

    assert [await inventories.rows(table) for table in TABLES] == [[], [], []]


async def test_a_draft_is_no_base_year_and_changes_none(inventories: "Inventories") -> None:
    """Nor does a correction that is not yet final."""
    await inventories.import_file(inventories.csv(leak("unon", "2022-01-01", "2022-01-31", "7")), year=2022)
    with pytest.raises(FinalInventoryMissing):
        await set_base_year(inventories, year=2022)
    final, _ = await base(inventories)
    draft = await correct(inventories, final)
    cells = {
        "site": "unon", "category": "refrigerant", "item": "HFC-134a", "start": "2023-02-01", "end": "2023-02-28",
        "amount": "12", "unit": "kg", "quality": "measured",
    }  # fmt: skip
    await correct_record(inventories, draft.id, cells=cells)

    assert effects(await simulated(inventories)) == []


async def test_what_stands_beside_the_total_is_in_no_base_year(inventories: "Inventories") -> None:
    """Emissions of waste are optional; also where a correction brings them in."""
    beside = "unon,waste,food,2023-01-01,2023-01-31,5,kg,composting,,measured"
    final = await final_of(inventories, leak("unon", "2023-01-01", "2023-01-31", "100"), beside, year=2023)
    first = await set_base_year(inventories)
    draft = await correct(inventories, final)
    cells = {
        "site": "unon", "category": "waste", "item": "food", "treatment": "composting", "start": "2023-02-01",
        "end": "2023-02-28", "amount": "9", "unit": "kg", "quality": "measured",
    }  # fmt: skip
    await correct_record(inventories, draft.id, cells=cells)
    await submit(inventories, "unon-technical", "unon")
    await inventories.approve(draft.id)

    rows = [row for row in await inventories.rows("inventory_total") if row["optional"]]
    assert sum(row["co2e_kg"] for row in rows) > 0
    assert first.co2e_kg == 100 * KG
    assert effects(await simulated(inventories)) == []


async def test_what_happened_before_the_base_year_is_in_it_whenever_it_is_entered(inventories: "Inventories") -> None:
    await base(inventories)
    await move(inventories, on=date(2022, 7, 1))

    assert effects(await simulated(inventories)) == []


async def test_what_comes_in_brings_the_newest_version_of_its_year(inventories: "Inventories") -> None:
    await base(inventories)
    chair, team = inventories.person("escwa-chair"), inventories.person("escwa-technical")
    old = replace(inventories.location("escwa"), id="old", parent_id="escwa")
    await inventories.register(old)
    taken = await inventories.import_file(
        inventories.csv(leak("old", "2023-05-01", "2023-05-31", "50")), by=team, location_id="escwa", year=2023
    )
    await submit(inventories, "escwa-technical", "escwa")
    await inventories.approve(taken.inventory_id, by=chair)
    async with inventories._transaction(team, access.CORRECT_INVENTORY) as (tx, who, now):
        draft = await usecases.correct_inventory(
            tx, principal=who, now=now, inventory_id=taken.inventory_id, reason="a cylinder"
        )
    more = inventories.csv(leak("old", "2023-06-01", "2023-06-30", "8"))
    await inventories.import_file(more, by=team, location_id="escwa", year=2023)
    await submit(inventories, "escwa-technical", "escwa")
    await inventories.approve(draft.id, by=chair)

    await move(inventories, location_id="old", parent_id="unon")

    assert effects(await simulated(inventories)) == [("structural", "old", 58)]


async def test_decisions_on_one_base_year_wait_for_each_other(inventories: "Inventories") -> None:
    await final_of(inventories, leak("unon", "2023-01-01", "2023-01-31", "100"), year=2023)

    made = await asyncio.gather(*(set_base_year(inventories, reason=f"choice {number}") for number in range(4)))

    assert sorted(item.number for item in made) == [1, 2, 3, 4]


@pytest.mark.parametrize("role", ["owner", "serving"])
async def test_base_years_and_decisions_are_only_ever_added_to(inventories: "Inventories", role: str) -> None:
    final, _ = await base(inventories)
    await corrected(inventories, final, "12")
    await decide(inventories, (await propose(inventories)).id)
    before = [await inventories.rows(table) for table in TABLES]
    database = Database.connect(getattr(inventories.urls, role), pool_size=1)

    for table in TABLES:
        for change in (f"UPDATE {table} SET reason = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - names of ours
            with pytest.raises(DBAPIError, match=r"only ever added to|permission denied"):
                async with database.transaction(["secretariat"]) as tx:
                    await tx.execute(text(change))

    await database.close()
    assert [await inventories.rows(table) for table in TABLES] == before
