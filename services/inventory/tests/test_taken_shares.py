"""Shares of shared premises as lines of inventories: once, traced, replaced when out of date, never beside a bill."""

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from contracts.access import Role
from inventory.domain.errors import EntererMayNotApprove
from inventory.domain.inventory import Inventory
from services.inventory.tests.test_premises import REFUSAL, decide, let, read, register, seen, shared
from services.inventory.tests.test_proxies import estimate, people

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

SHARE = """recordId inventoryId premisesId readingId locationId kind category item periodStart periodEnd
    metered { value unit } numerator denominator amount { value unit } takenBy outOfDate"""
PROBLEMS = "... on ImportRefused { message problems { row code reason hint } }"
TAKE = f"""mutation($input: TakePremisesShareInput!) {{ takePremisesShare(input: $input) {{ __typename
    ... on PremisesShares {{ premisesId year shares {{ {SHARE} }} }} {PROBLEMS} {REFUSAL} }} }}"""
IMPORT = f"""mutation($input: ImportActivityDataInput!) {{ importActivityData(input: $input) {{ __typename
    {PROBLEMS} {REFUSAL} }} }}"""
LINES = f"""query($at: ID!) {{ location(id: $at) {{ inventory(year: 2024) {{ id total {{ value }}
    premisesShares {{ {SHARE} }}
    activityRecords(first: 50) {{ edges {{ node {{ id locationId category item periodStart periodEnd note quality
        amount {{ value unit }} premisesShare {{ readingId numerator denominator }} }} }} }}
    recordCorrections(first: 10) {{ edges {{ node {{ action reason recordId replaced {{ amount {{ value }} }} }} }} }}
    }} }} }}"""
SUBMIT = f"""mutation($input: SubmitInventoryInput!) {{ submitInventory(input: $input) {{ __typename
    ... on Inventory {{ state }}
    ... on SubmissionRefused {{ message openFindings {{ code severity message value {{ value }} }} }} {REFUSAL} }} }}"""
FINDINGS = """{ location(id: "escwa") { inventory(year: 2024) {
    findings(first: 10) { edges { node { code } } } } } }"""
CORRECT = """mutation($input: CorrectInventoryInput!) { correctInventory(input: $input) {
    ... on Inventory { id } ... on Refusal { code } } }"""


async def take(
    inventories: "Inventories", premises_id: str, by: str = "escwa-technical", *extra: Role, **other: Any
) -> dict[str, Any]:
    given = {"premisesId": premises_id, "year": 2024, "idempotencyKey": f"take {by} {other}"} | other
    return await decide(inventories, by, TAKE, *extra, **given)


async def lines(inventories: "Inventories", by: str, at: str) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by), LINES, at=at)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]["inventory"]
    return found


def records(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in found["activityRecords"]["edges"]]


async def test_a_tenant_takes_its_share_with_all_that_it_is_traced_by(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)

    taken = await take(inventories, premises_id)

    found = await lines(inventories, "escwa-technical", "escwa")
    (share,) = found["premisesShares"]
    (record,) = records(found)
    reading = (await seen(inventories, "unon-technical", "unon"))[0]["readings"]["edges"][0]["node"]
    assert taken["shares"] == [share]
    assert share | {"recordId": "", "inventoryId": ""} == {
        "recordId": "", "inventoryId": "", "premisesId": premises_id, "readingId": reading["id"],
        "locationId": "escwa", "kind": "tenant", "category": "grid_electricity", "item": "grid",
        "periodStart": "2024-01-01", "periodEnd": "2025-01-01", "metered": {"value": "3660", "unit": "kWh"},
        "numerator": "91500", "denominator": "366000", "amount": {"value": "915", "unit": "kWh"},
        "takenBy": "escwa-technical", "outOfDate": False,
    }  # fmt: skip
    assert (share["recordId"], share["inventoryId"]) == (record["id"], found["id"])
    assert (record["locationId"], record["amount"], record["quality"]) == (
        "escwa", {"value": "915", "unit": "kWh"}, "measured",
    )  # fmt: skip
    assert record["premisesShare"]["numerator"] == "91500"
    assert "Block A" in record["note"]
    assert reading["id"] in record["note"]


