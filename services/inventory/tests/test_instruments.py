"""Instruments for electricity, recorded and taken back, and both figures of scope 2 as callers meet them."""

import asyncio
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from contracts.access import Role
from inventory import access, usecases
from inventory.domain.errors import EntererMayNotApprove

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

REFUSAL = "... on Refusal { code subject found expected message }"
INSTRUMENT = """... on Instrument { id locationId year kind market source amount { value unit } reference
    co2ePerKwh { value } recordedBy cancellation { reason cancelledBy } }"""
RECORD = f"""mutation($input: RecordInstrumentInput!) {{ recordInstrument(input: $input) {{ __typename
    {INSTRUMENT} {REFUSAL} }} }}"""
CANCEL = f"""mutation($input: CancelInstrumentInput!) {{ cancelInstrument(input: $input) {{ __typename
    {INSTRUMENT} {REFUSAL} }} }}"""
SCOPE_2 = """{ location(id: "unon") { inventory(year: 2024) { total { value } bySite: byScope { scope co2e { value } }
    scope2 { locationBased { value unit } marketBased { value } totalMarketBased { value }
        parts { locationId amount { value } co2e { value } basis instrumentId explanation }
        excess { instrumentId amount { value } explanation } }
    instruments(first: 10) { edges { node { id reference cancellation { reason } } } } } } }"""
GRID = "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured"
GIGIRI = "unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,0.5,MWh,,,measured"
PETROL = "unon,vehicle_fuel,petrol,2024-01-01,2024-06-30,10,litre,,,measured"
KENYA = Decimal("0.08483")
"""kgCO2e per kWh, Ember 2024."""


async def decide(inventories: "Inventories", by: str, document: str, *extra: Role, **given: Any) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by, *extra), document, input=given)
    assert "errors" not in answer, answer["errors"]
    (decided,) = answer["data"].values()
    found: dict[str, Any] = decided
    return found


async def record(inventories: "Inventories", *extra: Role, by: str = "unon-technical", **other: Any) -> dict[str, Any]:
    given = {
        "locationId": "unon", "year": 2024, "kind": "ENERGY_ATTRIBUTE_CERTIFICATE", "market": "KEN", "source": "wind",
        "amount": "400", "unit": "kWh", "co2eKgPerKwh": "0", "reference": "REC-1", "redeemedOn": "2024-12-31",
        "evidence": "statement of the registry", "idempotencyKey": "r",
    } | other  # fmt: skip
    return await decide(inventories, by, RECORD, *extra, **given)


async def at_unon(inventories: "Inventories", by: str = "unon-technical") -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by), SCOPE_2)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]["inventory"]
    return found


async def test_both_figures_stand_side_by_side_while_a_draft_grows(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(PETROL))
    assert (await at_unon(inventories))["scope2"] is None
    await inventories.import_file(inventories.csv(GRID, GIGIRI))

    before = (await at_unon(inventories))["scope2"]
    bought = await record(inventories)
    after = await at_unon(inventories)

    location_based = 1500 * KENYA
    assert Decimal(before["locationBased"]["value"]) == Decimal(before["marketBased"]["value"]) == location_based
    assert Decimal(after["scope2"]["locationBased"]["value"]) == location_based
    assert Decimal(after["scope2"]["marketBased"]["value"]) == 1100 * KENYA
    assert Decimal(after["total"]["value"]) - Decimal(after["scope2"]["totalMarketBased"]["value"]) == 400 * KENYA
    parts = after["scope2"]["parts"]
    assert [(part["basis"], part["locationId"], Decimal(part["amount"]["value"])) for part in parts] == [
        ("instrument", "unon", 400),
        ("location_based", "unon", 600),
        ("location_based", "unon-gigiri", 500),
    ]
    assert parts[0]["instrumentId"] == bought["id"]
    assert "no residual mix is known there" in parts[1]["explanation"]


