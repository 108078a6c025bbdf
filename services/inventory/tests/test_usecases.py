"""What *inventory* does, on PostgreSQL: the register, imports whole or not at all, and the way to a final inventory."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from chassis.access import ANONYMOUS
from chassis.refusals import NotFound, NotPermitted, NotSignedIn
from contracts.access import Role
from inventory import usecases
from inventory.domain.errors import (
    BadWorkbook,
    CoordinatesOutOfRange,
    ImportRefused,
    InventoryIsFinal,
    InventoryYearOutOfRange,
    LocationAlreadyRegistered,
    LocationCodeMalformed,
    NothingToSubmit,
    ReasonsMissing,
    Refused,
    SubmitterMayNotApprove,
    WrongState,
)

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

RECORDS = ("inventory", "activity_import", "activity_record", "inventory_total")


# The register.


async def test_the_register_keeps_the_tree_and_says_each_location(inventories: "Inventories") -> None:
    events = await inventories.events()

    assert [(fact, said["location_id"], said["path"], said["parent_id"]) for fact, said in events] == [
        ("location_registered", "secretariat", "secretariat", None),
        ("location_registered", "unon", "secretariat.unon", "secretariat"),
        ("location_registered", "unon-gigiri", "secretariat.unon.unon-gigiri", "unon"),
        ("location_registered", "escwa", "secretariat.escwa", "secretariat"),
    ]
    closure = {(row["ancestor_id"], row["descendant_id"]) for row in await inventories.rows("location_closure")}
    assert {ancestor for ancestor, descendant in closure if descendant == "unon-gigiri"} == {
        "secretariat", "unon", "unon-gigiri",
    }  # fmt: skip


async def test_the_same_location_again_changes_nothing(inventories: "Inventories") -> None:
    before = [await inventories.rows(table) for table in ("location", "location_detail", "outbox")]

    again = await inventories.register(inventories.location("unon"))

    assert again == inventories.location("unon")
    assert [await inventories.rows(table) for table in ("location", "location_detail", "outbox")] == before


@pytest.mark.parametrize(
    "other",
    [{"name": "Elsewhere"}, {"country": "LBN"}, {"grid": "north"}, {"latitude": Decimal(1)}, {"parent_id": "escwa"}],
)
async def test_a_code_is_not_given_to_another_location(inventories: "Inventories", other: dict[str, Any]) -> None:
    with pytest.raises(LocationAlreadyRegistered):
        await inventories.register(replace(inventories.location("unon-gigiri"), **other))

    assert len(await inventories.events()) == 4


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"id": "eca", "parent_id": "atlantis"}, NotFound),
        ({"id": "eca", "parent_id": None}, NotFound),
        ({"id": "ECA", "latitude": Decimal(91)}, LocationCodeMalformed),
        ({"id": "eca", "latitude": Decimal(91)}, CoordinatesOutOfRange),
    ],
)
async def test_a_location_that_is_not_sound_does_not_enter(
    inventories: "Inventories", given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await inventories.register(replace(inventories.location("escwa"), **given))

    assert len(await inventories.rows("location")) == 4


@pytest.mark.parametrize(
    ("who", "parent_id", "refusal"),
    [
        ("unon-chair", "unon", NotPermitted),
        ("unon-chair", "escwa", NotFound),
        ("unon-register", "escwa", NotFound),
        ("unon-register", "secretariat", NotFound),
        ("anonymous", "unon", NotSignedIn),
    ],
)
async def test_a_location_is_registered_with_the_right_at_its_parent(
    inventories: "Inventories", who: str, parent_id: str, refusal: type[Exception]
) -> None:
    new = replace(inventories.location("escwa"), id="new-place", parent_id=parent_id)
    principal = ANONYMOUS if who == "anonymous" else inventories.person(who)

    with pytest.raises(refusal):
        await inventories.register(new, by=principal)

    assert len(await inventories.rows("location")) == 4


async def test_a_right_at_the_parent_is_enough(inventories: "Inventories") -> None:
    new = replace(inventories.location("unon-gigiri"), id="unon-annex")

    assert await inventories.register(new, by=inventories.person("unon-register")) == new


async def test_the_same_location_registered_many_times_at_once_enters_once(inventories: "Inventories") -> None:
    new = replace(inventories.location("unon-gigiri"), id="unon-annex")

    answers = await asyncio.gather(*(inventories.register(new) for _ in range(5)))

    assert answers == [new] * 5
    assert [said["location_id"] for _, said in await inventories.events()].count("unon-annex") == 1


# Imports.


async def test_a_file_is_taken_in_and_quantified(inventories: "Inventories") -> None:
    taken = await inventories.import_file()

    (inventory,) = await inventories.rows("inventory")
    records = await inventories.rows("activity_record")
    coefficients = {row["id"]: row for row in await inventories.rows("coefficient")}
    assert (inventory["location_id"], inventory["year"], inventory["version"], inventory["state"]) == (
        "unon", 2024, 1, "draft",
    )  # fmt: skip
    assert (taken.inventory_id, taken.row_count, taken.imported_by.name) == (inventory["id"], 7, "unon-technical")
    assert [row["row_number"] for row in records] == [2, 3, 4, 5, 6, 7, 8]
    # Water is recorded and has no emissions counted.
    assert [row["category"] for row in records if row["coefficient_id"] is None] == ["water"]
    assert {row["coefficient_id"] for row in records} == {None, *coefficients}
    electricity = next(row for row in records if row["category"] == "grid_electricity")
    # Ember 2024, Kenya: 84.83 g CO2e per kWh.
    assert electricity["co2e_kg"] == Decimal("84.83")
    assert coefficients[electricity["coefficient_id"]]["factor_id"] == "ember-2024:grid_electricity:grid:MWh:KEN"


async def test_files_share_the_coefficients_that_they_have_in_common(inventories: "Inventories") -> None:
    await inventories.import_file()
    before = await inventories.rows("coefficient")

    await inventories.import_file(inventories.other_file())

    assert await inventories.rows("coefficient") == before
    assert len(before) == 6


async def test_a_file_with_problems_names_each_and_writes_nothing(inventories: "Inventories") -> None:
    broken = inventories.csv(
        "unon,grid_electricity,,2024-01-01,2024-12-31,many,kWh,,,measured",
        "atlantis,water,borehole,2024-01-01,2024-12-31,-5,m3,,,measured",
        "unon,generator_fuel,diesel,2024-01-01,2024-12-31,10,litre,,,measured",
        "escwa,water,borehole,2024-01-01,2024-12-31,5,m3,,,measured",
    )

    with pytest.raises(ImportRefused) as refused:
        await inventories.import_file(broken)

    found = [(problem.row, problem.column, problem.code) for problem in refused.value.problems]
    assert found == [
        (2, "amount", "NOT_A_NUMBER"),
        (3, "site", "UNKNOWN_SITE"),
        (3, "amount", "NEGATIVE_AMOUNT"),
        (5, "site", "UNKNOWN_SITE"),
    ]
    assert [await inventories.rows(table) for table in RECORDS] == [[]] * len(RECORDS)


async def test_a_file_with_problems_leaves_what_was_taken_in_before(inventories: "Inventories") -> None:
    await inventories.import_file()
    before = [await inventories.rows(table) for table in RECORDS]

    with pytest.raises(ImportRefused):
        await inventories.import_file(inventories.csv("unon,water,borehole,2024-01-01,2024-12-31,-5,m3,,,measured"))

    assert [await inventories.rows(table) for table in RECORDS] == before


async def test_what_is_no_table_is_refused_and_writes_nothing(inventories: "Inventories") -> None:
    with pytest.raises(BadWorkbook):
        await inventories.import_file(b"PK\x03\x04 not a workbook")

    assert await inventories.rows("inventory") == []


@pytest.mark.parametrize("year", [-1, 0, 1989, 2101, 2_000_000])
async def test_there_is_no_inventory_of_a_year_that_none_can_be_of(inventories: "Inventories", year: int) -> None:
    with pytest.raises(InventoryYearOutOfRange):
        await inventories.import_file(year=year)

    assert await inventories.rows("inventory") == []


async def test_the_same_file_again_changes_nothing(inventories: "Inventories") -> None:
    first = await inventories.import_file()
    before = [await inventories.rows(table) for table in RECORDS]

    again = await inventories.import_file()

    assert again == first
    assert [await inventories.rows(table) for table in RECORDS] == before


async def test_the_same_file_many_times_at_once_is_taken_in_once(inventories: "Inventories") -> None:
    answers = await asyncio.gather(*(inventories.import_file() for _ in range(5)))

    assert len({answer.id for answer in answers}) == 1
    assert len(await inventories.rows("activity_record")) == 7


async def test_first_files_of_a_location_at_once_go_into_one_inventory(inventories: "Inventories") -> None:
    files = [
        inventories.csv(f"unon,water,borehole,2024-0{month}-01,2024-0{month}-28,5,m3,,,measured")
        for month in range(1, 6)
    ]

    answers = await asyncio.gather(*(inventories.import_file(content) for content in files))

    assert len({answer.inventory_id for answer in answers}) == 1
    assert len(await inventories.rows("activity_record")) == 5


@pytest.mark.parametrize(
    ("who", "location_id", "refusal"),
    [
        ("escwa-technical", "unon", NotFound),
        ("unon-chair", "unon", NotPermitted),
        ("unon-technical", "atlantis", NotFound),
        ("unon-technical", "escwa", NotFound),
    ],
)
async def test_data_are_entered_with_the_right_at_the_location(
    inventories: "Inventories", who: str, location_id: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await inventories.import_file(by=inventories.person(who), location_id=location_id)

    assert await inventories.rows("inventory") == []


# The rollup.


GROUPED = """SELECT inventory_id, location_id, scope, category, optional, sum(co2e_kg) AS co2e_kg,
    sum(biogenic_co2_kg) AS biogenic_co2_kg, count(*) AS records FROM activity_record
    WHERE coefficient_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5"""


async def test_the_rollup_is_the_sum_of_the_lines_to_the_last_digit(inventories: "Inventories") -> None:
    await inventories.import_file()
    await inventories.import_file(inventories.other_file())
    await inventories.import_file(
        inventories.csv("escwa,grid_electricity,,2024-01-01,2024-12-31,7.000000001,kWh,,,measured"),
        by=inventories.person("escwa-technical"),
        location_id="escwa",
    )

    kept = {tuple(row.items()) for row in await inventories.rows("inventory_total")}
    grouped = {tuple(row.items()) for row in await inventories.rows(f"({GROUPED}) AS grouped")}

    assert kept == grouped
    assert len(kept) == 7
    assert {row["optional"] for row in await inventories.rows("inventory_total")} == {True, False}


# Submit, return, approve.


async def test_an_inventory_goes_from_data_to_final(inventories: "Inventories") -> None:
    await inventories.import_file()
    submitted = await inventories.submit()
    returned = await inventories.return_(submitted.id, reasons="block B is missing")
    await inventories.import_file(inventories.other_file())
    again = await inventories.submit()
    final = await inventories.approve(again.id)

    assert [item.state for item in (submitted, returned, again, final)] == [
        "submitted", "returned", "submitted", "final",
    ]  # fmt: skip
    assert {item.id for item in (submitted, returned, again, final)} == {submitted.id}
    steps = sorted(await inventories.rows("inventory_step"), key=lambda row: row["step"])
    assert [(row["action"], row["by"], row["reasons"]) for row in steps] == [
        ("submitted", "unon-technical", None),
        ("returned", "unon-chair", "block B is missing"),
        ("submitted", "unon-technical", None),
        ("approved", "unon-chair", None),
    ]
    events = [(fact, said) for fact, said in await inventories.events() if fact != "location_registered"]
    assert [fact for fact, _ in events] == ["inventory_submitted"] * 2 + ["inventory_finalised"]
    said = events[-1][1]
    totals = [row for row in await inventories.rows("inventory_total") if not row["optional"]]
    assert Decimal(said["total"]["value"]) == sum(row["co2e_kg"] for row in totals)
    assert said["approved_by"] == "unon-chair"
    assert sum(Decimal(item["co2e"]["value"]) for item in said["by_scope"]) == Decimal(said["total"]["value"])
    # No profile was given: nothing is stated by person or by floor area.
    assert {name for name in said["indicators"] if "_per_" in name} == set()
    assert said["indicators"]["electricity"] == {"value": "1500", "unit": "kWh"}


async def test_intensities_are_stated_by_what_holds_in_that_year(inventories: "Inventories") -> None:
    await inventories.state_denominator("personnel", "10")
    await inventories.state_denominator("floor_area", "100")
    await inventories.state_denominator("personnel", "1", valid_from=date(2023, 1, 1), valid_to=date(2024, 1, 1))
    await inventories.import_file()

    await inventories.approve((await inventories.submit()).id)

    found = {row["indicator"]: row["value"] for row in await inventories.rows("inventory_indicator")}
    assert (found["electricity"], found["electricity_per_m2"], found["electricity_per_person"]) == (1000, 10, 100)


async def test_there_must_be_something_to_submit(inventories: "Inventories") -> None:
    with pytest.raises(NothingToSubmit):
        await inventories.submit()


async def test_who_submitted_does_not_approve(inventories: "Inventories") -> None:
    both = inventories.person("unon-technical", Role.LOCAL_CHAIR)
    await inventories.import_file(by=both)
    submitted = await inventories.submit(by=both)

    with pytest.raises(SubmitterMayNotApprove):
        await inventories.approve(submitted.id, by=both)

    assert [row["state"] for row in await inventories.rows("inventory")] == ["submitted"]
    assert (await inventories.approve(submitted.id)).state == "final"


async def test_who_submitted_an_earlier_time_does_not_approve_either(inventories: "Inventories") -> None:
    both = inventories.person("unon-technical", Role.LOCAL_CHAIR)
    other = replace(both, subject="another", name="another")
    await inventories.import_file(by=both)
    submitted = await inventories.submit(by=both)
    await inventories.return_(submitted.id)
    await inventories.submit(by=other)

    with pytest.raises(SubmitterMayNotApprove):
        await inventories.approve(submitted.id, by=both)


async def test_reasons_are_given_with_a_return(inventories: "Inventories") -> None:
    await inventories.import_file()
    submitted = await inventories.submit()

    with pytest.raises(ReasonsMissing):
        await inventories.return_(submitted.id, reasons="  ")

    assert len(await inventories.rows("inventory_step")) == 1


@pytest.mark.parametrize("what", ["submit", "return_", "approve", "import_file"])
async def test_a_final_inventory_takes_no_further_step(inventories: "Inventories", what: str) -> None:
    await inventories.import_file()
    final = await inventories.approve((await inventories.submit()).id)
    before = [await inventories.rows(table) for table in (*RECORDS, "inventory_step", "outbox")]

    with pytest.raises(InventoryIsFinal):
        await inventories.do(what, final.id)

    assert [await inventories.rows(table) for table in (*RECORDS, "inventory_step", "outbox")] == before


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ([], "return_"),
        ([], "approve"),
        (["submit"], "submit"),
        (["submit"], "import_file"),
        (["submit", "return_"], "approve"),
        (["submit", "return_"], "return_"),
    ],
)
async def test_each_step_has_its_state(inventories: "Inventories", steps: list[str], what: str) -> None:
    inventory_id = (await inventories.import_file()).inventory_id
    for step in steps:
        await inventories.do(step, inventory_id)

    with pytest.raises(WrongState):
        await inventories.do(what, inventory_id)


@pytest.mark.parametrize(
    ("who", "what", "refusal"),
    [
        ("unon-chair", "submit", NotPermitted),
        ("escwa-technical", "submit", NotFound),
        ("escwa-chair", "approve", NotFound),
        ("escwa-chair", "return_", NotFound),
    ],
)
async def test_each_step_needs_its_right_at_the_location(
    inventories: "Inventories", who: str, what: str, refusal: type[Exception]
) -> None:
    await inventories.import_file()
    submitted = await inventories.submit()

    with pytest.raises(refusal):
        await inventories.do(what, submitted.id, by=inventories.person(who))

    assert [row["state"] for row in await inventories.rows("inventory")] == ["submitted"]


# An import that races an approval.


async def test_an_import_that_meets_an_approval_under_way_waits_and_is_refused(inventories: "Inventories") -> None:
    await inventories.import_file()
    submitted = await inventories.submit()
    async with inventories.deciding("unon-chair") as (tx, principal, now):
        await usecases.approve_inventory(tx, principal=principal, now=now, inventory_id=submitted.id)
        late = asyncio.create_task(inventories.import_file(inventories.other_file()))
        await inventories.until_one_waits_for_a_lock()

    with pytest.raises(InventoryIsFinal):
        await late
    assert len(await inventories.rows("activity_import")) == 1


async def test_of_an_import_and_the_way_to_final_at_once_both_are_whole(inventories: "Inventories") -> None:
    """Whatever came first, the final totals are those of the lines that are there."""
    inventory_id = (await inventories.import_file()).inventory_id

    async def to_final() -> None:
        await inventories.submit()
        await inventories.approve(inventory_id)

    outcomes = await asyncio.gather(
        to_final(),
        *(
            inventories.import_file(
                inventories.csv(f"unon,grid_electricity,,2024-0{month}-01,2024-0{month}-28,{month},kWh,,,measured")
            )
            for month in range(1, 6)
        ),
        return_exceptions=True,
    )

    assert outcomes[0] is None
    assert all(isinstance(outcome, Refused) for outcome in outcomes if isinstance(outcome, BaseException))
    taken = [outcome for outcome in outcomes[1:] if not isinstance(outcome, BaseException)]
    assert len(await inventories.rows("activity_import")) == 1 + len(taken)
    async with inventories.database.transaction(["secretariat"]) as tx:
        lines = await tx.scalar(text("SELECT sum(co2e_kg) FROM activity_record WHERE NOT optional"))
    said = next(said for fact, said in await inventories.events() if fact == "inventory_finalised")
    assert Decimal(said["total"]["value"]) == lines
