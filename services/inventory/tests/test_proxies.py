"""Proxies for small offices, as callers meet them."""

from datetime import date
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from chassis.testing import person
from contracts.access import Role
from inventory import access, usecases
from inventory.domain.errors import EntererMayNotApprove, SubmissionRefused

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

REFUSAL = "... on Refusal { code subject found expected message }"
FIELDS = """recordId locationId category item amount { value unit } personnel { value } perPerson { value unit } formula
    basis comparableLocationIds reason estimatedBy"""
ESTIMATE = f"""mutation($input: EstimateSmallOfficeInput!) {{ estimateSmallOffice(input: $input) {{ __typename
    ... on SmallOfficeEstimate {{ id estimates {{ {FIELDS} }} }} {REFUSAL} }} }}"""
AT_UNON = f"""{{ location(id: "unon") {{ inventory(year: 2024) {{ id version
    proxyEstimates(first: 10) {{ edges {{ node {{ {FIELDS} }} }} }}
    recordCorrections(first: 10) {{ edges {{ node {{ action reason replaced {{ item }} }} }} }}
    activityRecords(first: 50) {{ edges {{ node {{ id locationId category quality note amount {{ value unit }}
        emission {{ co2e {{ value }} }} }} }} }}
    findings(first: 10) {{ edges {{ node {{ code severity category message }} }} }} }} }} }}"""
GENERATOR = "{site},generator_fuel,diesel,{year}-01-01,{year}-12-31,{amount},litre,,,measured"


async def decide(inventories: "Inventories", by: str, document: str, *extra: Role, **given: Any) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by, *extra), document, input=given)
    assert "errors" not in answer, answer["errors"]
    (decided,) = answer["data"].values()
    found: dict[str, Any] = decided
    return found


async def estimate(inventories: "Inventories", *extra: Role, by: str = "unon-technical", **other: Any) -> Any:
    given = {
        "locationId": "unon", "year": 2024, "siteId": "unon-gigiri", "category": "water",
        "reason": "no meter of its own",
        "idempotencyKey": "k",
    } | other  # fmt: skip
    return await decide(inventories, by, ESTIMATE, *extra, **given)


async def people(inventories: "Inventories", site: str, persons: str, *, year: int = 2024) -> None:
    await inventories.state_denominator(
        "personnel", persons, location_id=site, valid_from=date(year, 1, 1), valid_to=date(year + 1, 1, 1)
    )


@pytest.mark.parametrize("after", ["9" * 30, "\u0664", "first"])
async def test_a_page_of_proxies_begins_after_a_line(inventories: "Inventories", after: str) -> None:
    taken = await inventories.import_file()
    answer = await inventories.ask(
        inventories.person("unon-technical"),
        "query($id: ID!, $after: String) { inventory(id: $id) { proxyEstimates(first: 1, after: $after) {"
        " edges { node { recordId } } } } }",
        id=taken.inventory_id, after=after,
    )  # fmt: skip

    assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def at_unon(inventories: "Inventories", by: str = "unon-technical") -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by), AT_UNON)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]["inventory"]
    return {
        name: [edge["node"] for edge in value["edges"]] if isinstance(value, dict) else value
        for name, value in found.items()
    }


async def test_a_published_figure_becomes_a_marked_line_with_its_formula(inventories: "Inventories") -> None:
    await people(inventories, "unon-gigiri", "3")

    made = await estimate(inventories)
    again = await estimate(inventories)
    found = await at_unon(inventories)

    (proxy,) = made["estimates"]
    assert again == made
    assert proxy["amount"] == {"value": "147", "unit": "m3"} or proxy["amount"]["value"].startswith("147.0")
    assert (proxy["formula"], proxy["personnel"]) == ("3 persons x 49 m3 a person", {"value": "3"})
    assert "Greening the Blue" in proxy["basis"]
    assert (proxy["reason"], proxy["estimatedBy"]) == ("no meter of its own", "unon-technical")
    (line,) = found["activityRecords"]
    assert (line["id"], line["quality"], line["locationId"]) == (proxy["recordId"], "extrapolated", "unon-gigiri")
    assert line["note"].startswith("Proxy for a small office: 3 persons x 49 m3 a person; 49 m3 a person and year")
    # It says how it was extrapolated.
    assert [item["code"] for item in found["findings"]] == []