async def test_an_instrument_never_covers_more_than_the_load_and_the_excess_is_named(
    inventories: "Inventories",
) -> None:
    await inventories.import_file(inventories.csv(GRID))
    bought = await record(inventories, amount="1.25", unit="MWh")

    found = (await at_unon(inventories))["scope2"]

    assert Decimal(found["marketBased"]["value"]) == 0
    (excess,) = found["excess"]
    assert (excess["instrumentId"], Decimal(excess["amount"]["value"])) == (bought["id"], 250)
    assert "250 of 1250 kWh" in excess["explanation"]


async def test_a_final_version_keeps_its_figure_whatever_becomes_of_its_instruments(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, PETROL))
    bought = await record(inventories)
    await inventories.approve((await inventories.submit()).id)

    final = await at_unon(inventories)
    refused = await decide(
        inventories, "unon-technical", CANCEL, instrumentId=bought["id"], reason="r", idempotencyKey="c"
    )
    late = await record(inventories, reference="REC-2", idempotencyKey="late")

    assert Decimal(final["scope2"]["marketBased"]["value"]) == 600 * KENYA
    assert [part["basis"] for part in final["scope2"]["parts"]] == ["instrument", "location_based"]
    assert (refused["code"], late["code"]) == ("INVENTORY_IS_FINAL", "INVENTORY_IS_FINAL")
    totals = {row["category"]: row["co2e_kg"] for row in await inventories.rows("inventory_market_total")}
    assert totals == {"grid_electricity": 600 * KENYA}
    # Straight at the database: what is under a final version does not change.
    for change in (
        "UPDATE scope2_part SET co2e_kg = 0",
        "DELETE FROM scope2_part",
        "UPDATE inventory_market_total SET co2e_kg = 0",
    ):
        await _is_refused_by_database(inventories, change)


async def test_heat_and_cooling_are_kept_as_they_are_by_the_place(inventories: "Inventories") -> None:
    await inventories.import_file(
        inventories.csv(
            GRID,
            "unon,purchased_heat,heat,2024-01-01,2024-12-31,100,kWh,,,measured",
            "unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,0,kWh,,,measured",
        )
    )
    await record(inventories, amount="1000")
    heat = {row["category"]: row["co2e_kg"] for row in await inventories.rows("inventory_total")}["purchased_heat"]
    await inventories.approve((await inventories.submit()).id)

    kept = await inventories.rows("inventory_market_total")

    assert {(row["location_id"], row["category"], row["co2e_kg"]) for row in kept} == {
        ("unon", "grid_electricity", 0),
        ("unon-gigiri", "grid_electricity", 0),
        ("unon", "purchased_heat", heat),
    }
    assert heat > 0


async def test_everyone_sees_the_published_figures_but_not_what_they_rest_on(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID))
    await record(inventories)
    final = await inventories.approve((await inventories.submit()).id)
    await inventories.is_published(final.id)

    found = await at_unon(inventories, by="escwa-technical")

    assert Decimal(found["scope2"]["marketBased"]["value"]) == 600 * KENYA
    assert (found["scope2"]["parts"], found["instruments"]["edges"]) == ([], [])


async def test_a_cancelled_instrument_stays_on_record_and_counts_no_more(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID))
    first = await record(inventories)
    cancelled = await decide(
        inventories, "unon-technical", CANCEL, instrumentId=first["id"], reason="typing error", idempotencyKey="c"
    )
    again = await decide(
        inventories, "unon-technical", CANCEL, instrumentId=first["id"], reason="again", idempotencyKey="d"
    )

    # Its claim is free again.
    second = await record(inventories, amount="300", idempotencyKey="r2")

    found = await at_unon(inventories)
    assert cancelled["cancellation"] == {"reason": "typing error", "cancelledBy": "unon-technical"}
    assert again["code"] == "INSTRUMENT_ALREADY_CANCELLED"
    assert Decimal(found["scope2"]["marketBased"]["value"]) == 700 * KENYA
    assert [edge["node"]["id"] for edge in found["instruments"]["edges"]] == [first["id"], second["id"]]
    for change in (
        "UPDATE instrument SET holds = true",
        "DELETE FROM instrument",
        "DELETE FROM instrument_cancellation",
        "UPDATE instrument_cancellation SET reason = 'other'",
    ):
        await _is_refused_by_database(inventories, change)


