"""The board of expected sources, and what is said of those without records, as callers meet them."""

from datetime import date
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
STATEMENT = "... on SourceStatement { id locationId key reason statedBy withdrawal { reason withdrawnBy } }"
STATE = f"""mutation($input: StateSourceInput!) {{ stateSource(input: $input) {{ __typename
    {STATEMENT} {REFUSAL} }} }}"""
WITHDRAW = f"""mutation($input: WithdrawSourceStatementInput!) {{ withdrawSourceStatement(input: $input) {{ __typename
    {STATEMENT} {REFUSAL} }} }}"""
EXPECT = f"""mutation($input: ExpectSourceInput!) {{ expectSource(input: $input) {{ __typename
    ... on SourceExpectation {{ id firstMonth monthAfter isExpected declaredBy }} {REFUSAL} }} }}"""
BOARD = """summary { expected reported measured estimated extrapolated notOccurring notEstimated missing unexpected
        sites { covered total share { value } } staff { covered { value } total { value } share { value } } }
    cells(first: 100, filter: $filter) { edges { cursor node {
        locationId category month expected expectedBecause state reason records } } }"""
LOCATION = f"""query($id: ID!, $filter: SourceCellFilter) {{ location(id: $id) {{
    completeness(year: 2024) {{ year {BOARD} }}
    sourceExpectations(first: 10) {{ edges {{ node {{ reason }} }} }} }} }}"""
INVENTORY = f"""query($id: ID!, $filter: SourceCellFilter) {{ location(id: $id) {{ inventory(year: 2024) {{
    id version completeness {{ {BOARD} }}
    sourceStatements(first: 10) {{ edges {{ node {{ key reason withdrawal {{ reason }} }} }} }} }} }} }}"""


async def decide(inventories: "Inventories", by: str, document: str, *extra: Role, **given: Any) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by, *extra), document, input=given)
    assert "errors" not in answer, answer["errors"]
    (decided,) = answer["data"].values()
    found: dict[str, Any] = decided
    return found


async def state(inventories: "Inventories", *, by: str = "unon-technical", **other: Any) -> dict[str, Any]:
    given = {
        "locationId": "unon", "year": 2024, "category": "purchased_heat", "key": "NOT_OCCURRING",
        "reason": "the boiler was sold in 2023", "idempotencyKey": "s",
    } | other  # fmt: skip
    return await decide(inventories, by, STATE, **given)


async def board(
    inventories: "Inventories", by: str = "unon-technical", *, at: str = "unon", of: str = LOCATION, **wanted: Any
) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by), of, id=at, filter=wanted)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]
    return found


def cells(found: dict[str, Any]) -> list[tuple[str, str, str | None, str]]:
    """Site, category, month and state."""
    nodes = [edge["node"] for edge in found["completeness"]["cells"]["edges"]]
    return [(node["locationId"], node["category"], node["month"], node["state"]) for node in nodes]


def row(site: str, what: str, first: str, last: str, *, year: int, quality: str = "measured") -> str:
    """What it is, and its amount, are those of the category."""
    how = {
        "generator_fuel": "diesel,{}12.5,litre,", "refrigerant": "R-410A,{}1,kg,",
        "water": "borehole,{}70,m3,",
    }[what]  # fmt: skip
    return f"{site},{what},{how.format(f'{year}-{first},{year}-{last},')},,{quality}"


async def final_2023(inventories: "Inventories", *rows: str) -> None:
    """An inventory of the year before, so that sources are expected."""
    await inventories.import_file(inventories.csv(*rows), year=2023)
    async with inventories._transaction(inventories.person("unon-technical"), access.SUBMIT_INVENTORY) as (
        tx,
        who,
        now,
    ):
        submitted = await usecases.submit_inventory(tx, principal=who, now=now, location_id="unon", year=2023)
    await inventories.approve(submitted.id)


METER = [row("unon", "generator_fuel", f"{month:02}-01", f"{month:02}-28", year=2023) for month in (1, 2, 3)]
GIGIRI = row("unon-gigiri", "generator_fuel", "02-01", "03-31", year=2023)
REFILL = row("unon", "refrigerant", "07-01", "07-02", year=2023)


