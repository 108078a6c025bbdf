"""Locations that move, merge, close and are handed over: the tree as it is, as it was, and who reads which side."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.refusals import NotFound, NotPermitted
from inventory import access, usecases
from inventory.domain.errors import (
    ChangeBeforeEarlierOne,
    ChangeInTheFuture,
    ChangeNeedsOneOutcome,
    LocationClosed,
    LocationHasOpenParts,
    LocationUnderItself,
    ReasonsMissing,
    RootStays,
)

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

ON = date(2024, 7, 1)
WHY = "A/RES/78/1"


async def move(inventories: "Inventories", by: str = "coordinator", **given: Any) -> Any:
    """unon-gigiri under escwa, unless others are given."""
    good = {"location_id": "unon-gigiri", "parent_id": "escwa", "on": ON, "reason": WHY}
    who = inventories.person(by)
    async with inventories._transaction(who, access.MOVE_LOCATION) as (tx, principal, now):
        return await usecases.move_location(tx, principal=principal, now=now, **good | given)


async def close(inventories: "Inventories", by: str = "coordinator", **given: Any) -> Any:
    good = {"location_id": "unon-gigiri", "merged_into_id": None, "handed_over_to": None, "on": ON, "reason": WHY}
    who = inventories.person(by)
    async with inventories._transaction(who, access.CLOSE_LOCATION) as (tx, principal, now):
        return await usecases.close_location(tx, principal=principal, now=now, **good | given)


async def lineage(inventories: "Inventories", code: str, as_of: str) -> list[str]:
    document = "query($id: ID!, $asOf: Date!) { location(id: $id) { lineage(asOf: $asOf) } }"
    answer = await inventories.ask(inventories.person("coordinator"), document, id=code, asOf=as_of)
    found: list[str] = answer["data"]["location"]["lineage"]
    return found


async def above(inventories: "Inventories", code: str) -> set[str]:
    """By the closure, which rights follow."""
    rows = await inventories.rows("location_closure")
    return {row["ancestor_id"] for row in rows if row["descendant_id"] == code}


async def test_a_location_moves_with_all_below_it_and_the_tree_stays_readable_as_it_was(
    inventories: "Inventories",
) -> None:
    await move(inventories, location_id="unon", parent_id="escwa")

    rows = {row["id"]: row for row in await inventories.rows("location")}
    assert {code: rows[code]["path"] for code in ("unon", "unon-gigiri")} == {
        "unon": "secretariat.escwa.unon",
        "unon-gigiri": "secretariat.escwa.unon.unon-gigiri",
    }
    assert rows["unon"]["parent_id"] == "escwa"
    assert await above(inventories, "unon-gigiri") == {"secretariat", "escwa", "unon", "unon-gigiri"}
    for as_of, expected in {
        "1999-12-31": [],
        "2024-06-30": ["secretariat", "unon", "unon-gigiri"],
        "2024-07-01": ["secretariat", "escwa", "unon", "unon-gigiri"],
    }.items():
        assert await lineage(inventories, "unon-gigiri", as_of) == expected, as_of


async def test_a_move_there_and_back_leaves_each_time_as_it_was(inventories: "Inventories") -> None:
    await move(inventories)
    await move(inventories, parent_id="unon", on=date(2025, 1, 1))

    assert [
        (await lineage(inventories, "unon-gigiri", day))[1] for day in ("2024-01-01", "2024-08-01", "2025-08-01")
    ] == ["unon", "escwa", "unon"]
    assert await above(inventories, "unon-gigiri") == {"secretariat", "unon", "unon-gigiri"}


async def test_what_is_registered_later_was_where_its_parent_was(inventories: "Inventories") -> None:
    await move(inventories)
    site = inventories.location("unon-gigiri")
    await inventories.register(replace(site, id="gigiri-annex", parent_id="unon-gigiri", valid_from=date(2020, 1, 1)))

    assert (await lineage(inventories, "gigiri-annex", "2024-01-01"))[:2] == ["secretariat", "unon"]
    assert (await lineage(inventories, "gigiri-annex", "2025-01-01"))[:2] == ["secretariat", "escwa"]


async def test_a_site_that_moved_away_stays_in_the_inventories_that_it_was_part_of(inventories: "Inventories") -> None:
    rows = inventories.csv(
        "unon,grid_electricity,,2024-01-01,2024-12-31,5,kWh,,,measured",
        "unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,7,kWh,,,measured",
    )
    await inventories.import_file(rows)
    kept = ("activity_record", "inventory_total", "inventory_month_total", "inventory_gas_total")

    async def sites(root: str) -> list[list[str]]:
        return [sorted(row["location_id"] for row in await inventories.rows(table, roots=(root,))) for table in kept]

    before = await sites("unon")
    assert all(set(found) == {"unon", "unon-gigiri"} for found in before)

    await move(inventories)

    assert await sites("unon") == before
    # The new side has the site now, and with it what the site itself was part of.
    assert [set(found) for found in await sites("escwa")] == [{"unon-gigiri"}] * 4
    await move(inventories, parent_id="secretariat", on=date(2025, 1, 1))
    assert [set(found) for found in await sites("escwa")] == [set()] * 4


async def test_rights_follow_the_tree_as_it_is_and_the_old_side_reads_the_years_before(
    inventories: "Inventories",
) -> None:
    rows = inventories.csv("unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,7,kWh,,,measured")
    taken = await inventories.import_file(rows, by=inventories.person("gigiri-technical"), location_id="unon-gigiri")
    later = inventories.csv("unon-gigiri,water,borehole,2025-01-01,2025-12-31,7,m3,,,measured")
    new = await inventories.import_file(
        later, by=inventories.person("gigiri-technical"), location_id="unon-gigiri", year=2025
    )

    await move(inventories)

    seen = {
        root: {row["id"] for row in await inventories.rows("inventory", roots=(root,))} for root in ("unon", "escwa")
    }
    assert seen == {"unon": {taken.inventory_id}, "escwa": {taken.inventory_id, new.inventory_id}}
    # Records tell who flew where: they are for those above it now.
    assert await inventories.rows("activity_record", roots=("unon",)) == []
    # Both sides read what happened.
    for root in ("unon", "escwa"):
        assert [row["kind"] for row in await inventories.rows("location_change", roots=(root,))] == ["moved"]
    with pytest.raises(DBAPIError):
        async with inventories.database.transaction(["unon"]) as tx:
            await tx.execute(
                text(
                    "INSERT INTO inventory SELECT 'x', location_id, year, 2, state, gwp_set, opened_by, opened_at"
                    " FROM inventory"
                )
            )


async def test_a_merged_location_is_under_what_took_it_in_and_ends(inventories: "Inventories") -> None:
    await close(inventories, merged_into_id="escwa")

    (row,) = [row for row in await inventories.rows("location") if row["id"] == "unon-gigiri"]
    assert (row["path"], row["valid_to"]) == ("secretariat.escwa.unon-gigiri", ON)
    said = (await inventories.events())[-2:]
    assert [fact for fact, _ in said] == ["location_moved", "location_closed"]
    assert (said[1][1]["kind"], said[1][1]["into_id"], said[1][1]["closed_on"]) == ("merged", "escwa", "2024-07-01")
    document = '{ escwa: location(id: "escwa") { changes { kind locationId } } unon: location(id: "unon-gigiri") {\
        changes { kind parentId fromParentId reason changedBy } } }'
    answer = (await inventories.ask(inventories.person("coordinator"), document))["data"]
    assert answer == {
        "escwa": {"changes": [{"kind": "merged", "locationId": "unon-gigiri"}]},
        "unon": {
            "changes": [
                {
                    "kind": "merged", "parentId": "escwa", "fromParentId": "unon", "reason": WHY,
                    "changedBy": "coordinator",
                }
            ]
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kind", "recipient"),
    [({}, "closed", None), ({"handed_over_to": "UNDP"}, "handed_over", "UNDP")],
)
async def test_a_location_ends_where_it_is(
    inventories: "Inventories", given: dict[str, Any], kind: str, recipient: str | None
) -> None:
    await close(inventories, **given)

    fact, said = (await inventories.events())[-1]
    assert (fact, said["kind"], said["recipient"], said["into_id"]) == ("location_closed", kind, recipient, None)
    (row,) = [row for row in await inventories.rows("location") if row["id"] == "unon-gigiri"]
    assert (row["path"], row["valid_to"]) == ("secretariat.unon.unon-gigiri", ON)
    assert await above(inventories, "unon-gigiri") == {"secretariat", "unon", "unon-gigiri"}


MOVE_REFUSALS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"location_id": "secretariat"}, RootStays),
    ({"location_id": "unon", "parent_id": "unon-gigiri", "on": date(2100, 1, 1)}, LocationUnderItself),
    ({"parent_id": "unon-gigiri"}, LocationUnderItself),
    ({"parent_id": "unon"}, LocationUnderItself),
    ({"parent_id": "atlantis"}, NotFound),
    ({"location_id": "atlantis"}, NotFound),
    ({"on": date(2100, 1, 1), "reason": ""}, ChangeInTheFuture),
    ({"on": date(2000, 1, 1), "reason": ""}, ChangeBeforeEarlierOne),
    ({"reason": " "}, ReasonsMissing),
]


@pytest.mark.parametrize(("given", "refusal"), MOVE_REFUSALS)
async def test_a_move_that_is_not_sound_changes_nothing(
    inventories: "Inventories", given: dict[str, Any], refusal: type[Exception]
) -> None:
    tables = ("location", "location_closure", "location_lineage", "location_change", "outbox")
    before = [await inventories.rows(table) for table in tables]

    with pytest.raises(refusal):
        await move(inventories, **given)

    assert [await inventories.rows(table) for table in tables] == before


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"location_id": "secretariat"}, RootStays),
        ({"merged_into_id": "escwa", "handed_over_to": "UNDP"}, ChangeNeedsOneOutcome),
        ({"location_id": "unon", "merged_into_id": "unon-gigiri"}, LocationUnderItself),
        ({"location_id": "unon", "on": date(2100, 1, 1)}, LocationHasOpenParts),
        ({"merged_into_id": "atlantis"}, NotFound),
        ({"on": date(2100, 1, 1), "reason": ""}, ChangeInTheFuture),
        ({"on": date(1999, 1, 1)}, ChangeBeforeEarlierOne),
        ({"reason": ""}, ReasonsMissing),
    ],
)
async def test_an_end_that_is_not_sound_changes_nothing(
    inventories: "Inventories", given: dict[str, Any], refusal: type[Exception]
) -> None:
    before = await inventories.rows("location")

    with pytest.raises(refusal):
        await close(inventories, **given)

    assert (await inventories.rows("location"), await inventories.rows("location_change")) == (before, [])


@pytest.mark.parametrize("then", [move, close])
async def test_what_has_ended_neither_moves_nor_ends_again(inventories: "Inventories", then: Any) -> None:
    await close(inventories)

    with pytest.raises(LocationClosed):
        await then(inventories, on=date(2025, 1, 1))


@pytest.mark.parametrize("given", [{}, {"location_id": "unon"}, {"location_id": "escwa", "parent_id": "unon"}])
async def test_changes_are_entered_in_the_order_in_which_they_happened(
    inventories: "Inventories", given: dict[str, Any]
) -> None:
    """Also of what is above and below: the tree of a day can't depend on the order of entry."""
    await move(inventories, on=date(2024, 9, 1))

    with pytest.raises((ChangeBeforeEarlierOne, LocationUnderItself)):
        await move(inventories, **{"on": date(2024, 8, 1)} | given)


