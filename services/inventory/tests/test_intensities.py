"""Intensity as callers meet it: denominators stated and superseded, figures of drafts and of final versions."""

import re
from datetime import date
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from chassis.access import ANONYMOUS
from contracts.access import Role
from inventory.domain.errors import EntererMayNotApprove
from inventory.migrations import versions
from services.inventory.tests.test_corrections import correct

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

STATE = """mutation($input: StateDenominatorInput!) { stateDenominator(input: $input) { __typename
    ... on DenominatorStatement { id locationId kind topic value { value unit } validFrom validTo source statedBy }
    ... on Refusal { code found } } }"""
FIGURES = """{ location(id: "unon") { denominators(first: 9) { edges { node { kind topic value { value } } } }
    inventory(year: 2024) { id intensities { name gap explanation value { value unit } use { value unit }
        denominator { value unit } coverage { value unit } statementIds } indicators { name value { value } } } } }"""
GRID = "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured"
WATER = "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured"
WASTE = "unon,waste,food,2024-01-01,2024-06-30,160,kg,composting,,measured"
DIESEL = "unon,generator_fuel,diesel,2024-01-01,2024-06-30,400,litre,,,measured"
KENYA = Decimal("0.08483")
"""kgCO2e per kWh, Ember 2024."""


async def state(inventories: "Inventories", by: str = "unon-technical", **other: Any) -> dict[str, Any]:
    given = {"locationId": "unon", "kind": "PERSONNEL", "value": "10", "validFrom": "2024-01-01", "source": "a survey"}
    given |= other
    given.setdefault("idempotencyKey", str(sorted(given.items())))
    answer = await inventories.ask(inventories.person(by), STATE, input=given)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["stateDenominator"]
    return found


async def at_unon(inventories: "Inventories", by: str = "unon-technical") -> dict[str, Any]:
    who = ANONYMOUS if by == "anonymous" else inventories.person(by)
    answer = await inventories.ask(who, FIGURES)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]
    return found


def figures(found: dict[str, Any]) -> dict[str, Any]:
    """Each intensity's value, or why there is none."""
    return {
        item["name"]: item["gap"] if item["value"] is None else Decimal(item["value"]["value"])
        for item in found["inventory"]["intensities"]
    }


async def final(inventories: "Inventories", *rows: str) -> str:
    inventory_id = (await inventories.import_file(inventories.csv(*rows))).inventory_id
    await inventories.submit()
    await inventories.approve(inventory_id)
    return inventory_id


async def test_figures_of_a_draft_follow_what_is_stated(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, WATER, WASTE))
    before = figures(await at_unon(inventories))
    await state(inventories)
    await state(inventories, kind="FLOOR_AREA", value="100")
    await state(inventories, topic="WASTE", value="8")
    after = await at_unon(inventories)

    assert set(before.values()) == {"denominator_missing"}
    assert figures(after) == {
        "co2e_per_person": 100 * KENYA, "facilities_co2e_per_m2": 10 * KENYA, "energy_per_m2": 10,
        "electricity_per_m2": 10, "electricity_per_person": 100, "water_per_person": 7, "waste_per_person": 20,
    }  # fmt: skip
    waste = after["inventory"]["intensities"][-1]
    assert (waste["use"], waste["denominator"], waste["coverage"]) == (
        {"value": "160", "unit": "kg"}, {"value": "8", "unit": "person"}, {"value": "80", "unit": "percent"},
    )  # fmt: skip
    assert waste["value"]["unit"] == "kg/person"
    assert len(waste["statementIds"]) == 1


async def test_an_earlier_statement_stays_and_the_newest_holds_on_its_days(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(WATER))
    await state(inventories)
    second = await state(inventories, value="40", validFrom="2024-07-02", validTo="2025-01-01")

    found = await at_unon(inventories)

    # 183 days of each.
    assert figures(found)["water_per_person"] == Decimal(70) / 25
    assert [edge["node"]["value"]["value"] for edge in found["denominators"]["edges"]] == ["10", "40"]
    assert second == {
        "__typename": "DenominatorStatement", "id": second["id"], "locationId": "unon", "kind": "personnel",
        "topic": None, "value": {"value": "40", "unit": "person"}, "validFrom": "2024-07-02", "validTo": "2025-01-01",
        "source": "a survey", "statedBy": "unon-technical",
    }  # fmt: skip


async def test_staff_is_not_taken_for_personnel_and_a_part_of_the_year_not_for_the_year(
    inventories: "Inventories",
) -> None:
    await inventories.import_file(inventories.csv(WATER, GRID))
    await state(inventories, kind="STAFF")
    await state(inventories, kind="FLOOR_AREA", value="100", validFrom="2024-02-01")

    found = await at_unon(inventories)

    assert figures(found)["water_per_person"] == "denominator_missing"
    assert figures(found)["electricity_per_m2"] == "coverage_partial"
    explained = {item["name"]: item["explanation"] for item in found["inventory"]["intensities"]}
    assert explained["electricity_per_m2"] == "floor_area is stated for 335 of 366 days."