async def test_what_the_year_before_had_is_expected_month_by_month_and_missing_is_said(
    inventories: "Inventories",
) -> None:
    await final_2023(inventories, *METER, GIGIRI, REFILL)
    await inventories.import_file(
        inventories.csv(
            row("unon", "generator_fuel", "01-15", "02-14", year=2024),
            row("unon", "generator_fuel", "02-15", "02-20", year=2024, quality="estimated"),
            row("unon", "refrigerant", "11-01", "11-02", year=2024),
            row("unon", "water", "01-01", "01-31", year=2024),
        )
    )

    found = await board(inventories)

    assert cells(found) == [
        ("unon", "generator_fuel", "2024-01-01", "MEASURED"),
        ("unon", "generator_fuel", "2024-02-01", "ESTIMATED"),
        ("unon", "generator_fuel", "2024-03-01", "MISSING"),
        ("unon", "refrigerant", None, "MEASURED"),
        ("unon", "water", "2024-01-01", "MEASURED"),
        ("unon-gigiri", "generator_fuel", "2024-02-01", "MISSING"),
        ("unon-gigiri", "generator_fuel", "2024-03-01", "MISSING"),
    ]
    summary = found["completeness"]["summary"]
    assert {name: value for name, value in summary.items() if isinstance(value, int)} == {
        "expected": 6, "reported": 3, "measured": 2, "estimated": 1, "extrapolated": 0, "notOccurring": 0,
        "notEstimated": 0, "missing": 3, "unexpected": 1,
    }  # fmt: skip
    node = found["completeness"]["cells"]["edges"][2]["node"]
    assert (node["expected"], node["expectedBecause"], node["records"]) == (True, "in the inventory of 2023-03", None)
    assert summary["sites"] == {"covered": 1, "total": 2, "share": {"value": "50"}}


async def test_a_hidden_meter_month_changes_the_board(inventories: "Inventories") -> None:
    """The acceptance of the field study: hide one meter-month, and coverage and flag change."""
    await final_2023(inventories, *METER)
    months = [row("unon", "generator_fuel", f"{month:02}-01", f"{month:02}-28", year=2024) for month in (1, 2, 3)]
    taken = await inventories.import_file(inventories.csv(*months))
    before = await board(inventories)
    (february,) = [
        line for line in await inventories.rows("activity_record")
        if line["inventory_id"] == taken.inventory_id and line["period_start"].month == 2
    ]  # fmt: skip

    async with inventories._transaction(inventories.person("unon-technical"), access.CORRECT_ACTIVITY_RECORD) as (
        tx, who, now,
    ):  # fmt: skip
        await usecases.correct_activity_record(
            tx, principal=who, now=now, inventory_id=taken.inventory_id, record_id=str(february["id"]), cells=None,
            reason="another meter's",
        )  # fmt: skip
    after = await board(inventories)

    assert [cell[3] for cell in cells(before)] == ["MEASURED"] * 3
    assert [cell[3] for cell in cells(after)] == ["MEASURED", "MISSING", "MEASURED"]
    assert (before["completeness"]["summary"]["missing"], after["completeness"]["summary"]["missing"]) == (0, 1)