@pytest.mark.parametrize(
    ("by", "other", "code"),
    [
        ("unon-chair", {}, "NOT_PERMITTED"),
        ("escwa-technical", {}, "NOT_FOUND"),
        ("unon-technical", {"unit": "litre"}, "UNITS_NOT_CONVERTIBLE"),
        ("unon-technical", {"market": "NOR"}, "INSTRUMENT_OUTSIDE_MARKET"),
        ("unon-technical", {"evidence": " "}, "INSTRUMENT_EVIDENCE_MISSING"),
        ("unon-technical", {"reference": "rec-1"}, "INSTRUMENT_ALREADY_CLAIMED"),
        ("unon-technical", {"reference": "REC-1", "year": 2023}, "INSTRUMENT_REDEEMED_OUT_OF_TIME"),
    ],
)
async def test_an_instrument_that_does_not_count_is_refused(
    inventories: "Inventories", by: str, other: dict[str, Any], code: str
) -> None:
    await record(inventories)
    redeemed = {"redeemedOn": "2025-12-31"} if other.get("year") else {}

    refused = await record(inventories, by=by, **({"reference": "REC-2"} | other | redeemed), idempotencyKey="other")

    assert refused["code"] == code
    assert len(await inventories.rows("instrument")) == 1


async def test_one_reference_may_be_claimed_in_another_year_and_again_says_the_same(inventories: "Inventories") -> None:
    first = await record(inventories)

    again = await record(inventories)
    other_year = await record(inventories, year=2023, redeemedOn="2023-12-31", idempotencyKey="other")

    assert again == first
    assert other_year["year"] == 2023


async def test_a_claim_is_refused_wherever_it_was_made_and_does_not_say_where(inventories: "Inventories") -> None:
    await record(inventories)

    refused = await record(inventories, by="escwa-technical", locationId="escwa", market="LBN")

    assert refused["code"] == "INSTRUMENT_ALREADY_CLAIMED"
    assert not re.search("unon", str(refused))


async def test_who_recorded_an_instrument_does_not_approve_what_it_is_part_of(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID))
    await record(inventories, Role.TECHNICAL_TEAM, by="unon-chair")
    submitted = await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id)


# Instruments of sites below: in the inventory that has the site's lines, and never in two.

OF_SITE = {"locationId": "unon-gigiri", "by": "gigiri-technical", "idempotencyKey": "s", "reference": "REC-S"}


async def covered(inventories: "Inventories", at: str, by: str = "unon-technical") -> list[tuple[str, Decimal]]:
    """Site and kWh of each part that an instrument covers in the inventory of a location."""
    answer = await inventories.ask(inventories.person(by), SCOPE_2.replace('"unon"', f'"{at}"'))
    assert "errors" not in answer, answer["errors"]
    scope2 = answer["data"]["location"]["inventory"]["scope2"]
    if scope2 is None:
        return []
    return [(part["locationId"], Decimal(part["amount"]["value"])) for part in scope2["parts"] if part["instrumentId"]]


async def test_an_instrument_of_a_site_counts_in_the_inventory_that_has_its_lines(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, GIGIRI))
    await record(inventories, **OF_SITE, amount="700")

    found = (await at_unon(inventories))["scope2"]

    # 500 of its 700 kWh, and nothing of what unon itself took.
    assert await covered(inventories, "unon") == [("unon-gigiri", 500)]
    assert await covered(inventories, "unon-gigiri") == []
    assert Decimal(found["marketBased"]["value"]) == 1000 * KENYA
    (excess,) = found["excess"]
    assert Decimal(excess["amount"]["value"]) == 200
    final = await inventories.approve((await inventories.submit()).id)
    assert await covered(inventories, "unon") == [("unon-gigiri", 500)]
    assert final.state == "final"


