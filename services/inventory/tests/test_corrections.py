"""A final inventory corrected by its next version: lines are copied and changed, and both versions stay readable."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import Grant, Principal
from chassis.database import Database
from chassis.refusals import NotFound
from contracts.access import Role
from inventory import access, usecases
from inventory.domain.errors import (
    CorrectionIncomplete,
    EntererMayNotApprove,
    ImportRefused,
    InventoryIsFinal,
    NewerVersionExists,
    ReasonsMissing,
    WrongState,
)
from services.inventory.tests.conftest import HEADER, ROWS

if TYPE_CHECKING:
    from inventory.domain.inventory import Inventory
    from services.inventory.tests.conftest import Inventories

WATER = {
    "site": "unon", "category": "water", "item": "borehole", "start": "2024-07-01", "end": "2024-12-31",
    "amount": "80.5", "unit": "m3", "quality": "measured",
}  # fmt: skip
OWN = "id, inventory_id, corrects_id"
LINE = "location_id, import_id, sheet, row_number, category, item, period_start, period_end, amount, unit, details,"
LINE += " quality, note, coefficient_id, scope, optional, co2e_kg, biogenic_co2_kg"


async def correct(inventories: "Inventories", inventory_id: str, *, reason: str = "a meter was read wrongly") -> Any:
    who = inventories.person("unon-technical")
    async with inventories._transaction(who, access.CORRECT_INVENTORY) as (tx, principal, now):
        return await usecases.correct_inventory(
            tx, principal=principal, now=now, inventory_id=inventory_id, reason=reason
        )


def at_unon(inventories: "Inventories", name: str, role: Role) -> Principal:
    return replace(inventories.person(name), grants=(Grant(role=role, location_id="unon"),))


async def correct_record(
    inventories: "Inventories", inventory_id: str, by: str = "unon-technical", **given: Any
) -> Any:
    good = {"record_id": None, "cells": WATER, "reason": "it was forgotten"}
    who = at_unon(inventories, by, Role.TECHNICAL_TEAM)
    async with inventories._transaction(who, access.CORRECT_ACTIVITY_RECORD) as (tx, principal, now):
        return await usecases.correct_activity_record(
            tx, principal=principal, now=now, inventory_id=inventory_id, **good | given
        )


async def lines(inventories: "Inventories", inventory_id: str, columns: str = LINE) -> list[tuple[Any, ...]]:
    async with inventories.database.transaction(["secretariat"]) as tx:
        found = await tx.execute(
            text(f"SELECT {columns} FROM activity_record WHERE inventory_id = :id ORDER BY row_number, id"),  # noqa: S608
            {"id": inventory_id},
        )
        return [tuple(row) for row in found]


async def totals(inventories: "Inventories", inventory_id: str) -> list[tuple[Any, ...]]:
    rows = [row for row in await inventories.rows("inventory_total") if row["inventory_id"] == inventory_id]
    return sorted((row["location_id"], row["category"], row["co2e_kg"], row["records"]) for row in rows)


async def second(inventories: "Inventories") -> tuple["Inventory", "Inventory"]:
    final = await inventories.final()
    return final, await correct(inventories, final.id)


async def test_the_next_version_has_every_line_and_the_same_totals(inventories: "Inventories") -> None:
    final, draft = await second(inventories)

    assert (draft.version, draft.state, draft.year, draft.location_id) == (2, "draft", 2024, "unon")
    assert await lines(inventories, draft.id) == await lines(inventories, final.id)
    assert len(await lines(inventories, draft.id)) == len(ROWS)
    assert await lines(inventories, draft.id, "corrects_id") == await lines(inventories, final.id, "id")
    assert await totals(inventories, draft.id) == await totals(inventories, final.id)


async def test_both_versions_are_readable_and_name_each_other(inventories: "Inventories") -> None:
    final, draft = await second(inventories)
    document = """query($first: ID!, $second: ID!) {
        first: inventory(id: $first) { version state total { value } corrects { id } correctedBy { id }
            correctionReason correctionCause }
        second: inventory(id: $second) { version state total { value } corrects { id } correctedBy { id }
            correctionReason correctionCause } }"""

    answer = await inventories.ask(inventories.person("unon-chair"), document, first=final.id, second=draft.id)

    total = answer["data"]["first"]["total"]
    assert answer["data"] == {
        "first": {
            "version": 1, "state": "final", "total": total, "corrects": None, "correctedBy": {"id": draft.id},
            "correctionReason": None, "correctionCause": None,
        },
        "second": {
            "version": 2, "state": "draft", "total": total, "corrects": {"id": final.id}, "correctedBy": None,
            "correctionReason": "a meter was read wrongly", "correctionCause": "error",
        },
    }  # fmt: skip


async def test_a_record_is_changed_added_and_removed_and_the_final_version_stays(inventories: "Inventories") -> None:
    final, draft = await second(inventories)
    before = await lines(inventories, final.id, f"{OWN}, {LINE}"), await totals(inventories, final.id)
    (old,) = (
        await lines(inventories, draft.id, "id, corrects_id, row_number = 7 AS water")[5:6]
        if False
        else [row for row in await lines(inventories, draft.id, "id, corrects_id, category") if row[2] == "water"]
    )

    changed = await correct_record(inventories, draft.id, record_id=str(old[0]), reason="misread")
    added = await correct_record(inventories, draft.id, cells=WATER | {"start": "2024-01-01", "end": "2024-06-30"})
    (waste,) = [row for row in await lines(inventories, draft.id, "id, category") if row[1] == "waste"]
    removed = await correct_record(inventories, draft.id, record_id=str(waste[0]), cells=None, reason="not ours")

    assert [item.action for item in (changed, added, removed)] == ["changed", "added", "removed"]
    assert (changed.replaced["id"], changed.replaced["corrects_id"], changed.replaced["amount"]) == (*old[:2], "70")
    assert removed.replaced["category"] == "waste"
    assert removed.record_id is added.replaced is None
    now = await lines(inventories, draft.id, "id, category, amount")
    assert {(row[1], str(row[2])) for row in now} >= {("water", "80.5")}
    assert changed.record_id in {row[0] for row in now}
    assert added.record_id in {row[0] for row in now}
    assert {row[1] for row in now}.isdisjoint({"waste"})
    assert (await lines(inventories, final.id, f"{OWN}, {LINE}"), await totals(inventories, final.id)) == before
    document = "query($id: ID!) { inventory(id: $id) { recordCorrections(first: 9) { edges { node {\
        action recordId reason correctedBy replaced { amount { value unit } } } } } } }"
    answer = await inventories.ask(inventories.person("unon-chair"), document, id=draft.id)
    assert [edge["node"] for edge in answer["data"]["inventory"]["recordCorrections"]["edges"]] == [
        {
            "action": "changed", "recordId": str(changed.record_id), "reason": "misread",
            "correctedBy": "unon-technical", "replaced": {"amount": {"value": "70", "unit": "m3"}},
        },
        {
            "action": "added", "recordId": str(added.record_id), "reason": "it was forgotten",
            "correctedBy": "unon-technical", "replaced": None,
        },
        {
            "action": "removed", "recordId": None, "reason": "not ours", "correctedBy": "unon-technical",
            "replaced": {"amount": {"value": "123.4", "unit": "kg"}},
        },
    ]  # fmt: skip


async def test_a_corrected_version_becomes_final_and_says_what_it_takes_the_place_of(
    inventories: "Inventories",
) -> None:
    final, draft = await second(inventories)
    await correct_record(inventories, draft.id)
    await inventories.submit()

    approved = await inventories.approve(draft.id)

    fact, said = (await inventories.events())[-1]
    assert (approved.version, approved.state) == (2, "final")
    assert (fact, said["inventory_version"], said["corrects_id"], said["correction_cause"]) == (
        "inventory_finalised", 2, final.id, "error",
    )  # fmt: skip
    assert said["correction_reason"] == "a meter was read wrongly"
    third = await correct(inventories, draft.id)
    assert third.version == 3


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ({}, "7.50"),
        ({"uncertainty": "3"}, "3"),
        ({"Incertitude": "3"}, "3"),
        ({"uncertainty": None}, None),
        ({"uncertainty": ""}, None),
        ({"uncertainty": "left out"}, None),
    ],
)
async def test_a_changed_record_is_as_well_known_as_before_unless_it_says_so(
    inventories: "Inventories", cells: dict[str, str | None], kept: str | None
) -> None:
    stated = "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured,,,7.50"
    final = await inventories.final(f"{HEADER},uncertainty\n{stated}".encode())
    draft = await correct(inventories, final.id)
    ((record_id,),) = await lines(inventories, draft.id, "id")
    row = [
        {"column": column} if value == "left out" else {"column": column, "value": value}
        for column, value in (WATER | cells).items()
    ]
    given = {"inventoryId": draft.id, "recordId": str(record_id), "row": row, "reason": "r", "idempotencyKey": "k"}
    document = """mutation($input: CorrectActivityRecordInput!) { correctActivityRecord(input: $input) {
        __typename ... on RecordCorrection { id } } }"""

    answer = await inventories.ask(at_unon(inventories, "unon-technical", Role.TECHNICAL_TEAM), document, input=given)

    assert answer["data"]["correctActivityRecord"]["__typename"] == "RecordCorrection", answer
    ((percent, amount),) = await lines(inventories, draft.id, "uncertainty_percent, amount")
    assert (None if percent is None else str(percent), str(amount)) == (kept, "80.5")


async def test_the_file_of_an_earlier_version_is_in_already(inventories: "Inventories") -> None:
    _, draft = await second(inventories)

    await inventories.import_file()

    assert len(await lines(inventories, draft.id)) == len(ROWS)


async def test_the_same_row_may_be_entered_again_after_it_was_removed(inventories: "Inventories") -> None:
    _, draft = await second(inventories)
    for _ in range(2):
        added = await correct_record(inventories, draft.id)
        await correct_record(inventories, draft.id, record_id=str(added.record_id), cells=None, reason="not yet")
    assert len(await lines(inventories, draft.id)) == len(ROWS)


@pytest.mark.parametrize(
    ("which", "given", "refusal"),
    [
        ("final", {"reason": " "}, ReasonsMissing),
        ("none such", {}, NotFound),
    ],
)
async def test_a_correction_that_is_not_sound_opens_nothing(
    inventories: "Inventories", which: str, given: dict[str, str], refusal: type[Exception]
) -> None:
    final = await inventories.final()

    with pytest.raises(refusal):
        await correct(inventories, final.id if which == "final" else which, **given)

    assert len(await inventories.rows("inventory")) == 1


async def test_what_is_not_final_or_not_the_newest_is_not_corrected(inventories: "Inventories") -> None:
    final, draft = await second(inventories)

    with pytest.raises(WrongState):
        await correct(inventories, draft.id, reason="")
    with pytest.raises(NewerVersionExists):
        await correct(inventories, final.id, reason="")

    assert len(await inventories.rows("inventory")) == 2


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"cells": None, "reason": ""}, CorrectionIncomplete),
        ({"reason": "", "record_id": "0"}, ReasonsMissing),
        ({"record_id": "0"}, NotFound),
        ({"record_id": "not a number"}, NotFound),
        ({"record_id": "9" * 30}, NotFound),
        ({"cells": WATER | {"unit": "kWh"}}, ImportRefused),
        ({"cells": WATER | {"start": "2023-01-01"}}, ImportRefused),
    ],
)
async def test_a_correction_of_a_record_that_is_not_sound_changes_nothing(
    inventories: "Inventories", given: dict[str, Any], refusal: type[Exception]
) -> None:
    _, draft = await second(inventories)
    tables = ("activity_record", "activity_import", "record_correction", "inventory_total", "inventory_month_total")
    before = [await inventories.rows(table) for table in tables]

    with pytest.raises(refusal):
        await correct_record(inventories, draft.id, **given)

    assert [await inventories.rows(table) for table in tables] == before


async def test_a_bad_row_in_the_place_of_a_record_leaves_the_record(inventories: "Inventories") -> None:
    _, draft = await second(inventories)
    before = await lines(inventories, draft.id)
    (first, *_) = await lines(inventories, draft.id, "id")

    with pytest.raises(ImportRefused):
        await correct_record(inventories, draft.id, record_id=str(first[0]), cells=WATER | {"amount": "many"})

    assert await lines(inventories, draft.id) == before


@pytest.mark.parametrize("state", ["submitted", "final"])
async def test_records_of_what_is_handed_in_are_not_corrected(inventories: "Inventories", state: str) -> None:
    inventory_id = (await inventories.import_file()).inventory_id
    await inventories.submit()
    if state == "final":
        await inventories.approve(inventory_id)

    with pytest.raises(InventoryIsFinal if state == "final" else WrongState):
        await correct_record(inventories, inventory_id)


@pytest.mark.parametrize("what", ["opened it", "corrected a record", "entered the version before"])
async def test_who_entered_any_of_it_does_not_approve_it(inventories: "Inventories", what: str) -> None:
    await inventories.import_file(by=inventories.person("unon-member", Role.TECHNICAL_TEAM))
    final = await inventories.approve((await inventories.submit()).id)
    draft = await correct(inventories, final.id)
    await correct_record(inventories, draft.id, by="outside")
    await inventories.submit(by=inventories.person("steering", Role.TECHNICAL_TEAM))
    who = {"opened it": "unon-technical", "corrected a record": "outside", "entered the version before": "unon-member"}

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(draft.id, by=at_unon(inventories, who[what], Role.LOCAL_CHAIR))

    assert (await inventories.approve(draft.id)).state == "final"


@pytest.mark.parametrize("role", ["serving", "owner"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record_correction SET reason = 'x'",
        "DELETE FROM record_correction",
        "INSERT INTO record_correction SELECT 'x', inventory_id, location_id, category, 'added', 1, null, 'r', 'x',\
            'x', corrected_at FROM record_correction",
        "UPDATE inventory SET reason = 'x' WHERE version = 2",
        "UPDATE inventory SET corrects_id = id WHERE version = 2",
    ],
)
async def test_what_was_corrected_and_why_cannot_be_changed_once_it_is_final(
    inventories: "Inventories", role: str, change: str
) -> None:
    _, draft = await second(inventories)
    await correct_record(inventories, draft.id)
    await inventories.submit()
    await inventories.approve(draft.id)
    database = Database.connect(getattr(inventories.urls, role), pool_size=1)

    with pytest.raises(DBAPIError, match=r"permission denied|cannot be changed"):
        async with database.transaction(["secretariat"]) as tx:
            await tx.execute(text(change))

    await database.close()