async def test_statements_fill_the_board_until_they_are_withdrawn(inventories: "Inventories") -> None:
    await final_2023(inventories, GIGIRI, METER[0])
    await inventories.import_file(inventories.csv(row("unon", "generator_fuel", "01-01", "01-31", year=2024)))

    made = await state(inventories, siteId="unon-gigiri", category="generator_fuel", lastMonth="2024-02-20")
    estimated_not = await state(
        inventories, siteId="unon-gigiri", category="generator_fuel", firstMonth="2024-03-31",
        key="NOT_ESTIMATED", reason="the logbook is lost",
        idempotencyKey="t",
    )  # fmt: skip
    stated = await board(inventories, states=["NOT_OCCURRING", "NOT_ESTIMATED"], expected=True)
    again = await state(inventories, siteId="unon-gigiri", category="generator_fuel", idempotencyKey="u")
    withdrawn = await decide(
        inventories, "unon-technical", WITHDRAW, statementId=made["id"], reason="it was lent", idempotencyKey="w"
    )
    twice = await decide(
        inventories, "unon-technical", WITHDRAW, statementId=made["id"], reason="it was lent", idempotencyKey="x"
    )

    assert (made["key"], made["statedBy"], made["locationId"]) == ("NOT_OCCURRING", "unon-technical", "unon-gigiri")
    assert [cell[2:] for cell in cells(stated)] == [
        ("2024-02-01", "NOT_OCCURRING"), ("2024-03-01", "NOT_ESTIMATED"),
    ]  # fmt: skip
    assert stated["completeness"]["cells"]["edges"][1]["node"]["reason"] == "the logbook is lost"
    assert again["code"] == "SOURCE_STATED"
    assert withdrawn["withdrawal"] == {"reason": "it was lent", "withdrawnBy": "unon-technical"}
    assert twice["code"] == "STATEMENT_ALREADY_WITHDRAWN"
    found = await board(inventories, of=INVENTORY, locationIds=["unon-gigiri"], expected=True)
    assert [cell[2:] for cell in cells(found["inventory"])] == [
        ("2024-02-01", "MISSING"), ("2024-03-01", "NOT_ESTIMATED"),
    ]  # fmt: skip
    assert [edge["node"]["withdrawal"] for edge in found["inventory"]["sourceStatements"]["edges"]] == [
        {"reason": "it was lent"}, None,
    ]  # fmt: skip
    assert estimated_not["__typename"] == "SourceStatement"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"locationId": "nowhere"}, "NOT_FOUND"),
        ({"siteId": "escwa", "category": "unicorns"}, "NOT_FOUND"),
        ({"firstMonth": "2023-12-01", "category": "unicorns"}, "MONTHS_MALFORMED"),
        ({"category": "unicorns", "reason": ""}, "SOURCE_CATEGORY_UNKNOWN"),
        ({"category": "refrigerant", "firstMonth": "2024-02-01", "reason": ""}, "SOURCE_OF_THE_YEAR"),
        ({"category": "grid_electricity", "reason": " "}, "REASONS_MISSING"),
        ({"category": "grid_electricity"}, "SOURCE_REPORTED"),
    ],
)
async def test_statements_that_are_refused(inventories: "Inventories", given: dict[str, Any], code: str) -> None:
    await inventories.import_file()

    refused = await state(inventories, **given)

    assert refused["code"] == code
    assert await inventories.rows("source_statement") == []


async def test_what_was_handed_in_says_no_more_and_who_stated_does_not_approve(inventories: "Inventories") -> None:
    stated = await state(inventories)
    both = inventories.person("unon-chair", Role.TECHNICAL_TEAM)
    answer = await inventories.ask(both, STATE, input={
        "locationId": "unon", "year": 2024, "category": "rail_travel", "key": "NOT_ESTIMATED", "reason": "few tickets",
        "idempotencyKey": "chair",
    })  # fmt: skip
    assert answer["data"]["stateSource"]["__typename"] == "SourceStatement"
    await inventories.import_file()
    submitted = await inventories.submit()

    late = await state(inventories, category="water", idempotencyKey="late")
    taken_back = await decide(
        inventories, "unon-technical", WITHDRAW, statementId=stated["id"], reason="r", idempotencyKey="w"
    )

    assert (late["code"], taken_back["code"]) == ("WRONG_STATE", "WRONG_STATE")
    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id)


