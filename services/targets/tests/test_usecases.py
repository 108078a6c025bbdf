"""What *targets* does, on PostgreSQL: targets are set, and inventories held against them, whichever comes first."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import ANONYMOUS, Principal
from chassis.inbox import Outcome
from contracts.fact import Amount
from contracts.inventory import InventoryFinalised
from targets import usecases
from targets.domain.progress import MeasuredIndicator

if TYPE_CHECKING:
    from services.targets.tests.conftest import Targets

People = Callable[[str], Principal]

TABLES = ("target", "measured_indicator", "progress_assessment")


def found(row: Any) -> tuple[Any, ...]:
    """Of an assessment, what was found."""
    return row["year"], row["inventory_version"], row["value"], row["expected"], row["verdict"]


async def test_a_target_is_set_and_said(targets: "Targets") -> None:
    answer = await targets.set()

    (row,) = await targets.rows("target")
    assert (row["id"], row["location_id"], row["indicator"], row["unit"]) == (
        answer["id"], "unon", "electricity", "kWh",
    )  # fmt: skip
    assert (row["base_year"], row["base_value"], row["target_year"], row["target_value"]) == (2014, 1000, 2034, 500)
    assert row["set_by"] == "unon-chair"
    assert await targets.events() == [
        (
            "target_set",
            {
                "location_id": "unon",
                "target_id": answer["id"],
                "indicator": "electricity",
                "base_year": 2014,
                "base_value": {"value": "1000", "unit": "kWh"},
                "target_year": 2034,
                "target_value": {"value": "500", "unit": "kWh"},
            },
        )
    ]


async def test_a_second_target_for_the_same_is_refused(targets: "Targets") -> None:
    await targets.set()

    again = await targets.set(targetValue="400")

    assert (again["code"], again["subject"]) == ("TARGET_ALREADY_SET", "electricity of unon by 2034")
    assert [row["target_value"] for row in await targets.rows("target")] == [Decimal(500)]
    assert len(await targets.events()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"targetYear": 2030},
        {"indicator": "water", "unit": "m3"},
        {"locationId": "unon-gigiri"},
    ],
)
async def test_a_target_for_something_else_stands_beside_it(targets: "Targets", other: dict[str, Any]) -> None:
    await targets.set()

    assert (await targets.set(**other))["__typename"] == "Target"


async def test_of_the_same_target_set_many_times_at_once_one_stands(targets: "Targets") -> None:
    answers = await asyncio.gather(*(targets.set() for _ in range(6)))

    assert sorted(answer.get("code", "set") for answer in answers) == ["TARGET_ALREADY_SET"] * 5 + ["set"]
    assert len(await targets.rows("target")) == 1


@pytest.mark.parametrize(
    ("who", "location_id", "code"),
    [
        ("unon-chair", "atlantis", "NOT_FOUND"),
        ("escwa-chair", "unon", "NOT_FOUND"),
        ("unon-technical", "unon", "NOT_PERMITTED"),
        ("coordinator", "unon", "NOT_PERMITTED"),
        ("auditor", "unon", "NOT_PERMITTED"),
        ("outside", "unon", "NOT_PERMITTED"),
    ],
)
async def test_who_may_not_set_a_target_is_refused_before_its_values(
    targets: "Targets", people: People, who: str, location_id: str, code: str
) -> None:
    answer = await targets.set(people(who), locationId=location_id, indicator="happiness")

    assert answer["code"] == code
    assert await targets.rows("target") == []


async def test_setting_a_target_needs_a_token(targets: "Targets") -> None:
    assert (await targets.set(ANONYMOUS))["code"] == "NOT_SIGNED_IN"


async def test_values_are_refused_before_a_target_that_is_set_already(targets: "Targets") -> None:
    await targets.set()

    assert (await targets.set(targetValue="-1"))["code"] == "TARGET_VALUE_NEGATIVE"


async def test_a_final_inventory_is_held_against_the_target(targets: "Targets") -> None:
    target = await targets.set()

    outcome = await targets.inventory_is_final()

    (assessment,) = await targets.rows("progress_assessment")
    assert outcome is Outcome.APPLIED
    assert found(assessment) == (2024, 1, 700, 750, "on_track")
    assert assessment["reduction_percent"] == 30
    fact, said = (await targets.events())[-1]
    assert fact == "progress_assessed"
    assert said == {
        "location_id": "unon",
        "target_id": target["id"],
        "assessment_id": assessment["id"],
        "indicator": "electricity",
        "year": 2024,
        "value": {"value": "700", "unit": "kWh"},
        "expected": {"value": "750", "unit": "kWh"},
        "reduction": {"value": said["reduction"]["value"], "unit": "percent"},
        "verdict": "on_track",
        "inventory_id": "unon-2024-v1",
        "inventory_version": 1,
    }
    assert Decimal(said["reduction"]["value"]) == 30


async def test_every_target_of_the_location_is_assessed_and_none_of_another(targets: "Targets", people: People) -> None:
    sooner = await targets.set(targetYear=2024, targetValue="700")
    later = await targets.set()
    await targets.set(people("escwa-chair"), locationId="escwa")
    await targets.set(locationId="unon-gigiri")

    await targets.inventory_is_final()

    assert {(row["target_id"], row["verdict"]) for row in await targets.rows("progress_assessment")} == {
        (sooner["id"], "achieved"),
        (later["id"], "on_track"),
    }


async def test_the_same_event_again_changes_nothing(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final(event_id="an-event")
    before = [await targets.rows(table) for table in (*TABLES, "outbox")]

    outcome = await targets.inventory_is_final(event_id="an-event")

    assert outcome is Outcome.DUPLICATE
    assert [await targets.rows(table) for table in (*TABLES, "outbox")] == before


async def test_the_same_version_in_another_event_changes_nothing(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final(event_id="an-event")
    before = [await targets.rows(table) for table in (*TABLES, "outbox")]

    outcome = await targets.inventory_is_final(event_id="another-event")

    assert outcome is Outcome.APPLIED
    assert [await targets.rows(table) for table in (*TABLES, "outbox")] == before


async def test_a_newer_version_of_the_inventory_adds_an_assessment(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final()

    await targets.inventory_is_final(version=2, electricity=("800", "kWh"))

    assert [found(row) for row in await targets.rows("progress_assessment")] == [
        (2024, 1, 700, 750, "on_track"),
        (2024, 2, 800, 750, "off_track"),
    ]
    assert [fact for fact, _ in await targets.events()] == ["target_set"] + ["progress_assessed"] * 2


async def test_a_target_set_afterwards_is_held_against_the_newest_version_of_each_year(targets: "Targets") -> None:
    await targets.inventory_is_final(year=2013)
    await targets.inventory_is_final(year=2023, electricity=("400", "kWh"))
    await targets.inventory_is_final(year=2024)
    await targets.inventory_is_final(year=2024, version=2, electricity=("800", "kWh"))
    await targets.inventory_is_final(year=2025, electricity=("0.7", "MWh"))

    answer = await targets.set()

    assert sorted(found(row) for row in await targets.rows("progress_assessment")) == [
        (2023, 1, 400, 775, "achieved"),
        (2024, 2, 800, 750, "off_track"),
    ]
    assert [(row["year"], row["verdict"]) for row in answer["progress"]] == [(2024, "off_track"), (2023, "achieved")]
    assert [fact for fact, _ in await targets.events()] == ["target_set"] + ["progress_assessed"] * 2


@pytest.mark.parametrize("indicators", [{"water": ("12", "m3")}, {"electricity": ("0.7", "MWh")}])
async def test_an_indicator_that_is_missing_or_in_another_unit_is_not_assessed(
    targets: "Targets", indicators: dict[str, tuple[str, str]]
) -> None:
    await targets.set()

    outcome = await targets.inventory_is_final(**indicators)

    assert outcome is Outcome.APPLIED
    assert await targets.rows("progress_assessment") == []
    assert len(await targets.rows("measured_indicator")) == 1
    assert [fact for fact, _ in await targets.events()] == ["target_set"]


async def test_an_inventory_without_indicators_is_taken_in(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final()

    outcome = await targets.tell(
        InventoryFinalised(
            location_id="unon", inventory_id="unon-2025-v1", year=2025, inventory_version=1, gwp_set="AR5",
            total=Amount(value=Decimal(0), unit="kgCO2e"), by_scope=(), by_category=(), indicators={}, approved_by="a",
        )
    )  # fmt: skip

    assert outcome is Outcome.APPLIED
    assert [row["year"] for row in await targets.rows("progress_assessment")] == [2024]


@pytest.mark.parametrize("first", ["target", "inventory"])
async def test_a_target_and_an_inventory_that_come_at_once_meet(targets: "Targets", people: People, first: str) -> None:
    async def set_it(tx: AsyncConnection) -> None:
        await usecases.set_target(
            tx, principal=people("unon-chair"), now=datetime.now(UTC), location_id="unon", indicator="electricity",
            unit="kWh", base_year=2014, base_value=Decimal(1000), target_year=2034, target_value=Decimal(500),
        )  # fmt: skip

    async def assess_it(tx: AsyncConnection) -> None:
        measured = MeasuredIndicator(
            location_id="unon", year=2024, inventory_id="i", inventory_version=1, indicator="electricity",
            value=Decimal(700), unit="kWh",
        )  # fmt: skip
        await usecases.assess_inventory(tx, now=datetime.now(UTC), location_id="unon", measured=[measured])

    async def other() -> None:
        async with targets.database.transaction(["unon"]) as tx:
            await (assess_it if first == "target" else set_it)(tx)

    async with targets.database.transaction(["unon"]) as tx:
        await (set_it if first == "target" else assess_it)(tx)
        late = asyncio.create_task(other())
        await targets.until_done_or_waiting(late)
    await late

    assert [found(row) for row in await targets.rows("progress_assessment")] == [(2024, 1, 700, 750, "on_track")]


# Rights, by row security alone.


async def test_rows_are_seen_at_the_location_and_above_it(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final()

    for table in TABLES:
        seen = {roots: len(await targets.rows(table, roots=roots)) for roots in (("secretariat",), ("unon",))}
        hidden = [await targets.rows(table, roots=roots) for roots in (("escwa",), ("unon-gigiri",), ())]
        assert seen == {("secretariat",): 1, ("unon",): 1}
        assert hidden == [[], [], []]


async def test_what_is_published_is_seen_by_all_in_that_version_alone(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final()
    await targets.is_published()
    await targets.inventory_is_final(version=2, electricity=("800", "kWh"))
    await targets.set(locationId="unon-gigiri")
    await targets.inventory_is_final("unon-gigiri")

    for roots in ((), ("escwa",)):
        public = {table: await targets.rows(table, roots=roots) for table in TABLES}
        assert [row["location_id"] for row in public["target"]] == ["unon"]
        assert [found(row) for row in public["progress_assessment"]] == [(2024, 1, 700, 750, "on_track")]
        assert [row["inventory_version"] for row in public["measured_indicator"]] == [1]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET location_id = 'escwa'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_serving_role_cannot_change_what_is_there(targets: "Targets", table: str, change: str) -> None:
    await targets.set()
    await targets.inventory_is_final()

    with pytest.raises(DBAPIError, match="permission denied"):
        async with targets.database.transaction(["secretariat"]) as tx:
            await tx.execute(text(change.format(table)))

    assert len(await targets.rows(table)) == 1


async def test_a_target_cannot_be_written_where_the_rights_do_not_reach(targets: "Targets") -> None:
    await targets.set()

    with pytest.raises(DBAPIError, match="row-level security"):
        async with targets.database.transaction(["escwa"]) as tx:
            await tx.execute(
                text("INSERT INTO target VALUES ('t', 'unon', 'water', 'm3', 2014, 2, 2034, 1, 'escwa-chair', now())")
            )
