"""What stands in the way of handing an inventory in, as callers meet it: errors, warnings, missing sources."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from contracts.access import Role
from inventory import access, usecases
from inventory.domain.errors import EntererMayNotApprove, SubmissionRefused

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

REFUSAL = "... on Refusal { code subject found expected message }"
SUBMIT = f"""mutation($input: SubmitInventoryInput!) {{ submitInventory(input: $input) {{ __typename
    ... on Inventory {{ id state steps {{ action reasons }} }}
    ... on SubmissionRefused {{ message openFindings {{ id code severity message }}
        missingSources {{ locationId category month state }} }} {REFUSAL} }} }}"""
SET = f"""mutation($input: SetPlausibilityRangeInput!) {{ setPlausibilityRange(input: $input) {{ __typename
    ... on PlausibilityRange {{ id locationId low {{ value unit }} high {{ value unit }} source }} {REFUSAL} }} }}"""
EXPLAIN = f"""mutation($input: ExplainWarningInput!) {{ explainWarning(input: $input) {{ __typename
    ... on WarningExplanation {{ id text explainedBy }} {REFUSAL} }} }}"""
FINDINGS = """query($filter: FindingFilter, $first: Int!, $after: String) { location(id: "unon") {
    inventory(year: 2024) { id version findings(first: $first, after: $after, filter: $filter) { edges { cursor node {
        id code severity locationId category item month value { value unit } expected reason message
        explanation { text explainedBy } } } } } } }"""
RANGES = """{ plausibilityRanges(first: 100) { edges { node { id locationId category basis
    high { value unit } severity validFrom source setAt } } } }"""
WATER = "unon,water,borehole,2024-01-01,2024-12-31,{},m3,,,measured"
PETROL = "unon,vehicle_fuel,petrol,{year}-01-01,{year}-03-31,{amount},litre,,,measured"
WHY = "the pump broke and was repaired in May"


async def decide(inventories: "Inventories", by: str, document: str, *extra: Role, **given: Any) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by, *extra), document, input=given)
    assert "errors" not in answer, answer["errors"]
    (decided,) = answer["data"].values()
    found: dict[str, Any] = decided
    return found


async def submit(inventories: "Inventories", key: str = "s", **more: Any) -> dict[str, Any]:
    return await decide(inventories, "unon-technical", SUBMIT, locationId="unon", year=2024, idempotencyKey=key, **more)


async def bound(inventories: "Inventories", by: str = "coordinator", **other: Any) -> dict[str, Any]:
    given = {
        "locationId": "unon", "category": "water", "basis": "YEAR", "unit": "m3", "high": "100", "severity": "WARNING",
        "validFrom": "2020-01-01", "source": "a survey of boreholes", "idempotencyKey": "range",
    } | other  # fmt: skip
    return await decide(inventories, by, SET, **given)


async def explain(inventories: "Inventories", finding: dict[str, Any], key: str = "e", **other: Any) -> dict[str, Any]:
    (inventory,) = {row["id"] for row in await inventories.rows("inventory") if row["state"] in ("draft", "submitted")}
    given = {"inventoryId": inventory, "findingId": finding["id"], "explanation": WHY, "idempotencyKey": key} | other
    return await decide(inventories, "unon-technical", EXPLAIN, **given)


async def found(inventories: "Inventories", by: str = "unon-technical", **wanted: Any) -> list[dict[str, Any]] | None:
    answer = await inventories.ask(inventories.person(by), FINDINGS, filter=wanted, first=100)
    assert "errors" not in answer, answer["errors"]
    inventory = answer["data"]["location"]["inventory"]
    if inventory is None or inventory["findings"] is None:
        return None
    return [edge["node"] for edge in inventory["findings"]["edges"]]


async def final_2023(inventories: "Inventories", *rows: str) -> None:
    await inventories.import_file(inventories.csv(*rows), year=2023)
    async with inventories._transaction(inventories.person("unon-technical"), access.SUBMIT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        submitted = await usecases.submit_inventory(tx, principal=who, now=now, location_id="unon", year=2023)
    await inventories.approve(submitted.id)


async def test_sources_that_are_missing_are_named_until_somebody_says_why(inventories: "Inventories") -> None:
    await final_2023(inventories, PETROL.format(year=2023, amount=10))
    await inventories.import_file(inventories.csv(WATER.format(70)))

    refused = await submit(inventories)
    short = await submit(inventories, "t", missingBecause=" not yet  there ")
    done = await submit(inventories, "u", missingBecause=" the car was stolen in 2023 ")

    assert refused["__typename"] == "SubmissionRefused"
    assert [(cell["category"], cell["month"], cell["state"]) for cell in refused["missingSources"]] == [
        ("vehicle_fuel", f"2024-0{month}-01", "MISSING") for month in (1, 2, 3)
    ]
    assert "vehicle_fuel of unon in 2024-01 is missing" in refused["message"]
    assert short["code"] == "EXPLANATION_TOO_SHORT"
    # Kept with the step, where who approves reads it.
    assert done["steps"] == [{"action": "submitted", "reasons": "the car was stolen in 2023"}]


async def test_nothing_is_said_of_missing_sources_where_none_is(inventories: "Inventories") -> None:
    await inventories.import_file()

    done = await submit(inventories, missingBecause="short")

    assert done["steps"] == [{"action": "submitted", "reasons": None}]


async def test_an_error_blocks_and_a_refused_submission_leaves_nothing(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(WATER.format(101)))
    await bound(inventories, severity="ERROR")

    (error,) = await found(inventories) or []
    refused = await submit(inventories, missingBecause=WHY)
    explained = await explain(inventories, error)

    assert [(item["id"], item["severity"]) for item in refused["openFindings"]] == [(error["id"], "ERROR")]
    assert explained["code"] == "ERROR_NOT_EXPLAINED"
    assert [row["state"] for row in await inventories.rows("inventory")] == ["draft"]
    assert await inventories.rows("inventory_step") == []
    assert not [said for name, said in await inventories.events() if "submitted" in name]


async def test_a_warning_wants_a_typed_explanation_that_lapses_when_the_data_change(inventories: "Inventories") -> None:
    taken = await inventories.import_file(inventories.csv(WATER.format(101)))
    await bound(inventories)

    (warning,) = await found(inventories) or []
    refused = await submit(inventories)
    short = await explain(inventories, warning, "a", explanation="it is so")
    said = await explain(inventories, warning, "b")
    (explained,) = await found(inventories, isExplained=True) or []
    (line,) = await inventories.rows("activity_record")
    await inventories.import_file(inventories.csv("unon,water,tanker,2024-01-01,2024-01-31,1,m3,,,measured"))
    (changed,) = await found(inventories) or []
    lapsed = await submit(inventories, "t")
    await explain(inventories, changed, "c")
    done = await submit(inventories, "u")
    gone = await explain(inventories, warning, "d")

    assert (warning["code"], warning["value"]) == ("AMOUNT_OUT_OF_RANGE", {"value": "101", "unit": "m3"})
    assert (warning["expected"], warning["reason"]) == ("at most 100 m3", "a survey of boreholes")
    assert refused["openFindings"][0]["message"] == "water of unon: 101 m3, expected at most 100 m3"
    assert short["code"] == "EXPLANATION_TOO_SHORT"
    assert (said["text"], said["explainedBy"]) == (WHY, "unon-technical")
    assert explained["explanation"] == {"text": WHY, "explainedBy": "unon-technical"}
    assert (changed["explanation"], changed["value"]["value"]) == (None, "102")
    assert lapsed["__typename"] == "SubmissionRefused"
    assert done["state"] == "submitted"
    assert gone["code"] == "WRONG_STATE"
    assert line["inventory_id"] == taken.inventory_id
    # Who approves reads what was said.
    (read,) = await found(inventories, "unon-chair") or []
    assert read["explanation"]["text"] == WHY
    assert len(await inventories.rows("warning_explanation")) == 2


async def test_a_finding_that_is_not_there_is_not_explained(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(WATER.format(101)))

    assert (await explain(inventories, {"id": "none"}))["code"] == "FINDING_NOT_THERE"
    assert (await explain(inventories, {"id": "x"}, "k", inventoryId="none"))["code"] == "NOT_FOUND"


async def test_who_explained_does_not_approve(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(WATER.format(101)))
    await bound(inventories)
    (warning,) = await found(inventories) or []
    (draft,) = await inventories.rows("inventory")
    await decide(
        inventories, "unon-chair", EXPLAIN, Role.TECHNICAL_TEAM, inventoryId=draft["id"], findingId=warning["id"],
        explanation=WHY, idempotencyKey="k",
    )  # fmt: skip
    submitted = await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id)


async def test_a_change_on_the_last_final_year_is_found_with_both_figures(inventories: "Inventories") -> None:
    await final_2023(inventories, PETROL.format(year=2023, amount=100))
    await inventories.import_file(inventories.csv(PETROL.format(year=2024, amount=131000)))

    (warning,) = await found(inventories) or []

    # 2024 has one day more from January to March; both are whole.
    assert (warning["code"], warning["item"], warning["value"]) == (
        "CHANGE_OUT_OF_RANGE", "petrol", {"value": "130900", "unit": "percent"},
    )  # fmt: skip
    assert warning["reason"].startswith("131000 litre after 100 in the same months of the year before;")
    assert warning["expected"] == "falls by at most 30 percent and rises by at most 30 percent"


async def test_records_of_a_guess_say_how_in_their_note_or_in_an_explanation(inventories: "Inventories") -> None:
    guess = "unon,water,borehole,2024-0{0}-01,2024-0{0}-28,7,m3,,,estimated,,{1}"
    await inventories.import_file(
        inventories.csv(guess.format(1, ""), guess.format(2, "the meter of last year"), guess.format(3, "  "))
    )

    (warning,) = await found(inventories) or []
    with pytest.raises(SubmissionRefused):
        await inventories.submit()
    await explain(inventories, warning, explanation="read by hand, the meter had stopped")

    assert (warning["code"], warning["value"]) == ("QUALITY_REASON_MISSING", {"value": "2", "unit": "records"})
    assert (await inventories.submit()).state == "submitted"


async def test_findings_of_fuel_are_for_readers_of_sensitive_data_and_others_find_the_rest(
    inventories: "Inventories",
) -> None:
    await inventories.import_file(inventories.csv(WATER.format(101), PETROL.format(year=2024, amount=999)))
    await bound(inventories)
    await bound(inventories, category="vehicle_fuel", unit="litre", idempotencyKey="fuel")
    fuel, water = await found(inventories) or []
    await explain(inventories, fuel)

    assert [item["category"] for item in (fuel, water)] == ["vehicle_fuel", "water"]
    assert [item["category"] for item in await found(inventories, "unon-member") or []] == ["water"]
    assert await found(inventories, "gigiri-technical") is None
    assert await found(inventories, "escwa-chair") is None
    members = await inventories.ask(inventories.person("unon-member"), FINDINGS, filter={"isExplained": True}, first=9)
    assert members["data"]["location"]["inventory"]["findings"]["edges"] == []


async def test_a_version_stays_judged_by_the_ranges_of_when_it_was_handed_in(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(WATER.format(101)))
    submitted = await inventories.submit()
    await bound(inventories, severity="ERROR")

    assert await found(inventories) == []
    await inventories.approve(submitted.id)
    assert await found(inventories) == []


async def test_the_next_version_needs_no_new_explanation_of_the_same_figures(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(WATER.format(101)))
    await bound(inventories)
    (warning,) = await found(inventories) or []
    await explain(inventories, warning)
    final = await inventories.approve((await inventories.submit()).id)
    async with inventories._transaction(inventories.person("unon-technical"), access.CORRECT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        await usecases.correct_inventory(tx, principal=who, now=now, inventory_id=final.id, reason="a meter")

    (again,) = await found(inventories) or []

    assert (again["id"], again["explanation"]["text"]) == (warning["id"], WHY)


@pytest.mark.parametrize(
    ("by", "given", "code"),
    [
        ("unon-technical", {}, "NOT_PERMITTED"),
        ("unon-chair", {}, "NOT_PERMITTED"),
        ("unon-register", {"locationId": "escwa"}, "NOT_FOUND"),
        ("coordinator", {"category": "unicorns", "unit": "unicorns"}, "SOURCE_CATEGORY_UNKNOWN"),
        ("coordinator", {"unit": None, "high": None}, "UNIT_UNKNOWN"),
        ("coordinator", {"high": None, "source": ""}, "RANGE_BOUNDS_MALFORMED"),
        ("coordinator", {"validTo": "2020-01-01", "source": ""}, "RANGE_DATES_MALFORMED"),
        ("coordinator", {"source": " "}, "REASONS_MISSING"),
    ],
)
async def test_ranges_that_are_refused(inventories: "Inventories", by: str, given: dict[str, Any], code: str) -> None:
    refused = await bound(inventories, by, **given)

    assert refused["code"] == code
    assert await inventories.rows("plausibility_range") == []


async def test_ranges_are_for_everyone_to_read_and_never_change(inventories: "Inventories") -> None:
    made = await bound(inventories, "unon-register", basis="PER_PERSON", low="5")
    answer = await inventories.ask(inventories.person("escwa-technical"), RANGES)
    nodes = [edge["node"] for edge in answer["data"]["plausibilityRanges"]["edges"]]

    assert made["low"] == {"value": "5", "unit": "m3/person"}
    assert nodes[0]["id"] == made["id"]
    assert (nodes[0]["locationId"], nodes[0]["source"]) == ("unon", "a survey of boreholes")
    assert all(node["locationId"] is None and node["setAt"] is None for node in nodes[1:])
    assert {node["category"] for node in nodes[1:]} >= {None, "water", "waste", "generator_fuel", "grid_electricity"}
    owner = await asyncpg.connect(inventories.urls.owner)
    for table in ("plausibility_range", "warning_explanation"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(f"TRUNCATE {table}")
    await owner.close()


async def test_intensity_is_judged_by_the_stated_denominators(inventories: "Inventories") -> None:
    await inventories.state_denominator("personnel", "20")
    await inventories.import_file(
        inventories.csv(WATER.format(4900), WATER.format(5000).replace("unon", "unon-gigiri"))
    )

    (warning,) = await found(inventories, severity="WARNING") or []

    assert (warning["code"], warning["locationId"]) == ("INTENSITY_OUT_OF_RANGE", "unon")
    assert warning["value"] == {"value": "495", "unit": "m3/person"}


async def test_findings_come_in_pages(inventories: "Inventories") -> None:
    await bound(inventories)
    await inventories.import_file(inventories.csv(WATER.format(101), WATER.format(102).replace("unon", "unon-gigiri")))
    one = await inventories.ask(inventories.person("unon-technical"), FINDINGS, filter=None, first=1)
    (edge,) = one["data"]["location"]["inventory"]["findings"]["edges"]
    two = await inventories.ask(
        inventories.person("unon-technical"), FINDINGS, filter=None, first=1, after=edge["cursor"]
    )
    bad = await inventories.ask(inventories.person("unon-technical"), FINDINGS, filter=None, first=1, after="gone")

    assert edge["node"]["locationId"] == "unon"
    (second,) = two["data"]["location"]["inventory"]["findings"]["edges"]
    assert second["node"]["locationId"] == "unon-gigiri"
    assert bad["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