@pytest.mark.parametrize(
    ("by", "given", "refusal"),
    [
        ("unon-chair", {}, NotPermitted),
        ("unon-register", {}, NotFound),
        ("unon-register", {"location_id": "escwa", "parent_id": "unon"}, NotFound),
    ],
)
async def test_a_move_needs_the_right_on_both_sides(
    inventories: "Inventories", by: str, given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await move(inventories, by=by, **given)

    assert await inventories.rows("location_change") == []


async def test_what_happened_is_only_ever_added_to(inventories: "Inventories") -> None:
    await move(inventories)

    for change in ("UPDATE location_change SET reason = 'x'", "DELETE FROM location_change"):
        for role in ("owner", "serving"):
            database = Database.connect(getattr(inventories.urls, role), pool_size=1)
            with pytest.raises(DBAPIError, match=r"only ever added to|permission denied"):
                async with database.transaction(["secretariat"]) as tx:
                    await tx.execute(text(change))
            await database.close()
    assert datetime.now(UTC) > (await inventories.rows("location_change"))[0]["changed_at"]


@pytest.mark.parametrize(
    ("by", "given", "refusal"),
    [
        ("unon-chair", {}, NotPermitted),
        ("unon-register", {"merged_into_id": "escwa"}, NotFound),
        ("unon-register", {"location_id": "escwa", "merged_into_id": "unon"}, NotFound),
    ],
)
async def test_a_merger_needs_the_right_on_both_sides(
    inventories: "Inventories", by: str, given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await close(inventories, by=by, **given)

    assert await inventories.rows("location_change") == []


async def test_subscribers_are_told_of_a_move(inventories: "Inventories") -> None:
    await move(inventories)

    fact, said = (await inventories.events())[-1]
    assert fact == "location_moved"
    assert {name: said[name] for name in ("location_id", "from_parent_id", "parent_id", "path", "moved_on")} == {
        "location_id": "unon-gigiri", "from_parent_id": "unon", "parent_id": "escwa",
        "path": "secretariat.escwa.unon-gigiri", "moved_on": "2024-07-01",
    }  # fmt: skip


async def test_of_two_moves_on_one_day_the_later_one_holds(inventories: "Inventories") -> None:
    await move(inventories)
    await move(inventories, parent_id="secretariat")

    assert await lineage(inventories, "unon-gigiri", "2024-06-30") == ["secretariat", "unon", "unon-gigiri"]
    assert await lineage(inventories, "unon-gigiri", "2024-07-01") == ["secretariat", "unon-gigiri"]
    assert await above(inventories, "unon-gigiri") == {"secretariat", "unon-gigiri"}


async def test_what_is_above_or_below_has_not_changed_since(inventories: "Inventories") -> None:
    """unon moved in September: its site can't have moved from under it in August, nor unon from over a later move."""
    annex = replace(inventories.location("unon-gigiri"), id="annex", parent_id="unon")
    await inventories.register(annex)
    await move(inventories, location_id="annex", parent_id="unon-gigiri", on=date(2024, 9, 1))
    with pytest.raises(ChangeBeforeEarlierOne):
        await move(inventories, location_id="unon", parent_id="escwa", on=date(2024, 8, 1))
    await move(inventories, location_id="unon", parent_id="escwa", on=date(2024, 10, 1))
    with pytest.raises(ChangeBeforeEarlierOne):
        await move(inventories, location_id="unon-gigiri", parent_id="secretariat", on=date(2024, 9, 15))


async def test_a_part_that_ends_later_is_open_until_then(inventories: "Inventories") -> None:
    await close(inventories, on=date(2024, 9, 1))

    with pytest.raises(LocationHasOpenParts, match="unon"):
        await close(inventories, location_id="unon", on=date(2024, 8, 1))
    assert (await close(inventories, location_id="unon", on=date(2024, 9, 1))).kind == "closed"


@pytest.mark.parametrize(
    ("then", "given"),
    [(move, {"location_id": "unon-gigiri", "parent_id": "escwa"}), (close, {"merged_into_id": "escwa"})],
)
async def test_nothing_goes_to_what_has_ended(inventories: "Inventories", then: Any, given: dict[str, Any]) -> None:
    await close(inventories, location_id="escwa", on=date(2024, 5, 1))

    with pytest.raises(LocationClosed, match="escwa"):
        await then(inventories, **given)


async def test_a_change_is_entered_once_its_day_has_come(inventories: "Inventories") -> None:
    """Further east the next day may have begun; the day after has come nowhere."""
    today = datetime.now(UTC).date()

    with pytest.raises(ChangeInTheFuture):
        await move(inventories, on=today + timedelta(days=3))
    assert (await move(inventories, on=today + timedelta(days=1))).on == today + timedelta(days=1)


async def test_changes_of_the_tree_wait_for_each_other(inventories: "Inventories") -> None:
    """Each alone is sound; together they would put two locations under each other."""
    who = inventories.person("coordinator")
    async with inventories._transaction(who, access.MOVE_LOCATION) as (tx, principal, now):
        await usecases.move_location(
            tx, principal=principal, now=now, location_id="unon", parent_id="escwa", on=ON, reason=WHY
        )
        second = asyncio.create_task(move(inventories, location_id="escwa", parent_id="unon"))
        await inventories.until_done_or_waiting(second)
        assert not second.done()

    with pytest.raises(LocationUnderItself):
        await second