@pytest.mark.parametrize("first", ["unon", "unon-gigiri"])
async def test_where_both_have_lines_of_a_site_its_instrument_counts_once(
    inventories: "Inventories", first: str
) -> None:
    """The draft further down has it first; what a final inventory has of it stays there."""
    await inventories.import_file(inventories.csv(GRID, GIGIRI))
    site = inventories.csv("unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,300,kWh,,,measured")
    gigiri = inventories.person("gigiri-technical")
    taken = await inventories.import_file(site, by=gigiri, location_id="unon-gigiri")
    await record(inventories, **OF_SITE, amount="700")
    both = {"unon": [("unon-gigiri", Decimal(400))], "unon-gigiri": [("unon-gigiri", Decimal(300))]}
    assert {at: await covered(inventories, at) for at in both} == both

    async def approve(at: str) -> None:
        by = gigiri if at == "unon-gigiri" else None
        await inventories.approve((await inventories.submit(by=by, location_id=at)).id)

    await approve(first)
    if first == "unon":
        # The site's draft grows after that; what is left of its instrument does not.
        more = b"site,category,item,start,end,amount,unit,quality,meter\n"
        more += b"unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,900,kWh,measured,E2"
        await inventories.import_file(more, by=gigiri, location_id="unon-gigiri")
    await approve("unon" if first == "unon-gigiri" else "unon-gigiri")

    assert {at: await covered(inventories, at) for at in both} == both
    parts = [row for row in await inventories.rows("scope2_part") if row["basis"] == "instrument"]
    assert sum(row["kwh"] for row in parts) == 700
    assert len(parts) == 2
    assert taken.inventory_id in {row["inventory_id"] for row in parts}


async def test_of_two_approvals_at_once_neither_has_what_the_other_has(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, GIGIRI))
    gigiri = inventories.person("gigiri-technical")
    await record(inventories, **OF_SITE, amount="400")
    await inventories.submit()
    (unon,) = [row["id"] for row in await inventories.rows("inventory") if row["location_id"] == "unon"]
    async with inventories.deciding("unon-chair") as (tx, principal, now):
        await usecases.approve_inventory(tx, principal=principal, now=now, inventory_id=unon)
        # Not yet committed: to others, unon's inventory has nothing of the instrument.
        site = inventories.csv("unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,300,kWh,,,measured")
        await inventories.import_file(site, by=gigiri, location_id="unon-gigiri")
        submitted = await inventories.submit(by=gigiri, location_id="unon-gigiri")
        second = asyncio.create_task(inventories.approve(submitted.id))
        await inventories.until_done_or_waiting(second)
        assert not second.done()
    await second

    assert await covered(inventories, "unon") == [("unon-gigiri", 400)]
    assert await covered(inventories, "unon-gigiri") == []


async def test_what_a_site_records_after_the_inventory_was_handed_in_is_no_part_of_it(
    inventories: "Inventories",
) -> None:
    await inventories.import_file(inventories.csv(GRID, GIGIRI))
    submitted = await inventories.submit()
    await record(inventories, **OF_SITE)

    assert await covered(inventories, "unon") == []
    await inventories.approve(submitted.id)
    assert await covered(inventories, "unon") == []


async def test_a_correction_has_what_the_version_before_it_had(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, GIGIRI))
    await record(inventories, **OF_SITE, amount="700")
    final = await inventories.approve((await inventories.submit()).id)
    who = inventories.person("unon-technical")

    async with inventories._transaction(who, access.CORRECT_INVENTORY) as (tx, principal, now):
        await usecases.correct_inventory(tx, principal=principal, now=now, inventory_id=final.id, reason="a bill")

    assert await covered(inventories, "unon") == [("unon-gigiri", 500)]


async def test_who_recorded_a_sites_instrument_does_not_approve_what_it_counts_in(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, GIGIRI))
    given = {"locationId": "unon-gigiri", "reference": "REC-S", "idempotencyKey": "s"}
    await record(inventories, Role.TECHNICAL_TEAM, by="unon-chair", **given)
    submitted = await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id)


async def _is_refused_by_database(inventories: "Inventories", change: str) -> None:
    """Even for its owner."""
    connection = await asyncpg.connect(inventories.urls.owner)
    try:
        await connection.execute("SET app.roots = 'secretariat'")
        with pytest.raises(asyncpg.PostgresError, match="cannot be changed"):
            await connection.execute(change)
    finally:
        await connection.close()
