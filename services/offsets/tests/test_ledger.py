"""The credits ledger on PostgreSQL: what it keeps whatever the code above it does."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import Principal
from offsets import store
from offsets.domain.credit import SerialRange
from offsets.domain.errors import SerialsAlreadyRetired

if TYPE_CHECKING:
    from services.offsets.tests.conftest import Desk, Offsets

LEDGER = (
    "offset_need",
    "purchase",
    "purchase_step",
    "serial_series",
    "credit_batch",
    "retirement",
    "neutrality_statement",
)


async def test_twenty_retirements_at_once_take_exactly_what_the_batch_has(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    batch = await desk.batch(tonnes=130)

    answers = await asyncio.gather(*(desk.retire(batch, tonnes=10) for _ in range(20)))

    refused = [answer for answer in answers if answer["__typename"] == "Refusal"]
    assert {answer["code"] for answer in refused} == {"RETIREMENT_EXCEEDS_BATCH"}
    assert len(refused) == 7
    ranges = sorted(
        (int(answer["serialFirst"]), int(answer["serialLast"])) for answer in answers if answer not in refused
    )
    assert ranges == [(3_000_000_001 + 10 * place, 3_000_000_010 + 10 * place) for place in range(13)]
    statements = sorted(await offsets.rows("neutrality_statement"), key=lambda row: row["number"])
    assert [(row["number"], row["retired_tonnes"]) for row in statements] == [(n, 10 * n) for n in range(1, 14)]
    assert all(later["supersedes_id"] == earlier["id"] for earlier, later in pairwise(statements))


async def test_retirements_of_many_batches_for_one_position_at_once_all_count(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    batches = [await desk.batch(tonnes=10, first=1 + 10 * place) for place in range(10)]

    answers = await asyncio.gather(*(desk.retire(batch, tonnes=10) for batch in batches))

    assert {answer["__typename"] for answer in answers} == {"Retirement"}
    statements = sorted(await offsets.rows("neutrality_statement"), key=lambda row: row["number"])
    assert [row["retired_tonnes"] for row in statements] == [10 * number for number in range(1, 11)]
    assert [row["status"] for row in statements] == ["partial"] * 9 + ["neutral"]


async def test_a_restatement_and_retirements_at_once_leave_one_line_of_statements(
    offsets: "Offsets", desk: "Desk"
) -> None:
    await offsets.inventory_is_final(total_kg="50000")
    batches = [await desk.batch(tonnes=10, first=1 + 10 * place) for place in range(5)]
    await desk.retire(batches[0])

    await asyncio.gather(
        *(desk.retire(batch) for batch in batches[1:]), offsets.inventory_is_final(total_kg="60000", version=2)
    )

    statements = sorted(await offsets.rows("neutrality_statement"), key=lambda row: row["number"])
    assert [row["number"] for row in statements] == [1, 2, 3, 4, 5, 6]
    order = [(row["inventory_version"], row["retired_tonnes"]) for row in statements]
    assert order == sorted(set(order))
    assert order[-1] == (2, 50)


async def test_of_two_approvals_at_once_one_is_given(offsets: "Offsets", desk: "Desk") -> None:
    purchase = (await desk.request())["id"]

    answers = await asyncio.gather(*(desk.approve(purchase) for _ in range(6)))

    assert sorted(answer.get("code", "approved") for answer in answers) == ["WRONG_STATE"] * 5 + ["approved"]
    assert [row["action"] for row in await offsets.rows("purchase_step")] == ["approved"]
    assert [fact for fact, _ in await offsets.events()].count("purchase_approved") == 1


async def test_of_an_approval_and_a_refusal_at_once_one_holds(offsets: "Offsets", desk: "Desk") -> None:
    purchase = (await desk.request())["id"]

    answers = await asyncio.gather(desk.approve(purchase), desk.refuse(purchase))

    assert sorted(answer["__typename"] for answer in answers) == ["Purchase", "Refusal"]
    assert len(await offsets.rows("purchase_step")) == 1


async def test_of_overlapping_deliveries_at_once_one_enters(offsets: "Offsets", desk: "Desk", people: Any) -> None:
    chairs = [people("unon-chair"), people("escwa-chair")] * 3
    purchases = [
        await desk.approved(chair, locationId=chair.name.removesuffix("-chair"), tonnes=100) for chair in chairs
    ]

    answers = await asyncio.gather(
        *(
            desk.deliver(purchase, serialFirst=1 + 10 * place, serialLast=100 + 10 * place)
            for place, purchase in enumerate(purchases)
        )
    )

    kinds = sorted(answer.get("code", "delivered") for answer in answers)
    assert kinds == ["SERIALS_ALREADY_HELD"] * 5 + ["delivered"]
    assert len(await offsets.rows("credit_batch")) == 1


async def test_a_second_deliverer_of_a_series_waits_for_the_first(offsets: "Offsets", desk: "Desk") -> None:
    # Two inserts of overlapping ranges under way at once wait for each other: a deadlock, which the lock prevents.
    await desk.batch(first=1)
    purchase = await desk.approved()
    series = text("SELECT series_no FROM serial_series")
    waiting = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"
    )

    async with offsets.database.transaction(()) as tx:
        await store.lock_series(tx, int(await tx.scalar(series) or 0))
        second = asyncio.create_task(desk.deliver(purchase))
        async with asyncio.timeout(10):
            while not await tx.scalar(waiting):
                assert not second.done()

    assert (await second)["__typename"] == "CreditBatch"


@pytest.mark.parametrize(
    ("given", "result"),
    [
        ({"serialFirst": "3000000100", "serialLast": "3000000199"}, "SERIALS_ALREADY_HELD"),
        ({"serialFirst": "2999999902", "serialLast": "3000000001"}, "SERIALS_ALREADY_HELD"),
        ({"registry": " cdm ", "project": "5342"}, "SERIALS_ALREADY_HELD"),
        ({"serialFirst": "3000000101", "serialLast": "3000000200"}, "CreditBatch"),
        ({"vintage": 2023}, "CreditBatch"),
        ({"project": "5343"}, "CreditBatch"),
        ({"registry": "VCS"}, "CreditBatch"),
    ],
)
async def test_a_serial_is_held_once_wherever_that_is(
    desk: "Desk", people: Callable[..., Principal], given: dict[str, Any], result: str
) -> None:
    await desk.batch()
    purchase = await desk.approved(people("escwa-chair"), locationId="escwa")

    answer = await desk.deliver(purchase, **given)

    assert answer.get("code", answer["__typename"]) == result
    assert "unon" not in str(answer).lower()


async def test_a_delivery_that_is_refused_leaves_the_purchase_approved(
    desk: "Desk", people: Callable[..., Principal]
) -> None:
    await desk.batch()
    purchase = await desk.approved(people("escwa-chair"), locationId="escwa")
    await desk.deliver(purchase)

    again = await desk.deliver(purchase, serialFirst=1, serialLast=100)

    assert again["__typename"] == "CreditBatch"


async def test_the_database_refuses_to_retire_a_serial_twice(offsets: "Offsets", desk: "Desk") -> None:
    await offsets.inventory_is_final()
    retired = (await desk.retire(await desk.batch(), tonnes=10))["id"]

    async with offsets.database.transaction(["secretariat"]) as tx:
        (first,) = await store.retirements(tx, [retired])
    assert first is not None
    overlapping = SerialRange(first=first.serials.last, last=first.serials.last + 1)
    twice = type(first)(
        **{name: getattr(first, name) for name in first.__slots__} | {"id": "twice", "serials": overlapping}
    )

    with pytest.raises(SerialsAlreadyRetired):
        async with offsets.database.transaction(["secretariat"]) as tx:
            await store.add_retirement(tx, twice)


@pytest.mark.parametrize(("first", "last"), [(3_000_000_100, 3_000_000_101), (2_999_999_999, 3_000_000_000), (1, 5)])
async def test_the_database_refuses_to_retire_what_is_not_held(
    offsets: "Offsets", desk: "Desk", first: int, last: int
) -> None:
    await offsets.inventory_is_final()
    retired = (await desk.retire(await desk.batch(), tonnes=10))["id"]

    async with offsets.database.transaction(["secretariat"]) as tx:
        (known,) = await store.retirements(tx, [retired])
    assert known is not None
    beyond = type(known)(
        **{name: getattr(known, name) for name in known.__slots__}
        | {"id": "beyond", "serials": SerialRange(first=first, last=last)}
    )

    with pytest.raises(DBAPIError, match="serials_retired_are_held"):
        async with offsets.database.transaction(["secretariat"]) as tx:
            await store.add_retirement(tx, beyond)


async def test_the_database_refuses_two_decisions_on_a_purchase(offsets: "Offsets", desk: "Desk") -> None:
    purchase = (await desk.request())["id"]
    await desk.approve(purchase)

    with pytest.raises(DBAPIError, match="purchase_step_pkey"):
        async with offsets.database.transaction(["secretariat"]) as tx:
            await tx.execute(
                text(
                    "INSERT INTO purchase_step (purchase_id, step, location_id, action, by_subject, by, at, reason)"
                    " VALUES (:id, 1, 'unon', 'refused', 's', 'n', now(), 'late')"
                ),
                {"id": purchase},
            )


@pytest.mark.parametrize("table", LEDGER)
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
async def test_the_serving_role_can_not_change_a_row(offsets: "Offsets", table: str, statement: str) -> None:
    column = {"serial_series": "vintage", "purchase_step": "step"}.get(table, "year")

    with pytest.raises(DBAPIError, match="permission denied"):
        async with offsets.database.transaction(["secretariat"]) as tx:
            await tx.execute(text(statement.format(table, column)))


async def test_without_roots_and_at_another_location_nothing_of_the_ledger_is_seen(
    offsets: "Offsets", desk: "Desk"
) -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch())
    secured = [table for table in LEDGER if table != "serial_series"]

    seen = {
        roots: [len(await offsets.rows(table, roots=roots)) for table in secured]
        for roots in [("secretariat",), ("unon",), ("unon-gigiri",), ("escwa",), ("",), ()]
    }

    assert seen[("secretariat",)] == seen[("unon",)] == [1, 1, 2, 1, 1, 1]
    assert seen[("unon-gigiri",)] == seen[("escwa",)] == seen[("",)] == seen[()] == [0] * 6


@pytest.mark.parametrize("table", [table for table in LEDGER if table != "serial_series"])
async def test_a_row_can_not_be_written_at_another_location(offsets: "Offsets", desk: "Desk", table: str) -> None:
    await offsets.inventory_is_final()
    await desk.retire(await desk.batch())
    async with offsets.database.transaction(["secretariat"]) as tx:
        columns = (
            await tx.scalars(
                text(
                    "SELECT quote_ident(column_name) FROM information_schema.columns WHERE table_name = :table"
                    " AND column_name <> 'location_id' AND is_generated = 'NEVER'"
                ),
                {"table": table},
            )
        ).all()
    names = ", ".join(columns)

    with pytest.raises(DBAPIError, match="row-level security"):
        async with offsets.database.transaction(["unon"]) as tx:
            await tx.execute(
                text(f"INSERT INTO {table} (location_id, {names}) SELECT 'escwa', {names} FROM {table}")  # noqa: S608
            )


async def test_figures_come_back_as_they_went_in(offsets: "Offsets", desk: "Desk") -> None:
    total_kg = "99500.000000000000000000000000000000001"
    await offsets.inventory_is_final(total_kg=total_kg)
    batch_id = await desk.batch()

    async with offsets.database.transaction(["secretariat"]) as tx:
        need = await store.newest_need(tx, location_id="unon", year=2024)
        (batch,) = await store.batches(tx, [batch_id])

    assert need is not None
    assert (need.total_kg, need.tonnes) == (Decimal(total_kg), 100)
    assert batch is not None
    assert (batch.serials.first, batch.serials.last) == (3_000_000_001, 3_000_000_100)
    assert (batch.price_per_tonne, batch.price) == (Decimal("4.25"), Decimal(425))