async def test_a_location_that_opens_in_the_year_is_stated_by_its_own_days(inventories: "Inventories") -> None:
    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.exec_driver_sql("UPDATE location SET valid_from = '2024-07-01' WHERE id = 'unon'")
    await inventories.import_file(inventories.csv(WATER))
    await state(inventories, validFrom="2024-07-01")

    assert figures(await at_unon(inventories))["water_per_person"] == 7


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"value": "0"}, "DENOMINATOR_NOT_POSITIVE"),
        ({"validTo": "2024-01-01"}, "DENOMINATOR_PERIOD_EMPTY"),
        ({"source": " "}, "DENOMINATOR_SOURCE_MISSING"),
        ({"locationId": "none-such"}, "NOT_FOUND"),
        ({"by": "escwa-technical"}, "NOT_FOUND"),
        ({"by": "unon-member"}, "NOT_PERMITTED"),
        ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_MALFORMED"),
    ],
)
async def test_wrong_statements_are_refused_and_leave_nothing(
    inventories: "Inventories", given: dict[str, Any], code: str
) -> None:
    assert (await state(inventories, **given))["code"] == code
    assert await inventories.rows("denominator_statement") == []


async def test_the_same_request_again_states_nothing_more(inventories: "Inventories") -> None:
    first, again = [await state(inventories, idempotencyKey="k") for _ in range(2)]

    assert first == again
    assert len(await inventories.rows("denominator_statement")) == 1


async def test_a_final_version_keeps_its_figures_and_reasons_and_its_correction_has_new_ones(
    inventories: "Inventories",
) -> None:
    await state(inventories)
    inventory_id = await final(inventories, GRID, WATER)
    kept = await at_unon(inventories)
    await state(inventories, value="20")
    await state(inventories, kind="FLOOR_AREA", value="100")
    again = await at_unon(inventories)
    await correct(inventories, inventory_id)
    corrected = await at_unon(inventories)

    assert kept["inventory"] == again["inventory"]
    assert figures(kept) == {
        "co2e_per_person": 100 * KENYA, "facilities_co2e_per_m2": "denominator_missing",
        "energy_per_m2": "denominator_missing", "electricity_per_m2": "denominator_missing",
        "electricity_per_person": 100, "water_per_person": 7, "waste_per_person": "no_data",
    }  # fmt: skip
    assert figures(corrected)["water_per_person"] == Decimal("3.5")
    assert figures(corrected)["electricity_per_m2"] == 10
    indicators = {item["name"]: Decimal(item["value"]["value"]) for item in kept["inventory"]["indicators"]}
    assert {name: value for name, value in figures(kept).items() if isinstance(value, Decimal)} == {
        name: value for name, value in indicators.items() if "_per_" in name
    }
    (water,) = [item for item in kept["inventory"]["intensities"] if item["name"] == "water_per_person"]
    assert water["denominator"] == {"value": "10", "unit": "person"}
    assert len(water["statementIds"]) == 1


@pytest.mark.parametrize("reader", ["anonymous", "escwa-chair"])
async def test_what_is_published_shows_the_figures_and_not_by_what_they_are_stated(
    inventories: "Inventories", reader: str
) -> None:
    await state(inventories)
    await inventories.is_published(await final(inventories, GRID, WATER))

    found = await at_unon(inventories, reader)

    assert figures(found)["water_per_person"] == 7
    assert figures(found)["waste_per_person"] == "records_not_shown"
    assert found["denominators"] == {"edges": []}
    assert {item["denominator"] and 1 for item in found["inventory"]["intensities"]} == {None}


@pytest.mark.parametrize("reader", ["unon-member", "anonymous", "escwa-chair"])
async def test_energy_with_fuel_of_few_sites_in_it_is_for_readers_of_sensitive_data(
    inventories: "Inventories", reader: str
) -> None:
    """Electricity is open, so that energy less it would be the fuel."""
    await state(inventories, kind="FLOOR_AREA", value="100")
    await inventories.import_file(inventories.csv(GRID, DIESEL))
    drafts = {name: figures(await at_unon(inventories, name)) for name in ("unon-technical", "unon-member")}
    await inventories.submit()
    (version,) = await inventories.rows("inventory")
    await inventories.approve(version["id"])
    await inventories.is_published(version["id"])

    whole, shown = await at_unon(inventories), await at_unon(inventories, reader)

    assert drafts["unon-technical"]["energy_per_m2"] == figures(whole)["energy_per_m2"] == 20
    assert drafts["unon-member"]["energy_per_m2"] == figures(shown)["energy_per_m2"] == "records_not_shown"
    assert figures(shown)["electricity_per_m2"] == figures(whole)["electricity_per_m2"] == 10
    assert {item["name"] for item in whole["inventory"]["indicators"]} - {
        item["name"] for item in shown["inventory"]["indicators"]
    } == {"energy", "energy_per_m2", "generator_fuel", "renewable_share"}
    (said,) = [said for fact, said in await inventories.events() if fact == "inventory_finalised"]
    assert set(said["indicators"]).isdisjoint({"energy", "energy_per_m2", "generator_fuel"})


