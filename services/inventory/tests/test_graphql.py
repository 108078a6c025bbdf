"""The subgraph of *inventory* as callers meet it: the main job, who sees what, and the same request again."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from chassis.access import ANONYMOUS, Principal
from contracts.access import Role

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

REFUSAL = "... on Refusal { code subject found expected message }"
IMPORT = f"""mutation($input: ImportActivityDataInput!) {{ importActivityData(input: $input) {{ __typename
    ... on ActivityImport {{ id rowCount importedBy inventory {{ id state total {{ value unit }} }} }}
    ... on ImportRefused {{ fileName message problems {{ row column value code reason hint }} }} {REFUSAL} }} }}"""
SUBMIT = f"""mutation($input: SubmitInventoryInput!) {{ submitInventory(input: $input) {{ __typename
    ... on Inventory {{ id state steps {{ action by }} }} {REFUSAL} }} }}"""
RETURN = f"""mutation($input: ReturnInventoryInput!) {{ returnInventory(input: $input) {{ __typename
    ... on Inventory {{ id state }} {REFUSAL} }} }}"""
APPROVE = f"""mutation($input: ApproveInventoryInput!) {{ approveInventory(input: $input) {{ __typename
    ... on Inventory {{ id state steps {{ action by }} }} {REFUSAL} }} }}"""
REGISTER = f"""mutation($input: RegisterLocationInput!) {{ registerLocation(input: $input) {{ __typename
    ... on Location {{ id parent {{ id }} }} {REFUSAL} }} }}"""
AT_UNON = """{ location(id: "unon") { id coordinates { latitude longitude }
    denominators(first: 1) { edges { node { source } } }
    inventory(year: 2024) { state total { unit } byScope { scope } byGas { gas } indicators { name } steps { by }
        activityRecords(first: 100) { edges { node { item } } } } } }"""


async def decide(inventories: "Inventories", by: str | Principal, document: str, **given: Any) -> dict[str, Any]:
    principal = inventories.person(by) if isinstance(by, str) else by
    answer = await inventories.ask(principal, document, input=given)
    assert "errors" not in answer, answer["errors"]
    (decided,) = answer["data"].values()
    found: dict[str, Any] = decided
    return found


def a_file(content: bytes) -> dict[str, Any]:
    return {"locationId": "unon", "year": 2024, "fileName": "data.csv", "content": b64encode(content).decode()}


async def at_unon(inventories: "Inventories", principal: Principal) -> dict[str, Any]:
    answer = await inventories.ask(principal, AT_UNON)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]
    return found


async def test_data_become_a_final_inventory(inventories: "Inventories") -> None:
    problems = inventories.csv("unon,grid_electricity,,2024-01-01,2024-12-31,many,kWh,,,measured")
    good = inventories.csv("unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured")

    refused = await decide(inventories, "unon-technical", IMPORT, **a_file(problems))
    taken = await decide(inventories, "unon-technical", IMPORT, **a_file(good))
    submitted = await decide(inventories, "unon-technical", SUBMIT, locationId="unon", year=2024, idempotencyKey="s")
    final = await decide(inventories, "unon-chair", APPROVE, inventoryId=submitted["id"], idempotencyKey="a")

    assert refused["__typename"] == "ImportRefused"
    assert [(each["row"], each["column"], each["value"], each["code"]) for each in refused["problems"]] == [
        (2, "amount", "many", "NOT_A_NUMBER")
    ]
    assert all(each["reason"] and each["hint"] for each in refused["problems"])
    assert (taken["rowCount"], taken["importedBy"]) == (1, "unon-technical")
    assert taken["inventory"]["total"]["unit"] == "kgCO2e"
    assert (submitted["state"], final["state"]) == ("submitted", "final")
    assert [step["by"] for step in final["steps"]] == ["unon-technical", "unon-chair"]


@pytest.mark.parametrize("who", ["unon-technical", "coordinator", "auditor", "outside"])
@pytest.mark.parametrize("document", [APPROVE, RETURN])
async def test_who_has_no_such_right_anywhere_is_not_permitted(
    inventories: "Inventories", who: str, document: str
) -> None:
    await inventories.import_file()
    submitted = await inventories.submit()
    reasons = {"reasons": "x"} if document is RETURN else {}

    answer = await decide(inventories, who, document, inventoryId=submitted.id, idempotencyKey="k", **reasons)

    assert answer["code"] == "NOT_PERMITTED"
    assert [row["state"] for row in await inventories.rows("inventory")] == ["submitted"]


async def test_nothing_is_decided_without_a_token(inventories: "Inventories") -> None:
    answer = await decide(inventories, ANONYMOUS, SUBMIT, locationId="unon", year=2024, idempotencyKey="k")

    assert answer["code"] == "NOT_SIGNED_IN"


async def test_who_submitted_does_not_approve(inventories: "Inventories") -> None:
    both = inventories.person("unon-technical", Role.LOCAL_CHAIR)
    await inventories.import_file(by=both)
    submitted = await inventories.submit(by=both)

    answer = await decide(inventories, both, APPROVE, inventoryId=submitted.id, idempotencyKey="k")

    assert answer["code"] == "SUBMITTER_MAY_NOT_APPROVE"


async def test_each_step_under_the_same_key_is_carried_out_once(inventories: "Inventories") -> None:
    await inventories.import_file()
    submitted = [
        await decide(inventories, "unon-technical", SUBMIT, locationId="unon", year=2024, idempotencyKey="one")
        for _ in range(2)
    ]
    approved = [
        await decide(inventories, "unon-chair", APPROVE, inventoryId=submitted[0]["id"], idempotencyKey="two")
        for _ in range(2)
    ]
    other = await decide(inventories, "unon-technical", SUBMIT, locationId="unon", year=2023, idempotencyKey="one")

    assert submitted[0] == submitted[1]
    assert approved[0] == approved[1]
    assert (approved[0]["state"], other["code"]) == ("final", "IDEMPOTENCY_KEY_REUSED")
    assert len(await inventories.rows("inventory_step")) == 2


async def test_a_location_is_registered_under_its_parent(inventories: "Inventories") -> None:
    given = {"id": "unov", "name": "UNOV", "kind": "office", "validFrom": "2000-01-01", "source": "a document"}

    made = await decide(inventories, "coordinator", REGISTER, **given, parentId="secretariat")
    unknown = await decide(inventories, "coordinator", REGISTER, **given, parentId="atlantis")
    changed = await decide(inventories, "coordinator", REGISTER, **given | {"name": "X"}, parentId="secretariat")

    assert made == {"__typename": "Location", "id": "unov", "parent": {"id": "secretariat"}}
    assert (unknown["code"], changed["code"]) == ("NOT_FOUND", "LOCATION_ALREADY_REGISTERED")


async def test_another_team_and_the_public_see_a_place_and_nothing_of_it(inventories: "Inventories") -> None:
    await inventories.state_denominator()
    final = await inventories.final()
    by_id = """query($id: ID!, $key: [_Any!]!) { inventory(id: $id) { id }
        _entities(representations: $key) { __typename } }"""

    for principal in (inventories.person("escwa-chair"), inventories.person("outside"), ANONYMOUS):
        assert await at_unon(inventories, principal) == {
            "id": "unon", "coordinates": None, "denominators": {"edges": []}, "inventory": None,
        }  # fmt: skip
        key = [{"__typename": "Inventory", "id": final.id}]
        answer = await inventories.ask(principal, by_id, id=final.id, key=key)
        assert answer == {"data": {"inventory": None, "_entities": [None]}}


async def test_the_public_sees_totals_of_what_is_published_and_no_record(inventories: "Inventories") -> None:
    await inventories.state_denominator()
    final = await inventories.final()
    await inventories.is_published(final.id)

    public = await at_unon(inventories, ANONYMOUS)
    ours = await at_unon(inventories, inventories.person("auditor"))

    assert (public["coordinates"], public["denominators"]) == (None, {"edges": []})
    inventory = public["inventory"]
    assert (inventory["state"], inventory["total"]) == ("final", {"unit": "kgCO2e"})
    assert inventory["byScope"] == ours["inventory"]["byScope"] == [{"scope": 1}, {"scope": 2}]
    everything = [each["name"] for each in ours["inventory"]["indicators"]]
    # The generators of one site would follow from the share of renewable electricity.
    closed = {"generator_fuel", "renewable_share"}
    assert [each["name"] for each in inventory["indicators"]] == [name for name in everything if name not in closed]
    assert closed < set(everything)
    assert (inventory["activityRecords"], inventory["steps"], inventory["byGas"]) == ({"edges": []}, [], [])
    assert len(ours["inventory"]["activityRecords"]["edges"]) == 7


@pytest.mark.parametrize("first", [0, 101])
async def test_a_page_has_a_size(inventories: "Inventories", first: int) -> None:
    answer = await inventories.ask(ANONYMOUS, "query($n: Int!) { locations(first: $n) { edges { cursor } } }", n=first)

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "PAGE_SIZE_OUT_OF_RANGE"