async def test_an_office_is_small_by_the_days_on_which_it_was_open_and_compared_by_the_year(
    inventories: "Inventories",
) -> None:
    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.exec_driver_sql("UPDATE location SET valid_from = '2024-07-02' WHERE id = 'unon-gigiri'")
        await tx.exec_driver_sql("UPDATE location SET valid_from = '2023-10-20' WHERE id = 'unon'")
    opened = date(2024, 7, 2)
    await inventories.state_denominator("personnel", "8", location_id="unon-gigiri", valid_from=opened)
    too_many = await estimate(inventories)
    await inventories.state_denominator("personnel", "3", location_id="unon-gigiri", valid_from=opened)
    # 73 of 365 days: 40 are 8 over the year, as what they used is of a fifth of it.
    await inventories.state_denominator("personnel", "40", valid_from=date(2023, 10, 20), valid_to=date(2024, 1, 1))
    water = "unon,water,borehole,2023-10-20,2023-12-31,80,m3,,,measured"
    before = (await inventories.import_file(inventories.csv(water), year=2023)).inventory_id
    async with inventories._transaction(inventories.person("unon-technical"), access.SUBMIT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        await usecases.submit_inventory(tx, principal=who, now=now, location_id="unon", year=2023)
    await inventories.approve(before)

    (published,) = (await estimate(inventories, idempotencyKey="p"))["estimates"]
    (compared,) = (await estimate(inventories, comparableLocationIds=["unon"], idempotencyKey="c"))["estimates"]

    assert too_many["code"] == "OFFICE_NOT_SMALL"
    assert published["formula"] == "3 persons x 49 m3 a person x 183/366 days"
    assert compared["formula"] == "3 persons x 10 m3 a person x 183/366 days"


async def test_comparable_offices_of_last_year_say_what_a_person_uses_and_emissions_follow(
    inventories: "Inventories",
) -> None:
    await people(inventories, "unon", "40", year=2023)
    await people(inventories, "unon-gigiri", "4")
    await inventories.import_file(
        inventories.csv(GENERATOR.format(site="unon", year=2023, amount=1000), GENERATOR.format(
            site="unon", year=2023, amount=200,
        ).replace("measured", "extrapolated,,guessed")),
        year=2023,
    )  # fmt: skip
    early = await estimate(inventories, category="generator_fuel", comparableLocationIds=["unon"], idempotencyKey="e")
    async with inventories._transaction(inventories.person("unon-technical"), access.SUBMIT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        submitted = await usecases.submit_inventory(tx, principal=who, now=now, location_id="unon", year=2023)
    await inventories.approve(submitted.id)

    made = await estimate(inventories, category="generator_fuel", comparableLocationIds=["unon"])
    unseen = await estimate(inventories, category="generator_fuel", comparableLocationIds=["escwa"], idempotencyKey="u")
    found = await at_unon(inventories)

    # A draft is no ground, and what was extrapolated itself is none either.
    assert early["code"] == "COMPARABLE_OFFICE_MISSING"
    (proxy,) = made["estimates"]
    assert proxy["perPerson"] == {"value": "25", "unit": "litre/person"}
    assert proxy["comparableLocationIds"] == ["unon"]
    (line,) = found["activityRecords"]
    assert float(line["amount"]["value"]) == 100
    assert float(line["emission"]["co2e"]["value"]) == pytest.approx(269.08)
    # Another's office and none at all are told alike.
    assert (unseen["code"], unseen["subject"]) == ("COMPARABLE_OFFICE_MISSING", "escwa")
    # A member sees neither the record of fuel nor how it came about.
    member = await at_unon(inventories, "unon-member")
    assert (member["activityRecords"], member["proxyEstimates"]) == ([], [])


@pytest.mark.parametrize(
    ("persons", "given", "code"),
    [
        ("3", {"locationId": "nowhere"}, "NOT_FOUND"),
        ("3", {"siteId": "escwa", "category": "unicorns"}, "NOT_FOUND"),
        ("3", {"category": "unicorns"}, "SOURCE_CATEGORY_UNKNOWN"),
        ("5", {"category": "air_travel"}, "PROXY_NOT_FOR_CATEGORY"),
        (None, {"category": "waste"}, "PERSONNEL_UNKNOWN"),
        ("5", {"category": "heating_fuel"}, "OFFICE_NOT_SMALL"),
        ("3", {"category": "heating_fuel", "reason": ""}, "SOURCE_HAS_RECORDS"),
        ("3", {"reason": " "}, "REASONS_MISSING"),
        ("3", {"comparableLocationIds": ["unon"]}, "COMPARABLE_OFFICE_MISSING"),
        ("3", {"category": "purchased_heat"}, "PUBLISHED_FIGURE_MISSING"),
    ],
)
async def test_proxies_that_are_refused(
    inventories: "Inventories", persons: str | None, given: dict[str, Any], code: str
) -> None:
    await inventories.import_file()
    if persons is not None:
        await people(inventories, "unon-gigiri", persons)
    before = len(await inventories.rows("activity_record"))

    refused = await estimate(inventories, **given)

    assert refused["code"] == code
    assert (len(await inventories.rows("activity_record")), await inventories.rows("proxy_estimate")) == (before, [])


async def test_proxies_leave_as_a_whole_when_real_data_come_and_stay_on_record(inventories: "Inventories") -> None:
    await people(inventories, "unon-gigiri", "3")
    await estimate(inventories)
    await estimate(inventories, category="waste", idempotencyKey="w")
    await inventories.import_file(
        inventories.csv("unon-gigiri,water,public_network,2024-01-01,2024-01-31,5,m3,,,measured")
    )
    refused = await estimate(inventories, idempotencyKey="again")

    found = await at_unon(inventories)

    assert [(line["category"], line["quality"]) for line in found["activityRecords"]] == [
        ("waste", "extrapolated"), ("water", "measured"),
    ]  # fmt: skip
    (left,) = found["recordCorrections"]
    assert (left["action"], left["replaced"]) == ("removed", {"item": "public_network"})
    assert "gives way to records of data.csv" in left["reason"]
    assert [item["category"] for item in found["proxyEstimates"]] == ["water", "waste"]
    assert refused["code"] == "SOURCE_HAS_RECORDS"


async def test_another_proxy_takes_the_place_of_the_first(inventories: "Inventories") -> None:
    await people(inventories, "unon-gigiri", "3")
    await estimate(inventories)
    await people(inventories, "unon-gigiri", "2")

    await estimate(inventories, idempotencyKey="second")

    (line,) = (await at_unon(inventories))["activityRecords"]
    assert float(line["amount"]["value"]) == 98


async def test_a_proxy_of_an_office_that_is_not_small_any_more_blocks(inventories: "Inventories") -> None:
    await people(inventories, "unon-gigiri", "3")
    await estimate(inventories)
    await people(inventories, "unon-gigiri", "12")

    (finding,) = (await at_unon(inventories))["findings"]

    assert (finding["code"], finding["severity"]) == ("PROXY_OFFICE_NOT_SMALL", "ERROR")
    assert finding["message"] == "water of unon-gigiri: 12 person, expected fewer than 5 person, or records"
    with pytest.raises(SubmissionRefused):
        await inventories.submit()


async def test_the_next_version_keeps_proxies_and_who_estimated_does_not_approve(inventories: "Inventories") -> None:
    await people(inventories, "unon-gigiri", "3")
    await estimate(inventories, Role.TECHNICAL_TEAM, by="unon-chair")
    submitted = await inventories.submit()
    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id)
    late = await estimate(inventories, category="waste", idempotencyKey="late")
    final = await inventories.approve(submitted.id, by=person("another", (Role.LOCAL_CHAIR, "secretariat")))
    async with inventories._transaction(inventories.person("unon-technical"), access.CORRECT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        await usecases.correct_inventory(tx, principal=who, now=now, inventory_id=final.id, reason="a meter")

    found = await at_unon(inventories)

    assert late["code"] == "WRONG_STATE"
    assert found["version"] == 2
    assert [item["recordId"] for item in found["proxyEstimates"]] == [found["activityRecords"][0]["id"]]
    owner = await asyncpg.connect(inventories.urls.owner)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("TRUNCATE proxy_estimate")
    await owner.close()