async def test_whether_shares_are_out_of_date_is_read_in_one_statement(inventories: "Inventories") -> None:
    for number in range(3):
        house = await register(inventories, name=f"Block {number}", idempotencyKey=f"p{number}")
        await let(inventories, house["id"], idempotencyKey=f"t{number}")
        await read(inventories, house["id"], meter=f"E{number}")
        await take(inventories, house["id"], idempotencyKey=f"s{number}")

    with inventories.statements() as statements:
        found = await lines(inventories, "escwa-technical", "escwa")

    assert [item["outOfDate"] for item in found["premisesShares"]] == [False] * 3
    assert len([each for each in statements if "FROM meter_reading" in each or "JOIN meter_reading" in each]) == 1


async def test_taking_again_changes_nothing(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    first = await take(inventories, premises_id)
    before = await inventories.rows("activity_record"), await inventories.rows("activity_import")

    same_key = await take(inventories, premises_id)
    other_key = await take(inventories, premises_id, idempotencyKey="other")
    at_once = await asyncio.gather(
        *(take(inventories, premises_id, idempotencyKey=f"at once {number}") for number in range(3))
    )

    assert [same_key, other_key, *at_once] == [first] * 5
    assert (await inventories.rows("activity_record"), await inventories.rows("activity_import")) == before


async def test_of_two_who_take_at_once_one_share_is_in(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)

    made = await asyncio.gather(
        *(take(inventories, premises_id, idempotencyKey=f"at once {number}") for number in range(4))
    )

    assert [item["__typename"] for item in made] == ["PremisesShares"] * 4
    assert len(await inventories.rows("premises_share")) == 1
    assert len(await inventories.rows("activity_record")) == 1


async def test_the_operator_takes_for_all_tenants_it_has_rights_at_and_the_rest_is_its_own(
    inventories: "Inventories",
) -> None:
    premises_id = await shared(inventories)

    taken = await take(inventories, premises_id, by="unon-technical")
    await take(inventories, premises_id)

    assert [(item["locationId"], item["kind"], item["amount"]["value"]) for item in taken["shares"]] == [
        ("unon", "operator", "2379"),
        ("unon-gigiri", "tenant", "183"),
    ]
    # The bank's 183 kWh are in no inventory.
    amounts = [row["amount"] for row in await inventories.rows("premises_share")]
    assert sum(amounts) == 3660 - 183
    assert await lines(inventories, "unon-technical", "unon-gigiri") is not None


async def test_a_site_is_in_the_inventory_above_it_once(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)

    taken = await take(inventories, premises_id, by="unon-technical", locationId="unon-gigiri", inventoryOf="unon")
    twice = await take(inventories, premises_id, by="gigiri-technical", locationId="unon-gigiri")
    beside = await take(inventories, premises_id, by="unon-technical", locationId="unon-gigiri", inventoryOf="escwa")

    (share,) = taken["shares"]
    found = await lines(inventories, "unon-technical", "unon")
    assert (share["locationId"], share["inventoryId"]) == ("unon-gigiri", found["id"])
    assert twice["code"] == "SHARE_TAKEN_ELSEWHERE"
    assert "unon" in twice["found"]
    assert beside["code"] == "NOT_FOUND"
    steering = await take(
        inventories, premises_id, "unon-technical", Role.TECHNICAL_TEAM, locationId="unon", inventoryOf="unon-gigiri"
    )
    assert steering["code"] == "SHARE_OUTSIDE_INVENTORY"


async def test_a_superseded_reading_marks_the_line_and_taking_again_replaces_it(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    await take(inventories, premises_id)
    await inventories.import_file(
        inventories.csv("escwa,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured"),
        by=inventories.person("escwa-technical"), location_id="escwa",
    )  # fmt: skip
    first = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"][0]
    second = await read(
        inventories, premises_id, amount="366", supersedesId=first["readingId"], reason="a digit too many"
    )

    (marked,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]
    await take(inventories, premises_id, idempotencyKey="again")
    after = await lines(inventories, "escwa-technical", "escwa")

    assert marked == first | {"outOfDate": True}
    (share,) = after["premisesShares"]
    assert (share["readingId"], share["amount"]["value"], share["outOfDate"]) == (second["id"], "91.5", False)
    assert [Decimal(item["amount"]["value"]) for item in records(after)] == [70, Decimal("91.5")]
    (kept,) = [edge["node"] for edge in after["recordCorrections"]["edges"]]
    assert (kept["action"], kept["recordId"], kept["replaced"]["amount"]["value"]) == (
        "changed", share["recordId"], "915",
    )  # fmt: skip
    assert "a digit too many" in kept["reason"]
    # The totals followed.
    (total,) = [row for row in await inventories.rows("inventory_total") if row["category"] == "grid_electricity"]
    (line,) = [row for row in await inventories.rows("activity_record") if row["category"] == "grid_electricity"]
    assert (total["co2e_kg"], total["records"]) == (line["co2e_kg"], 1)


async def test_an_inventory_with_a_share_that_is_out_of_date_is_handed_in_when_it_was_taken_again(
    inventories: "Inventories",
) -> None:
    premises_id = await shared(inventories)
    await take(inventories, premises_id)
    await take(inventories, premises_id, by="unon-technical", locationId="unon")
    (share,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]
    await read(inventories, premises_id, amount="366", supersedesId=share["readingId"], reason="a digit too many")

    async def submit(at: str, key: str) -> dict[str, Any]:
        given = {"locationId": at, "year": 2024, "idempotencyKey": key}
        return await decide(inventories, f"{at}-technical", SUBMIT, **given)

    of_tenant, of_operator = await submit("escwa", "early"), await submit("unon", "early")
    states = {row["state"] for row in await inventories.rows("inventory")}
    await take(inventories, premises_id, idempotencyKey="again")
    await take(inventories, premises_id, by="unon-technical", locationId="unon", idempotencyKey="again")
    done = [await submit("escwa", "late"), await submit("unon", "late")]

    (finding,) = of_tenant["openFindings"]
    assert (of_tenant["__typename"], finding["code"], finding["severity"]) == (
        "SubmissionRefused", "SHARE_OUT_OF_DATE", "ERROR",
    )  # fmt: skip
    assert finding["message"] == (
        "grid_electricity (grid) of escwa: 915 kWh, expected the share of meter E1 of Block A, 2024-01-01 to"
        " 2025-01-01, as it is now: take it again (takePremisesShare)"
    )
    assert finding["message"] in of_tenant["message"]
    assert [(item["code"], item["value"]["value"]) for item in of_operator["openFindings"]] == [
        ("SHARE_OUT_OF_DATE", "2379")
    ]
    assert states == {"draft"}
    assert [item["state"] for item in done] == ["submitted", "submitted"]


async def test_what_is_replaced_after_an_inventory_was_handed_in_is_asked_for_when_it_is_returned(
    inventories: "Inventories",
) -> None:
    premises_id = await shared(inventories)
    await take(inventories, premises_id)
    submitted = await inventories.submit(by=inventories.person("escwa-technical"), location_id="escwa")
    tenancy = (await seen(inventories, "escwa-technical", "escwa"))[0]["tenancies"][0]["id"]
    await let(inventories, premises_id, netAreaM2="100", replacesId=tenancy, reason="measured anew")

    async def found() -> list[str]:
        answer = await inventories.ask(inventories.person("escwa-technical"), FINDINGS)
        return [edge["node"]["code"] for edge in answer["data"]["location"]["inventory"]["findings"]["edges"]]

    handed_in = await found()
    await inventories.return_(submitted.id, by=inventories.person("escwa-chair"), reasons="take the share again")

    assert (handed_in, await found()) == ([], ["SHARE_OUT_OF_DATE"])


async def test_a_tenancy_that_was_replaced_marks_the_line_too_and_one_that_never_was_takes_it_out(
    inventories: "Inventories",
) -> None:
    premises_id = await shared(inventories)
    await take(inventories, premises_id)
    tenancy = (await seen(inventories, "escwa-technical", "escwa"))[0]["tenancies"][0]["id"]
    await let(inventories, premises_id, netAreaM2="0", replacesId=tenancy, reason="it was ECE")

    (marked,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]
    await take(inventories, premises_id, idempotencyKey="again")
    after = await lines(inventories, "escwa-technical", "escwa")

    assert marked["outOfDate"] is True
    assert (after["premisesShares"], records(after)) == ([], [])
    (kept,) = [edge["node"] for edge in after["recordCorrections"]["edges"]]
    assert (kept["action"], kept["recordId"]) == ("removed", None)


async def _final(inventories: "Inventories") -> Inventory:
    submitted = await inventories.submit(by=inventories.person("escwa-technical"), location_id="escwa")
    return await inventories.approve(submitted.id, by=inventories.person("escwa-chair"))


async def test_a_correction_keeps_the_shares_and_replaces_those_that_are_out_of_date(
    inventories: "Inventories",
) -> None:
    premises_id = await shared(inventories)
    await take(inventories, premises_id)
    final = await _final(inventories)
    (first,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]
    await read(inventories, premises_id, amount="366", supersedesId=first["readingId"], reason="a digit")

    refused = await take(inventories, premises_id, idempotencyKey="final")
    (kept,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]
    draft = await decide(
        inventories, "escwa-technical", CORRECT, inventoryId=final.id, reason="a meter", idempotencyKey="c"
    )
    (copied,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]
    await take(inventories, premises_id, idempotencyKey="again")
    (share,) = (await lines(inventories, "escwa-technical", "escwa"))["premisesShares"]

    assert (refused["code"], kept["outOfDate"], kept["inventoryId"]) == ("INVENTORY_IS_FINAL", True, final.id)
    assert copied == kept | {"inventoryId": draft["id"], "recordId": copied["recordId"]}
    assert (share["inventoryId"], share["amount"]["value"]) == (draft["id"], "91.5")
    # What is final stays, also in the database itself.
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    assert await owner.fetchval("SELECT amount FROM premises_share WHERE inventory_id = $1", final.id) == 915
    for change in ("DELETE FROM premises_share", "UPDATE premises_share SET amount = 0"):
        with pytest.raises(asyncpg.PostgresError, match="cannot be changed"):
            await owner.execute(change)
    await owner.close()


async def test_a_bill_for_what_a_share_covers_is_refused_and_named(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    (share,) = (await take(inventories, premises_id))["shares"]
    who = inventories.person("escwa-technical")

    async def bill(*rows: str) -> dict[str, Any]:
        from base64 import b64encode

        content = b64encode("\n".join(("site,category,item,start,end,amount,unit,quality,note,meter", *rows)).encode())
        given = {"locationId": "escwa", "year": 2024, "fileName": "bill.csv", "content": content.decode()}
        answer = await inventories.ask(who, IMPORT, input=given)
        found: dict[str, Any] = answer["data"]["importActivityData"]
        return found

    twice = await bill(
        "escwa,water,borehole,2024-01-01,2024-06-30,7,m3,measured,,",
        "escwa,grid_electricity,,2024-12-01,2024-12-31,100,kWh,measured,bill of December,",
        "escwa,grid_electricity,,2024-11-01,2024-11-30,100,kWh,measured,other meter:,",
        "escwa,grid_electricity,,2024-10-01,2024-10-31,100,kWh,measured,,e1",
    )
    nothing = len(await inventories.rows("activity_record"))
    other = await bill(
        "escwa,water,borehole,2024-01-01,2024-06-30,7,m3,measured,,",
        "escwa,grid_electricity,,2024-12-01,2024-12-31,100,kWh,measured,Other meter: the garage,",
        "escwa,grid_electricity,,2024-12-01,2024-12-31,100,kWh,measured,,E7",
    )

    assert [(item["row"], item["code"]) for item in twice["problems"]] == [
        (3, "COUNTED_BY_SHARE"),
        (4, "COUNTED_BY_SHARE"),
        (5, "COUNTED_BY_SHARE"),
    ]
    assert share["readingId"] in twice["problems"][0]["reason"]
    assert nothing == 1
    assert other["__typename"] == "ActivityImport"


async def test_a_proxy_gives_way_to_a_share(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    await people(inventories, "unon-gigiri", "3")
    (proxy,) = (await estimate(inventories))["estimates"]
    await read(
        inventories, premises_id, meter="W1", utility="WATER", item=proxy["item"], unit="m3", amount="100",
        idempotencyKey="water",
    )  # fmt: skip

    taken = await take(inventories, premises_id, "unon-technical", locationId="unon-gigiri", inventoryOf="unon")

    assert {(item["category"], item["amount"]["value"]) for item in taken["shares"]} == {
        ("grid_electricity", "183"), ("water", "5"),
    }  # fmt: skip
    lines_now = [row for row in await inventories.rows("activity_record") if row["category"] == "water"]
    assert [row["amount"] for row in lines_now] == [5]


async def test_meters_of_one_number_in_two_buildings_are_two_meters(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    await read(inventories, premises_id, meter="E2", amount="10", idempotencyKey="e2")
    other = (await register(inventories, name="Block B", idempotencyKey="b"))["id"]
    await let(inventories, other, idempotencyKey="b2")
    await read(inventories, other, amount="77")

    await take(inventories, premises_id)
    taken = await take(inventories, other, idempotencyKey="b3")

    assert [item["amount"]["value"] for item in taken["shares"]] == ["19.25"]
    assert len(records(await lines(inventories, "escwa-technical", "escwa"))) == 3


async def test_a_share_for_what_is_billed_already_is_refused_and_named(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    who = inventories.person("escwa-technical")
    await inventories.import_file(
        inventories.csv("escwa,grid_electricity,,2024-06-01,2024-06-30,100,kWh,,,measured"),
        by=who, location_id="escwa",
    )  # fmt: skip

    refused = await take(inventories, premises_id)

    assert refused["code"] == "SHARE_ALREADY_BILLED"
    for named in ("data.csv", "row 2", "2024-06-01", "escwa", "E1"):
        assert named in refused["message"]
    assert await inventories.rows("premises_share") == []


@pytest.mark.parametrize(
    ("by", "other", "code"),
    [
        ("escwa-technical", {"premisesId": "none"}, "NOT_FOUND"),
        ("outside", {}, "NOT_PERMITTED"),
        ("escwa-chair", {}, "NOT_PERMITTED"),
        # A tenant takes for itself alone.
        ("escwa-technical", {"locationId": "unon"}, "NOT_FOUND"),
        ("escwa-technical", {"locationId": "unon-gigiri"}, "NOT_FOUND"),
        ("unon-technical", {"locationId": "escwa"}, "NOT_FOUND"),
        ("escwa-technical", {"year": 2023}, "NO_SHARE_TO_TAKE"),
        ("escwa-technical", {"year": 3000}, "NO_SHARE_TO_TAKE"),
        ("escwa-technical", {"year": -1}, "NO_SHARE_TO_TAKE"),
    ],
)
async def test_what_can_not_be_taken_is_refused_and_changes_nothing(
    inventories: "Inventories", by: str, other: dict[str, Any], code: str
) -> None:
    premises_id = await shared(inventories)

    refused = await take(inventories, premises_id, by=by, **other)

    assert refused.get("code") == code, refused
    for table in ("premises_share", "activity_record", "inventory"):
        assert await inventories.rows(table) == []


async def test_a_line_that_has_no_factor_is_refused_and_nothing_is_half_done(inventories: "Inventories") -> None:
    """The operator's cooling has no factor; so its electricity is not taken either."""
    premises_id = await shared(inventories)
    await read(inventories, premises_id, meter="C1", utility="COOLING", amount="10", idempotencyKey="cooling")

    refused = await take(inventories, premises_id, by="unon-technical", locationId="unon")

    assert refused["__typename"] == "ImportRefused"
    assert {item["code"] for item in refused["problems"]} == {"FACTOR_MISSING"}
    assert await inventories.rows("activity_record") == []


async def test_who_read_the_meter_or_let_the_space_does_not_approve_what_rests_on_it(
    inventories: "Inventories",
) -> None:
    premises_id = (await register(inventories))["id"]
    await let(inventories, premises_id)
    both = inventories.person("escwa-chair")
    await read(inventories, premises_id)
    await take(inventories, premises_id)
    submitted = await inventories.submit(by=inventories.person("escwa-technical"), location_id="escwa")
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")

    for table, columns in (("meter_reading", "recorded_by"), ("tenancy", "set_by")):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        earlier = await owner.fetchrow(f"SELECT {columns}, {columns}_subject FROM {table}")  # noqa: S608
        await owner.execute(f"UPDATE {table} SET {columns} = $1, {columns}_subject = $2", both.name, both.subject)  # noqa: S608
        with pytest.raises(EntererMayNotApprove):
            await inventories.approve(submitted.id, by=both)
        await owner.execute(f"UPDATE {table} SET {columns} = $1, {columns}_subject = $2", *earlier)  # noqa: S608
    await owner.close()

    assert (await inventories.approve(submitted.id, by=both)).state == "final"
