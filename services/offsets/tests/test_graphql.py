"""The subgraph as callers meet it: the main job, each refusal, who sees what."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import ANONYMOUS, Principal
from chassis.refusals import NotPermitted
from contracts.access import Role
from offsets import usecases

if TYPE_CHECKING:
    from services.offsets.tests.conftest import Desk, Offsets

People = Callable[..., Principal]

AT_LOCATION = """query($id: ID!) { _entities(representations: [{__typename: "Location", id: $id}]) { ... on Location {
    offsetPosition(year: 2024) {
        year need { value unit } retired { value unit } remaining { value unit } inventoryVersion
        basis { inventoryId total { value unit } }
        statement { number status coverage { value unit } supersedes { number } } }
    creditRetirements(first: 10, year: 2024) { edges { node {
        registry project vintage serialFirst serialLast amount { value } retiredBy batch { id } } } }
    creditBatches(first: 10) { edges { node { id free { value } purchase { state } } } }
    purchases(first: 10) { edges { node { id state batch { id } } } } } } }"""
NOTHING: dict[str, Any] = {
    "offsetPosition": None,
    "creditRetirements": {"edges": []},
    "creditBatches": {"edges": []},
    "purchases": {"edges": []},
}


async def at_location(offsets: "Offsets", principal: Principal, location_id: str = "unon") -> dict[str, Any]:
    answer = await offsets.ask(principal, AT_LOCATION, id=location_id)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["_entities"][0]
    return found


async def test_credits_go_from_need_to_statement(offsets: "Offsets", desk: "Desk", people: People) -> None:
    await offsets.inventory_is_final(total_kg="99500")
    purchase = await desk.request()
    approved = await desk.approve(purchase["id"])
    batch = await desk.deliver(purchase["id"])
    retired = await desk.retire(batch["id"], tonnes=40)

    assert (purchase["state"], approved["state"]) == ("requested", "approved")
    assert batch["free"] == {"value": "100", "unit": "tCO2e"}
    assert batch["price"] == {"value": "425.00", "unit": "USD"}
    assert (retired["serialFirst"], retired["serialLast"]) == ("3000000001", "3000000040")
    found = await at_location(offsets, people("unon-technical"))
    assert found["offsetPosition"] == {
        "year": 2024,
        "need": {"value": "100", "unit": "tCO2e"},
        "retired": {"value": "40", "unit": "tCO2e"},
        "remaining": {"value": "60", "unit": "tCO2e"},
        "inventoryVersion": 1,
        "basis": {"inventoryId": "unon-2024-v1", "total": {"value": "99500", "unit": "kgCO2e"}},
        "statement": {
            "number": 1,
            "status": "partial",
            "coverage": {"value": "40", "unit": "percent"},
            "supersedes": None,
        },
    }
    assert found["creditBatches"]["edges"] == [
        {"node": {"id": batch["id"], "free": {"value": "60"}, "purchase": {"state": "delivered"}}}
    ]
    assert found["creditRetirements"]["edges"][0]["node"]["retiredBy"] == "certifying"
    assert found["purchases"]["edges"] == [
        {"node": {"id": purchase["id"], "state": "delivered", "batch": {"id": batch["id"]}}}
    ]


async def test_every_step_is_said_to_the_world(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch(), tonnes=100)

    events = await offsets.events()

    assert [fact for fact, _ in events] == [
        "purchase_requested",
        "purchase_approved",
        "credits_purchased",
        "credits_retired",
        "neutrality_statement_issued",
    ]
    said = dict(events)
    assert said["purchase_requested"]["amount"] == {"value": "100", "unit": "tCO2e"}
    assert (said["purchase_requested"]["requested_by"], said["purchase_approved"]["approved_by"]) == (
        "unon-chair",
        "approver",
    )
    assert (said["credits_purchased"]["serial_first"], said["credits_purchased"]["serial_last"]) == (
        3_000_000_001,
        3_000_000_100,
    )
    assert said["credits_purchased"]["price"] == {"value": "425.00", "unit": "USD"}
    assert said["credits_retired"]["batch_id"] == said["credits_purchased"]["batch_id"]
    assert (said["neutrality_statement_issued"]["status"], said["neutrality_statement_issued"]["coverage"]) == (
        "neutral",
        {"value": "100", "unit": "percent"},
    )


async def test_a_purchase_can_be_refused_with_a_reason(desk: "Desk", offsets: "Offsets") -> None:
    purchase = (await desk.request())["id"]

    refused = await desk.refuse(purchase, reason=" over budget ")

    assert refused["state"] == "refused"
    assert refused["steps"] == [{"action": "refused", "by": "approver", "reason": "over budget"}]
    assert (await desk.approve(purchase))["code"] == "WRONG_STATE"
    assert [fact for fact, _ in await offsets.events()] == ["purchase_requested"]


# Duties on the record, whatever roles one person holds.


async def test_who_requested_a_purchase_does_none_of_the_later_steps(
    offsets: "Offsets", desk: "Desk", people: People
) -> None:
    await offsets.inventory_is_final()
    everything = people("unon-chair", Role.APPROVER, Role.PROCUREMENT, Role.CERTIFYING)
    purchase = (await desk.request(everything))["id"]

    codes = [(await desk.approve(purchase, everything))["code"], (await desk.refuse(purchase, everything))["code"]]
    await desk.approve(purchase)
    codes.append((await desk.deliver(purchase, everything))["code"])
    batch = (await desk.deliver(purchase))["id"]
    codes.append((await desk.retire(batch, everything))["code"])

    assert codes == [
        "REQUESTER_MAY_NOT_APPROVE",
        "REQUESTER_MAY_NOT_APPROVE",
        "REQUESTER_MAY_NOT_DELIVER",
        "REQUESTER_MAY_NOT_RETIRE",
    ]


async def test_who_approved_a_purchase_does_not_record_its_delivery(desk: "Desk", people: People) -> None:
    both = people("approver", Role.PROCUREMENT)
    purchase = (await desk.request())["id"]
    await desk.approve(purchase, both)

    assert (await desk.deliver(purchase, both))["code"] == "APPROVER_MAY_NOT_DELIVER"


# Rights.


NO = "NOT_PERMITTED"
"""A role with this step is held nowhere, or this place is one to read alone."""
UNSEEN = "NOT_FOUND"
"""A role with this step is held elsewhere: this place is not there."""


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("coordinator", [None, NO, NO, NO, NO]),
        ("unon-chair", [None, NO, NO, NO, NO]),
        ("unon-technical", [NO, NO, NO, NO, NO]),
        ("escwa-chair", [UNSEEN, NO, NO, NO, NO]),
        ("procurement", [NO, NO, NO, None, NO]),
        ("escwa-procurement", [NO, NO, NO, UNSEEN, NO]),
        ("approver", [NO, None, None, NO, NO]),
        ("escwa-approver", [NO, UNSEEN, UNSEEN, NO, NO]),
        ("certifying", [NO, NO, NO, NO, None]),
        ("unon-certifying", [NO, NO, NO, NO, None]),
        ("escwa-certifying", [NO, NO, NO, NO, UNSEEN]),
        ("auditor", [NO, NO, NO, NO, NO]),
        ("outside", [NO, NO, NO, NO, NO]),
        ("anonymous", ["NOT_SIGNED_IN"] * 5),
    ],
)
async def test_each_role_takes_its_own_steps_only(
    offsets: "Offsets", desk: "Desk", people: People, name: str, codes: list[str | None]
) -> None:
    await offsets.inventory_is_final()
    requested = [(await desk.request())["id"] for _ in range(2)]
    approved = await desk.approved()
    batch = await desk.batch(first=1)
    who = ANONYMOUS if name == "anonymous" else people(name)

    answers = [
        await desk.request(who),
        await desk.approve(requested[0], who),
        await desk.refuse(requested[1], who),
        await desk.deliver(approved, who),
        await desk.retire(batch, who),
    ]

    assert [answer.get("code") for answer in answers] == codes


async def test_each_use_case_checks_the_right_also_where_row_security_would_show_the_row(
    offsets: "Offsets", desk: "Desk", people: People
) -> None:
    await offsets.inventory_is_final()
    purchase = (await desk.request())["id"]
    batch = await desk.batch()
    at: dict[str, Any] = {"principal": people("auditor"), "now": datetime.now(UTC)}
    for_place: dict[str, Any] = {"location_id": "unon", "year": 2024, "tonnes": 1}
    delivery: dict[str, Any] = {
        "registry": "CDM", "project": "1", "vintage": 2022, "serial_first": 1, "serial_last": 100,
        "price_per_tonne": Decimal(1), "currency": "USD",
    }  # fmt: skip
    use_cases: list[Callable[[AsyncConnection], Awaitable[object]]] = [
        lambda tx: usecases.request_purchase(tx, **at, **for_place, justification="x"),
        lambda tx: usecases.approve_purchase(tx, **at, purchase_id=purchase),
        lambda tx: usecases.refuse_purchase(tx, **at, purchase_id=purchase, reason="x"),
        lambda tx: usecases.record_delivery(tx, **at, purchase_id=purchase, **delivery),
        lambda tx: usecases.retire_credits(tx, **at, **for_place, batch_id=batch),
    ]

    for use_case in use_cases:
        async with offsets.database.transaction(["secretariat"]) as tx:
            with pytest.raises(NotPermitted):
                await use_case(tx)


async def test_a_right_at_one_place_does_not_reach_credits_of_another(
    offsets: "Offsets", desk: "Desk", people: People
) -> None:
    await offsets.inventory_is_final()
    foreign = await desk.batch(location_id="escwa", first=1)

    elsewhere = await desk.retire(foreign)
    unseen = await desk.retire(foreign, people("unon-certifying"))
    invented = await desk.retire("no-such-batch", people("unon-certifying"))

    assert elsewhere["code"] == "BATCH_OF_ANOTHER_LOCATION"
    assert (unseen["code"], invented["code"]) == ("NOT_FOUND", "NOT_FOUND")
    assert unseen["message"].replace(foreign, "…") == invented["message"].replace("no-such-batch", "…")


async def test_credits_bought_above_are_retired_below_and_not_the_other_way(
    offsets: "Offsets", desk: "Desk", people: People
) -> None:
    for place in ("unon", "unon-gigiri"):
        await offsets.inventory_is_final(place)
    bought_above = await desk.batch()
    purchase = await desk.approved(people("unon-chair"), locationId="unon-gigiri")
    bought_below = (await desk.deliver(purchase, serialFirst=1, serialLast=100))["id"]

    down = await desk.retire(bought_above, locationId="unon-gigiri")
    up = await desk.retire(bought_below, locationId="unon")

    assert (down["__typename"], up.get("code")) == ("Retirement", "BATCH_OF_ANOTHER_LOCATION")
    assert [row["location_id"] for row in await offsets.rows("neutrality_statement")] == ["unon-gigiri"]


async def test_nothing_is_retired_without_a_final_inventory(offsets: "Offsets", desk: "Desk") -> None:
    batch = await desk.batch()
    await offsets.inventory_is_final("escwa")

    before = await desk.retire(batch)
    await offsets.inventory_is_final()
    other_year = await desk.retire(batch, year=2023)

    assert (before["code"], other_year["code"]) == ("INVENTORY_NOT_FINAL", "INVENTORY_NOT_FINAL")
    assert await offsets.rows("retirement") == []


async def test_another_location_and_the_public_see_nothing(offsets: "Offsets", desk: "Desk", people: People) -> None:
    await offsets.inventory_is_final()
    batch = await desk.batch()
    retired = (await desk.retire(batch))["id"]
    (purchase,) = await offsets.rows("purchase")
    (statement,) = await offsets.rows("neutrality_statement")
    by_id = """query($purchase: ID!, $batch: ID!, $others: [_Any!]!) {
        purchase(id: $purchase) { id } creditBatch(id: $batch) { id }
        _entities(representations: $others) { __typename } }"""
    others = [
        {"__typename": "Purchase", "id": purchase["id"]},
        {"__typename": "CreditBatch", "id": batch},
        {"__typename": "Retirement", "id": retired},
        {"__typename": "NeutralityStatement", "id": statement["id"]},
    ]

    for principal in (people("escwa-chair"), people("outside"), ANONYMOUS):
        answer = await offsets.ask(principal, by_id, purchase=purchase["id"], batch=batch, others=others)

        assert await at_location(offsets, principal) == NOTHING
        assert answer == {"data": {"purchase": None, "creditBatch": None, "_entities": [None] * 4}}
    seen = await offsets.ask(people("auditor"), by_id, purchase=purchase["id"], batch=batch, others=others)
    assert [found["__typename"] for found in seen["data"]["_entities"]] == [each["__typename"] for each in others]


async def test_what_is_published_shows_retirements_and_statement_to_all_and_no_purchase(
    offsets: "Offsets", desk: "Desk"
) -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch())
    await offsets.is_published()

    found = await at_location(offsets, ANONYMOUS)

    assert found["offsetPosition"]["statement"]["number"] == 1
    assert found["offsetPosition"]["retired"] == {"value": "10", "unit": "tCO2e"}
    assert found["creditRetirements"]["edges"] == [
        {
            "node": {
                "registry": "CDM",
                "project": "5342",
                "vintage": 2022,
                "serialFirst": "3000000001",
                "serialLast": "3000000010",
                "amount": {"value": "10"},
                "retiredBy": None,
                "batch": None,
            }
        }
    ]
    assert (found["creditBatches"], found["purchases"]) == ({"edges": []}, {"edges": []})


async def test_a_restatement_is_public_only_once_it_is_published(
    offsets: "Offsets", desk: "Desk", people: People
) -> None:
    await offsets.inventory_is_final(total_kg="10000")
    await desk.retire(await desk.batch())
    await offsets.is_published()
    await offsets.inventory_is_final(total_kg="40000", version=2)

    public = await at_location(offsets, ANONYMOUS)
    ours = await at_location(offsets, people("unon-technical"))
    await offsets.is_published(version=2)
    later = await at_location(offsets, ANONYMOUS)

    assert public["offsetPosition"]["statement"]["status"] == "neutral"
    assert public["offsetPosition"]["inventoryVersion"] == 1
    assert (ours["offsetPosition"]["inventoryVersion"], ours["offsetPosition"]["need"]["value"]) == (2, "40")
    assert ours["offsetPosition"]["statement"] == {
        "number": 2,
        "status": "partial",
        "coverage": {"value": "25", "unit": "percent"},
        "supersedes": {"number": 1},
    }
    assert later["offsetPosition"]["statement"]["status"] == "partial"


# The same request again.


async def test_each_mutation_under_the_same_key_is_carried_out_once(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    requested = [await desk.request(idempotencyKey="one") for _ in range(2)]
    purchase = requested[0]["id"]
    approved = [await desk.approve(purchase, idempotencyKey="two") for _ in range(2)]
    delivered = [await desk.deliver(purchase, idempotencyKey="three") for _ in range(2)]
    retired = [await desk.retire(delivered[0]["id"], idempotencyKey="four") for _ in range(2)]
    refused_twice = [
        await desk.refuse((await desk.request(idempotencyKey="five"))["id"], idempotencyKey="six") for _ in range(2)
    ]

    for first, again in (requested, approved, delivered, retired, refused_twice):
        assert first == again
        assert first["__typename"] != "Refusal"
    assert [
        len(await offsets.rows(table)) for table in ("purchase", "purchase_step", "credit_batch", "retirement")
    ] == [
        2,
        3,
        1,
        1,
    ]
    assert len(await offsets.events()) == 6


async def test_the_same_key_at_once_retires_once(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    batch = await desk.batch()

    answers = await asyncio.gather(*(desk.retire(batch, idempotencyKey="once") for _ in range(8)))

    assert len({answer["id"] for answer in answers}) == 1
    assert len(await offsets.rows("retirement")) == 1


async def test_a_key_is_not_used_for_another_request(offsets: "Offsets", desk: "Desk", people: People) -> None:
    await offsets.inventory_is_final()
    batch = await desk.batch()
    await desk.retire(batch, tonnes=10, idempotencyKey="k")

    other = await desk.retire(batch, tonnes=11, idempotencyKey="k")
    other_person = await desk.retire(batch, people("unon-certifying"), tonnes=11, idempotencyKey="k")

    assert (other["code"], other_person["__typename"]) == ("IDEMPOTENCY_KEY_REUSED", "Retirement")


@pytest.mark.parametrize(("key", "code"), [("", True), ("x" * 256, True), ("x" * 255, False)])
async def test_an_idempotency_key_has_a_length(desk: "Desk", key: str, code: object) -> None:
    answer = await desk.request(idempotencyKey=key)

    assert (answer.get("code") == "IDEMPOTENCY_KEY_MALFORMED") is code


async def test_a_refused_request_may_be_tried_again_under_its_key(offsets: "Offsets", desk: "Desk") -> None:
    batch = await desk.batch()

    before = await desk.retire(batch, idempotencyKey="k")
    await offsets.inventory_is_final()
    after = await desk.retire(batch, idempotencyKey="k")

    assert (before["code"], after["__typename"]) == ("INVENTORY_NOT_FINAL", "Retirement")