async def test_the_next_version_says_the_same_and_the_final_one_stays(inventories: "Inventories") -> None:
    kept = await state(inventories, category="rail_travel")
    gone = await state(inventories, category="taxi_travel", idempotencyKey="t")
    await decide(inventories, "unon-technical", WITHDRAW, statementId=gone["id"], reason="r", idempotencyKey="w")
    final = await inventories.final()
    async with inventories._transaction(inventories.person("unon-technical"), access.CORRECT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        draft = await usecases.correct_inventory(tx, principal=who, now=now, inventory_id=final.id, reason="a meter")

    rows = await inventories.rows("source_statement")

    (copied,) = [found for found in rows if found["inventory_id"] == draft.id]
    assert (copied["copied_from_id"], copied["category"], copied["version"]) == (kept["id"], "rail_travel", 2)
    found = await board(inventories, states=["NOT_OCCURRING"])
    assert cells(found) == [("unon", "rail_travel", None, "NOT_OCCURRING")]


async def test_what_was_not_estimated_last_year_is_expected_and_what_did_not_occur_is_not(
    inventories: "Inventories",
) -> None:
    await state(inventories, year=2023, category="water", key="NOT_ESTIMATED", firstMonth="2023-11-01")
    await state(inventories, year=2023, category="waste", idempotencyKey="t")
    await final_2023(inventories, METER[0])

    assert cells(await board(inventories)) == [
        ("unon", "generator_fuel", "2024-01-01", "MISSING"),
        ("unon", "water", "2024-11-01", "MISSING"),
        ("unon", "water", "2024-12-01", "MISSING"),
    ]


async def test_a_declaration_adds_a_source_or_ends_one_and_the_later_one_holds(inventories: "Inventories") -> None:
    await final_2023(inventories, *METER)

    async def expect(key: str, **given: Any) -> dict[str, Any]:
        good = {
            "locationId": "unon", "category": "generator_fuel", "firstMonth": "2024-01-01", "reason": f"reason {key}",
            "idempotencyKey": key,
        }  # fmt: skip
        return await decide(inventories, "unon-chair", EXPECT, **good | given)

    await expect("a", isExpected=False)
    await expect("b", firstMonth="2024-02-10", lastMonth="2024-02-20")
    await expect("c", locationId="unon-gigiri", category="air_travel", firstMonth="2024-06-01")
    await expect("d", locationId="unon-gigiri", category="water", firstMonth="2025-01-01")
    found = await board(inventories)
    unreasoned = await expect("e", reason="  ")
    unknown = await expect("f", category="unicorns")
    backwards = await expect("g", firstMonth="2024-03-01", lastMonth="2024-02-01")

    assert cells(found) == [
        ("unon", "generator_fuel", "2024-02-01", "MISSING"),
        ("unon-gigiri", "air_travel", None, "MISSING"),
    ]
    assert [edge["node"]["expectedBecause"] for edge in found["completeness"]["cells"]["edges"]] == [
        "reason b", "reason c",
    ]  # fmt: skip
    assert [edge["node"]["reason"] for edge in found["sourceExpectations"]["edges"]] == ["reason a", "reason b"]
    assert [item["code"] for item in (unreasoned, unknown, backwards)] == [
        "REASONS_MISSING", "SOURCE_CATEGORY_UNKNOWN", "MONTHS_MALFORMED",
    ]  # fmt: skip


async def test_a_final_version_is_judged_by_the_declarations_of_then(inventories: "Inventories") -> None:
    await inventories.final()
    await decide(
        inventories, "unon-chair", EXPECT, locationId="unon", category="refrigerant", firstMonth="2024-01-01",
        reason="found on the roof", idempotencyKey="e",
    )  # fmt: skip

    assert cells((await board(inventories, of=INVENTORY, states=["MISSING"]))["inventory"]) == []
    assert cells(await board(inventories, states=["MISSING"])) == [("unon", "refrigerant", None, "MISSING")]


async def test_nothing_is_expected_of_a_site_when_it_is_closed(inventories: "Inventories") -> None:
    gigiri = [row("unon-gigiri", "generator_fuel", f"{month:02}-01", f"{month:02}-28", year=2023) for month in (5, 8)]
    await final_2023(inventories, *gigiri)
    async with inventories._transaction(inventories.person("coordinator"), access.CLOSE_LOCATION) as (tx, who, now):
        await usecases.close_location(
            tx, principal=who, now=now, location_id="unon-gigiri", merged_into_id=None, handed_over_to=None,
            on=now.date().replace(year=2024, month=6, day=15), reason="end of lease",
        )  # fmt: skip

    assert cells(await board(inventories)) == [("unon-gigiri", "generator_fuel", "2024-05-01", "MISSING")]


async def test_who_reads_below_an_inventory_sees_what_is_reported_of_their_site_and_fuel_is_no_exception(
    inventories: "Inventories",
) -> None:
    await final_2023(inventories, METER[0], GIGIRI)
    await inventories.import_file(inventories.csv(row("unon-gigiri", "generator_fuel", "02-01", "02-28", year=2024)))
    expected = [
        ("unon-gigiri", "generator_fuel", "2024-02-01", "MEASURED"),
        ("unon-gigiri", "generator_fuel", "2024-03-01", "MISSING"),
    ]

    assert cells(await board(inventories, "gigiri-technical", at="unon-gigiri")) == expected
    # A member sees no record of fuel, and still what there is of it.
    assert cells(await board(inventories, "unon-member", locationIds=["unon-gigiri"])) == expected
    for who in ("escwa-chair", "outside"):
        found = await board(inventories, who)
        assert (found["completeness"], found["sourceExpectations"]["edges"]) == (None, [])


async def test_the_coordinator_reads_the_whole_secretariat_with_its_sites_and_staff(inventories: "Inventories") -> None:
    await inventories.state_denominator("personnel", "750")
    await inventories.import_file()

    part = await board(inventories, "coordinator", at="secretariat")
    whole = await board(inventories, "coordinator", at="unon")

    # escwa neither reports nor says how many work there.
    assert part["completeness"]["summary"]["sites"] == {
        "covered": 2, "total": 3, "share": {"value": str(Decimal(200) / 3)},
    }  # fmt: skip
    assert part["completeness"]["summary"]["staff"] == {"covered": {"value": "750"}, "total": None, "share": None}
    assert whole["completeness"]["summary"]["staff"]["share"] == {"value": "100"}


async def test_who_works_where_it_was_open_for_half_of_the_year_counts_half(inventories: "Inventories") -> None:
    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.exec_driver_sql("UPDATE location SET valid_from = '2024-07-02' WHERE id = 'unon-gigiri'")
    await inventories.state_denominator("personnel", "750")
    await inventories.state_denominator("personnel", "100", location_id="unon-gigiri", valid_from=date(2024, 7, 2))
    await inventories.import_file(inventories.csv("unon,water,borehole,2024-07-02,2024-12-31,7,m3,,,measured"))

    staff = (await board(inventories, "coordinator", at="unon"))["completeness"]["summary"]["staff"]

    assert (staff["covered"], staff["total"]) == ({"value": "700"}, {"value": "750"})


async def test_cells_come_in_pages_that_neither_lose_nor_repeat_any(inventories: "Inventories") -> None:
    await final_2023(inventories, *METER, GIGIRI, REFILL)
    paged = LOCATION.replace("first: 100", "first: 2, after: $after").replace("$id: ID!", "$id: ID!, $after: String")
    seen, after = [], None
    while True:
        answer = await inventories.ask(inventories.person("unon-technical"), paged, id="unon", filter={}, after=after)
        edges = answer["data"]["location"]["completeness"]["cells"]["edges"]
        if not edges:
            break
        seen += cells(answer["data"]["location"])
        after = edges[-1]["cursor"]

    assert seen == cells(await board(inventories))
    bad = await inventories.ask(inventories.person("unon-technical"), paged, id="unon", filter={}, after="a/b/c")
    assert bad["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_coverage_follows_every_change_of_the_lines(inventories: "Inventories") -> None:
    """As counted from the lines themselves, after imports, a correction and a further version."""
    final = await inventories.final()
    async with inventories._transaction(inventories.person("unon-technical"), access.CORRECT_INVENTORY) as (
        tx, who, now,
    ):  # fmt: skip
        draft = await usecases.correct_inventory(tx, principal=who, now=now, inventory_id=final.id, reason="a meter")
    await inventories.import_file(inventories.other_file())
    owner = await asyncpg.connect(inventories.urls.owner)
    for setting in ("app.roots", "app.sensitive_roots"):
        await owner.execute(f"SELECT set_config('{setting}', 'secretariat', false)")
    await owner.execute(
        "UPDATE activity_record SET quality = 'extrapolated', period_end = period_end - 32"
        " WHERE inventory_id = $1 AND category = 'water'", draft.id,
    )  # fmt: skip
    await owner.execute("DELETE FROM activity_record WHERE inventory_id = $1 AND category = 'heating_fuel'", draft.id)

    wrong = await owner.fetch(
        "WITH counted AS (SELECT inventory_id, location_id, category, g::date AS month, quality, count(*) AS records"
        " FROM activity_record, generate_series(date_trunc('month', period_start::timestamp), period_end - 1,"
        " '1 month') g GROUP BY 1, 2, 3, 4, 5),"
        " kept AS (SELECT inventory_id, location_id, category, month, quality, records FROM inventory_coverage)"
        " (TABLE counted EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE counted)"
    )
    months = await owner.fetchval("SELECT count(*) FROM inventory_coverage WHERE quality = 'extrapolated'")

    assert wrong == []
    assert months == 5
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("UPDATE inventory_coverage SET records = 0 WHERE inventory_id = $1", final.id)
    for table in ("source_expectation", "source_statement", "source_statement_withdrawal"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(f"TRUNCATE {table} CASCADE")
    await owner.close()
