"""Shared premises as callers meet them: who may do what, who sees what, and what the database itself holds."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.access import Role

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

REFUSAL = "... on Refusal { code subject found expected message }"
PREMISES = "... on Premises { id operatorId name grossArea { value unit } validFrom validTo }"
TENANCY = "... on Tenancy { id tenantId outsideParty netArea { value } occupancy validFrom validTo holds reason }"
READING = """... on MeterReading { id meter utility category item periodStart periodEnd amount { value unit } holds
    supersedesId reason }"""
REGISTER = f"""mutation($input: RegisterPremisesInput!) {{ registerPremises(input: $input) {{ __typename
    {PREMISES} {REFUSAL} }} }}"""
LET = f"mutation($input: SetTenancyInput!) {{ setTenancy(input: $input) {{ __typename {TENANCY} {REFUSAL} }} }}"
READ = f"""mutation($input: RecordMeterReadingInput!) {{ recordMeterReading(input: $input) {{ __typename
    {READING} {REFUSAL} }} }}"""
SEEN = """query($at: ID!, $year: Int!) { location(id: $at) { premises(first: 10) { edges { node { id name operatorId
    tenancies { id tenantId outsideParty holds }
    readings(first: 10) { edges { node { id meter amount { value unit } holds } } }
    shares(year: $year) { meter kind locationId outsideParty numerator denominator amount { value unit }
        metered { value } periodStart periodEnd } } } } } }"""


async def decide(inventories: "Inventories", by: str, document: str, *extra: Role, **given: Any) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by, *extra), document, input=given)
    assert "errors" not in answer, answer["errors"]
    (decided,) = answer["data"].values()
    found: dict[str, Any] = decided
    return found


async def register(inventories: "Inventories", by: str = "unon-technical", **other: Any) -> dict[str, Any]:
    good = {
        "locationId": "unon", "name": "Block A", "grossAreaM2": "1000", "validFrom": "2020-01-01",
        "idempotencyKey": "p",
    }  # fmt: skip
    return await decide(inventories, by, REGISTER, **good | other)


async def let(inventories: "Inventories", premises_id: str, by: str = "unon-technical", **other: Any) -> dict[str, Any]:
    good = {
        "premisesId": premises_id, "tenantId": "escwa", "netAreaM2": "250", "validFrom": "2024-01-01",
        "idempotencyKey": f"t {other}",
    }  # fmt: skip
    return await decide(inventories, by, LET, **good | other)


async def read(
    inventories: "Inventories", premises_id: str, by: str = "unon-technical", **other: Any
) -> dict[str, Any]:
    good = {
        "premisesId": premises_id, "meter": "E1", "utility": "ELECTRICITY", "periodStart": "2024-01-01",
        "periodEnd": "2025-01-01", "amount": "3660", "unit": "kWh", "idempotencyKey": f"r {other}",
    }  # fmt: skip
    return await decide(inventories, by, READ, **good | other)


async def seen(inventories: "Inventories", by: str, at: str, year: int = 2024) -> list[dict[str, Any]]:
    answer = await inventories.ask(inventories.person(by), SEEN, at=at, year=year)
    assert "errors" not in answer, answer["errors"]
    return [edge["node"] for edge in answer["data"]["location"]["premises"]["edges"]]


async def shared(inventories: "Inventories") -> str:
    """A building of unon in which escwa, unon-gigiri and a bank are; read for all of 2024."""
    premises_id: str = (await register(inventories))["id"]
    await let(inventories, premises_id)
    await let(inventories, premises_id, tenantId="unon-gigiri", netAreaM2="100", occupancy="0.5")
    await let(inventories, premises_id, tenantId=None, outsideParty="A bank", netAreaM2="50")
    await read(inventories, premises_id)
    return premises_id


async def test_the_operator_sees_every_share_and_they_add_up_to_the_meter(inventories: "Inventories") -> None:
    await shared(inventories)

    (house,) = await seen(inventories, "unon-technical", "unon")

    assert (house["name"], house["operatorId"], len(house["tenancies"])) == ("Block A", "unon", 3)
    assert [(item["kind"], item["locationId"], item["outsideParty"], item["amount"]) for item in house["shares"]] == [
        ("tenant", "escwa", None, {"value": "915", "unit": "kWh"}),
        ("tenant", "unon-gigiri", None, {"value": "183", "unit": "kWh"}),
        ("excluded", None, "A bank", {"value": "183", "unit": "kWh"}),
        ("operator", "unon", None, {"value": "2379", "unit": "kWh"}),
    ]
    assert sum(Decimal(item["amount"]["value"]) for item in house["shares"]) == 3660
    assert (house["shares"][0]["numerator"], house["shares"][0]["denominator"]) == ("91500", "366000")


async def test_shares_of_many_premises_are_read_in_one_statement(inventories: "Inventories") -> None:
    for number in range(3):
        house = await register(inventories, name=f"Block {number}", idempotencyKey=f"p{number}")
        await let(inventories, house["id"], idempotencyKey=f"t{number}")
        await read(inventories, house["id"], meter=f"E{number}")

    with inventories.statements() as statements:
        found = await seen(inventories, "unon-technical", "unon")

    assert [[item["locationId"] for item in house["shares"]] for house in found] == [["escwa", "unon"]] * 3
    assert len([each for each in statements if "make_date" in each]) == 1


async def test_a_tenant_sees_the_meter_and_its_own_share_and_nothing_of_the_others(inventories: "Inventories") -> None:
    await shared(inventories)
    before = await read(
        inventories, (await seen(inventories, "unon-technical", "unon"))[0]["id"], periodStart="2023-01-01",
        periodEnd="2024-01-01", amount="99",
    )  # fmt: skip

    (house,) = await seen(inventories, "escwa-technical", "escwa")

    assert [(item["tenantId"], item["outsideParty"]) for item in house["tenancies"]] == [("escwa", None)]
    assert [(item["kind"], item["locationId"], item["amount"]["value"]) for item in house["shares"]] == [
        ("tenant", "escwa", "915")
    ]
    # Of the year before it came it sees no reading.
    assert [edge["node"]["amount"]["value"] for edge in house["readings"]["edges"]] == ["3660"]
    assert before["__typename"] == "MeterReading"
    assert await seen(inventories, "escwa-technical", "escwa", 2023) == [house | {"shares": []}]
    assert await seen(inventories, "outside", "unon") == []
    assert await seen(inventories, "escwa-technical", "unon") != []


async def test_a_fuels_meter_is_for_readers_of_sensitive_data(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    fuel = await read(
        inventories, premises_id, meter="F1", utility="GENERATOR_FUEL", item="diesel", unit="litre", amount="777",
        idempotencyKey="fuel",
    )  # fmt: skip
    assert fuel["category"] == "generator_fuel"

    for by, at, meters in (
        ("unon-technical", "unon", ["E1", "F1"]),
        ("unon-member", "unon", ["E1"]),
        ("escwa-technical", "escwa", ["E1", "F1"]),
        ("steering", "escwa", ["E1"]),
    ):
        (house,) = await seen(inventories, by, at)
        assert (by, [edge["node"]["meter"] for edge in house["readings"]["edges"]]) == (by, meters)
        assert {item["meter"] for item in house["shares"]} == set(meters)


async def test_a_reading_across_years_is_shared_in_each(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    await read(
        inventories, premises_id, meter="E2", amount="100", periodStart="2023-12-01", periodEnd="2024-01-11",
        idempotencyKey="x",
    )  # fmt: skip

    found = {}
    for year in (2023, 2024):
        (house,) = await seen(inventories, "unon-technical", "unon", year)
        found[year] = [item for item in house["shares"] if item["meter"] == "E2"]

    assert [(item["locationId"], item["periodStart"], item["periodEnd"]) for item in found[2023]] == [
        ("unon", "2023-12-01", "2024-01-01")
    ]
    assert len(found[2024]) == 4
    parts = {year: Decimal(shares[0]["metered"]["value"]) for year, shares in found.items()}
    assert parts[2023] == Decimal("75.609756097560")
    assert parts[2023] + parts[2024] == 100
    assert sum(Decimal(item["amount"]["value"]) for item in found[2024]) == parts[2024]


async def test_a_reading_is_superseded_and_both_stay(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    ((first,),) = [
        [edge["node"] for edge in house["readings"]["edges"]]
        for house in await seen(inventories, "unon-technical", "unon")
    ]

    second = await read(inventories, premises_id, amount="366", supersedesId=first["id"], reason="a digit too many")
    third = await read(inventories, premises_id, amount="1", supersedesId=first["id"], reason="again")

    (house,) = await seen(inventories, "unon-technical", "unon")
    assert (second["supersedesId"], second["reason"]) == (first["id"], "a digit too many")
    assert third["code"] == "READING_ALREADY_SUPERSEDED"
    assert [(edge["node"]["id"], edge["node"]["holds"]) for edge in house["readings"]["edges"]] == [
        (first["id"], False),
        (second["id"], True),
    ]
    assert sum(Decimal(item["amount"]["value"]) for item in house["shares"]) == 366


async def test_a_tenancy_is_replaced_and_a_share_follows(inventories: "Inventories") -> None:
    premises_id = await shared(inventories)
    (house,) = await seen(inventories, "unon-technical", "unon")
    escwa = house["tenancies"][0]["id"]

    ended = await let(inventories, premises_id, validTo="2024-07-01", replacesId=escwa, reason="moved out")
    again = await let(inventories, premises_id, validTo="2024-08-01", replacesId=escwa, reason="moved out")

    (after,) = await seen(inventories, "escwa-technical", "escwa")
    assert (ended["validTo"], again["code"]) == ("2024-07-01", "TENANCY_ALREADY_REPLACED")
    assert [item["holds"] for item in after["tenancies"]] == [False, True]
    assert [(item["amount"]["value"], item["periodEnd"]) for item in after["shares"]] == [("455", "2024-07-01")]


@pytest.mark.parametrize(
    ("what", "by", "other", "code"),
    [
        (register, "escwa-technical", {}, "NOT_FOUND"),
        (register, "unon-chair", {}, "NOT_PERMITTED"),
        (register, "unon-technical", {"name": "block a"}, "PREMISES_ALREADY_REGISTERED"),
        (register, "unon-technical", {"grossAreaM2": "0"}, "PREMISES_AREA_NOT_POSITIVE"),
        # A tenant sees the building, and is not who says what of it.
        (let, "escwa-technical", {}, "NOT_FOUND"),
        (let, "gigiri-technical", {}, "NOT_FOUND"),
        (let, "unon-technical", {"premisesId": "none"}, "NOT_FOUND"),
        (let, "unon-technical", {"tenantId": "atlantis"}, "NOT_FOUND"),
        (let, "unon-technical", {"replacesId": "none", "reason": "r"}, "NOT_FOUND"),
        (let, "unon-technical", {"tenantId": "escwa", "outsideParty": "A bank"}, "TENANT_NOT_ONE"),
        (let, "unon-technical", {"netAreaM2": "650.001"}, "PREMISES_OVERLET"),
        (let, "unon-technical", {"occupancy": "0"}, "OCCUPANCY_OUT_OF_RANGE"),
        (let, "unon-technical", {"validFrom": "2019-12-31"}, "TENANCY_OUTSIDE_PREMISES"),
        (read, "escwa-technical", {}, "NOT_FOUND"),
        (read, "unon-technical", {"supersedesId": "none", "reason": "r"}, "NOT_FOUND"),
        (read, "unon-technical", {"periodStart": "2024-12-31", "periodEnd": "2025-02-01"}, "READINGS_OVERLAP"),
        (read, "unon-technical", {"meter": "E9", "unit": "litre"}, "UNITS_NOT_CONVERTIBLE"),
        (read, "unon-technical", {"meter": "E9", "utility": "WATER", "item": "sea"}, "UTILITY_ITEM_UNKNOWN"),
        (read, "unon-technical", {"periodStart": "2023-01-01", "periodEnd": "2024-01-01", "utility": "HEAT",
                                  "item": "heat"}, "METER_OF_ANOTHER_UTILITY"),
        (read, "unon-technical", {"meter": "E9", "periodEnd": "2030-01-01"}, "READING_IN_THE_FUTURE"),
    ],
)  # fmt: skip
async def test_what_can_not_be_is_refused_and_changes_nothing(
    inventories: "Inventories", what: Any, by: str, other: dict[str, Any], code: str
) -> None:
    premises_id = await shared(inventories)
    tables = ("premises", "tenancy", "meter_reading")
    before = [await inventories.rows(table) for table in tables]
    arguments = () if what is register else (premises_id,)

    refused = await what(inventories, *arguments, by=by, **{"idempotencyKey": "other"} | other)

    assert refused.get("code") == code, refused
    assert [await inventories.rows(table) for table in tables] == before


async def test_again_under_the_same_key_is_the_same(inventories: "Inventories") -> None:
    first = await register(inventories)
    assert await register(inventories) == first
    tenancy = await let(inventories, first["id"])
    assert await let(inventories, first["id"]) == tenancy
    counted = await read(inventories, first["id"])
    assert await read(inventories, first["id"]) == counted


async def test_two_tenancies_at_once_never_have_more_room_than_there_is(inventories: "Inventories") -> None:
    premises_id = (await register(inventories))["id"]

    made = await asyncio.gather(
        *(let(inventories, premises_id, netAreaM2="400", idempotencyKey=str(number)) for number in range(5))
    )

    assert sorted(item.get("code", "set") for item in made) == ["PREMISES_OVERLET"] * 3 + ["set"] * 2


async def test_two_readings_at_once_never_count_a_day_twice(inventories: "Inventories") -> None:
    premises_id = (await register(inventories))["id"]

    made = await asyncio.gather(
        *(read(inventories, premises_id, idempotencyKey=str(number), amount=str(number)) for number in range(1, 5))
    )

    assert sorted(item.get("code", "recorded") for item in made) == ["READINGS_OVERLAP"] * 3 + ["recorded"]


ROW_OF_TENANCY = (
    "INSERT INTO tenancy (id, premises_id, location_id, tenant_id, net_area_m2, occupancy, valid_from, set_by,"
    " set_by_subject, set_at) VALUES (:id, :premises_id, 'unon', 'escwa', :area, 1, '2024-01-01', 'x', 'x', now())"
)
ROW_OF_READING = (
    "INSERT INTO meter_reading (id, premises_id, location_id, meter, utility, category, item, period_start, period_end,"
    " amount, unit, quality, recorded_by, recorded_by_subject, recorded_at) VALUES (:id, :premises_id, 'unon', 'E1',"
    " 'electricity', 'grid_electricity', 'grid', :start, '2025-01-01', 1, 'kWh', 'measured', 'x', 'x', now())"
)


@pytest.mark.parametrize(
    ("row", "given", "message"),
    [
        (ROW_OF_TENANCY, {"area": 600}, "tenants would occupy 1200 of 1000 m2"),
        (ROW_OF_READING, {"start": date(2024, 6, 1)}, "overlap"),
    ],
)
async def test_the_database_itself_lets_the_second_wait_and_refuses_it(
    inventories: "Inventories", row: str, given: dict[str, Any], message: str
) -> None:
    """Without the use cases: the first has not committed when the second writes."""
    premises_id = (await register(inventories))["id"]

    async def write(number: str) -> None:
        async with inventories.database.transaction(("unon",)) as tx:
            await tx.execute(text(row), given | {"premises_id": premises_id, "id": number})

    async with inventories.database.transaction(("unon",)) as tx:
        await tx.execute(text(row), given | {"premises_id": premises_id, "id": "first"})
        second = asyncio.create_task(write("second"))
        await inventories.until_done_or_waiting(second)
        assert not second.done()

    with pytest.raises(DBAPIError, match=message):
        await second


async def test_what_was_said_of_premises_does_not_change(inventories: "Inventories") -> None:
    await shared(inventories)
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    try:
        for change in (
            "UPDATE premises SET gross_area_m2 = 1",
            "DELETE FROM premises",
            "UPDATE tenancy SET net_area_m2 = 1",
            "UPDATE tenancy SET holds = false, occupancy = 0.1",
            "DELETE FROM tenancy",
            "UPDATE meter_reading SET amount = 1",
            "DELETE FROM meter_reading",
        ):
            with pytest.raises(asyncpg.PostgresError, match="cannot be changed"):
                await owner.execute(change)
        await owner.execute("UPDATE tenancy SET holds = false")
        with pytest.raises(asyncpg.PostgresError, match="cannot be changed"):
            await owner.execute("UPDATE tenancy SET holds = true")
    finally:
        await owner.close()