async def test_the_kwh_that_a_generator_made_are_taken_as_recorded(inventories: "Inventories") -> None:
    await state(inventories, kind="FLOOR_AREA", value="100")
    later = DIESEL.replace("2024-01-01,2024-06-30", "2024-07-01,2024-12-31")
    await inventories.import_file(inventories.csv(DIESEL, later))
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false),"
                        " set_config('app.sensitive_roots', 'secretariat', false)")  # fmt: skip
    # As a row of the form with both keeps it.
    await owner.execute(
        "UPDATE activity_record SET details = details || jsonb_build_object('generated_kwh', '1200')"
        " WHERE period_start < '2024-07-01'"
    )
    await owner.close()

    # 1200 recorded, 1000 by the method's yield.
    assert figures(await at_unon(inventories))["energy_per_m2"] == 22


async def test_who_stated_a_denominator_of_the_year_does_not_approve_what_it_divides(
    inventories: "Inventories",
) -> None:
    both, other = (inventories.person(name, Role.TECHNICAL_TEAM) for name in ("unon-chair", "unon-member"))
    inventory_id = (await inventories.import_file(inventories.csv(WATER))).inventory_id
    await inventories.submit()
    for by, until in ((both, None), (other, "2024-01-01")):
        given = {"locationId": "unon", "kind": "STAFF", "value": "9", "validFrom": "2023-06-01", "validTo": until}
        answer = await inventories.ask(by, STATE, input=given | {"source": "a list", "idempotencyKey": str(until)})
        assert "statedBy" in answer["data"]["stateDenominator"], answer

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(inventory_id, by=both)

    # Who stated what held no longer in the year made nothing of it.
    other = inventories.person("unon-member", Role.LOCAL_CHAIR)
    assert (await inventories.approve(inventory_id, by=other)).state == "final"


async def test_others_see_neither_statements_nor_drafts(inventories: "Inventories") -> None:
    await state(inventories)
    await inventories.import_file(inventories.csv(WATER))

    for reader in ("anonymous", "escwa-chair", "gigiri-technical"):
        found = await at_unon(inventories, reader)
        assert (found["denominators"], found["inventory"]) == ({"edges": []}, None), reader


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE denominator_statement SET value = 1",
        "DELETE FROM denominator_statement",
        "TRUNCATE denominator_statement",
        "UPDATE inventory_intensity SET gap = NULL",
        "DELETE FROM inventory_intensity",
        """INSERT INTO inventory_intensity SELECT inventory_id, name || 'x', location_id, gap, explanation, denominator,
        days_stated, days, coverage_percent, statements FROM inventory_intensity""",
    ],
)
async def test_the_database_itself_refuses_to_change_what_was_stated_and_kept(
    inventories: "Inventories", change: str
) -> None:
    await state(inventories)
    await final(inventories, WATER)
    before = [await inventories.rows(table) for table in ("denominator_statement", "inventory_intensity")]
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")

    with pytest.raises(asyncpg.PostgresError, match=re.compile("cannot be changed")):
        await owner.execute(change)
    await owner.close()

    assert [await inventories.rows(table) for table in ("denominator_statement", "inventory_intensity")] == before
    assert all(before)


async def test_profiles_of_a_year_become_statements_that_later_ones_supersede(inventories: "Inventories") -> None:
    (name,) = [found.name for found in iter_modules(versions.__path__) if found.name.endswith("_denominators")]
    take_over = import_module(f"inventory.migrations.versions.{name}").TAKE_OVER
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    await owner.execute(
        "INSERT INTO location_profile VALUES ('unon', 2023, 7, NULL, 'old', 'somebody', now()),"
        " ('unon', 2024, 10, 100, 'new', 'somebody', now())"
    )
    await owner.execute(take_over)
    await owner.close()
    await inventories.import_file(inventories.csv(WATER, GRID))

    taken = figures(await at_unon(inventories))
    await state(inventories, value="20")
    stated = figures(await at_unon(inventories))

    rows = await inventories.rows("denominator_statement")
    assert [(row["kind"], row["value"], row["valid_from"], row["source"]) for row in rows if row["id"] < "01"] == [
        ("personnel", 7, date(2023, 1, 1), "old"), ("floor_area", 100, date(2024, 1, 1), "new"),
        ("personnel", 10, date(2024, 1, 1), "new"),
    ]  # fmt: skip
    assert (taken["water_per_person"], taken["electricity_per_m2"]) == (7, 10)
    assert (stated["water_per_person"], stated["electricity_per_m2"]) == (Decimal("3.5"), 10)


async def test_nobody_writes_profiles_any_more(inventories: "Inventories") -> None:
    serving = await asyncpg.connect(inventories.urls.serving)
    await serving.execute("SELECT set_config('app.roots', 'secretariat', false)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await serving.execute("INSERT INTO location_profile VALUES ('unon', 2024, 1, 1, 's', 'n', now())")
    await serving.close()
