"""Imports beyond single files at once: against what the inventory has, as jobs, undone, resumed."""

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from chassis.refusals import NotFound, NotPermitted
from chassis.testing import ROOT
from contracts.access import Role
from inventory import access, usecases
from inventory.domain.errors import (
    EntererMayNotApprove,
    ImportAlreadyUndone,
    ImportIsOver,
    ImportRefused,
    ReasonsMissing,
    WrongState,
)
from inventory.domain.import_job import ImportJob, ImportOrder, JobState
from inventory.domain.rows import Problem, ProblemCode
from inventory.store import import_jobs, lines
from inventory.worker import ImportWorker
from services.inventory.tests.conftest import ROWS
from services.inventory.tests.test_taken_shares import shared, take

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

TOTALS = ("inventory_total", "inventory_month_total", "inventory_gas_total")


async def test_a_reading_that_shares_a_day_with_one_in_the_inventory_is_refused_and_both_are_named(
    inventories: "Inventories",
) -> None:
    await inventories.import_file()
    before = await inventories.rows("activity_record")

    with pytest.raises(ImportRefused) as caught:
        await inventories.import_file(
            inventories.csv(
                "unon,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured",
                "unon,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured,annex",
                "unon-gigiri,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured",
            )
        )

    (problem,) = caught.value.problems
    assert (problem.row, problem.column, problem.code) == (2, "start", ProblemCode.OVERLAPPING_PERIOD)
    assert problem.reason == (
        "row 2 and row 2 of sheet 'csv' of data.csv, which is in the inventory already (2024-01-01 to 2024-12-31)"
        " are of the same days of grid_electricity of unon"
    )
    assert await inventories.rows("activity_record") == before


@dataclass(kw_only=True)
class Jobs:
    """Jobs of unon 2024."""

    bed: "Inventories"

    async def request(self, content: bytes, *, by: str = "unon-technical", **given: Any) -> ImportJob:
        order = ImportOrder(**{"location_id": "unon", "year": 2024, "file_name": "big.csv"} | given)
        async with self.bed._transaction(self.bed.person(by), access.IMPORT_ACTIVITY_DATA) as (tx, principal, now):
            return await usecases.request_import(tx, principal=principal, now=now, order=order, content=content)

    async def cancel(self, job_id: str, *, by: str = "unon-technical") -> ImportJob:
        async with self.bed._transaction(self.bed.person(by), access.CANCEL_IMPORT) as (tx, principal, now):
            return await usecases.cancel_import(tx, principal=principal, now=now, job_id=job_id)

    async def undo(self, import_id: str | None, *, by: str = "unon-technical", reason: str = "wrong year") -> Any:
        async with self.bed._transaction(self.bed.person(by), access.UNDO_IMPORT) as (tx, principal, now):
            return await usecases.undo_import(
                tx, principal=principal, now=now, import_id=import_id or "", reason=reason
            )

    async def now(self, job_id: str) -> ImportJob:
        async with self.bed.database.transaction([ROOT]) as tx:
            return await import_jobs.known(tx, job_id)

    async def problems(self, job_id: str) -> list[Problem]:
        async with self.bed.database.transaction([ROOT]) as tx:
            return [found for _, found in await import_jobs.problems_page(tx, job_id=job_id, limit=1000)]

    def worker(self, **given: Any) -> ImportWorker:
        return ImportWorker(database=self.bed.database, root=ROOT, vault=self.bed.vault, renew_s=0.05, **given)

    async def worked_off(self, content: bytes, **given: Any) -> ImportJob:
        job = await self.request(content, **given)
        await self.worker().work_off()
        return await self.now(job.id)


@pytest.fixture
def jobs(inventories: "Inventories") -> Jobs:
    return Jobs(bed=inventories)


GOOD = "unon,grid_electricity,,2024-01-01,2024-01-31,10,kWh,,,measured"
BAD = "unon,grid_electricity,,2024-02-01,2024-02-29,many,kWh,,,measured"


async def test_a_job_takes_in_what_the_mutation_takes_in(jobs: Jobs) -> None:
    job = await jobs.worked_off(jobs.bed.csv(*ROWS))

    assert (job.state, job.rows_checked, job.rows_written, job.problem_count) == (
        JobState.DONE,
        len(ROWS),
        len(ROWS),
        0,
    )
    assert (job.attempts, job.cancel_requested, job.refusal_code) == (1, False, None)
    lines = await jobs.bed.rows("activity_record")
    assert len([line for line in lines if line["import_id"] == job.import_id]) == len(ROWS)
    (taken,) = [row for row in await jobs.bed.rows("activity_import") if row["id"] == job.import_id]
    assert (taken["imported_by"], taken["imported_by_subject"]) == ("unon-technical", "subject-of-unon-technical")
    (kept,) = await jobs.bed.rows("evidence_file")
    assert (kept["import_id"], kept["sha256"], kept["attached_by"]) == (
        job.import_id, job.content_hash, "unon-technical",
    )  # fmt: skip
    assert await jobs.bed.vault.get(job.content_hash) == jobs.bed.csv(*ROWS)


async def test_all_or_nothing_unless_the_sound_rows_are_asked_for(jobs: Jobs) -> None:
    refused = await jobs.worked_off(jobs.bed.csv(GOOD, BAD))

    assert (refused.state, refused.refusal_code, refused.problem_count) == (JobState.REFUSED, "IMPORT_REFUSED", 1)
    assert await jobs.bed.rows("activity_record") == []
    (problem,) = await jobs.problems(refused.id)
    assert (problem.sheet, problem.row, problem.column, problem.value) == ("csv", 3, "amount", "many")
    assert (problem.code, problem.hint[:6]) == (ProblemCode.NOT_A_NUMBER, "digits")

    done = await jobs.worked_off(jobs.bed.csv(GOOD, BAD), accept_partial=True)

    assert (done.state, done.rows_checked, done.rows_written, done.problem_count) == (JobState.DONE, 2, 1, 1)
    assert [line["row_number"] for line in await jobs.bed.rows("activity_record")] == [2]
    assert len(await jobs.problems(done.id)) == 1


async def test_a_dry_run_says_the_same_and_leaves_nothing(jobs: Jobs) -> None:
    content = jobs.bed.csv(GOOD)

    dry = await jobs.worked_off(content, dry_run=True)
    assert (dry.state, dry.rows_checked, dry.rows_written, dry.import_id) == (JobState.DONE, 1, 0, None)
    assert [await jobs.bed.rows(table) for table in ("inventory", "activity_record", "activity_import")] == [[], [], []]
    assert [await jobs.bed.rows("evidence_file"), [key async for key in jobs.bed.vault.stored()]] == [[], []]

    await jobs.worked_off(content)
    # Against what is in the inventory too.
    again = await jobs.worked_off(jobs.bed.csv(GOOD, GOOD.replace("10", "11")), dry_run=True)
    assert (again.state, again.refusal_code, again.problem_count) == (JobState.REFUSED, "IMPORT_REFUSED", 2)
    assert {problem.code for problem in await jobs.problems(again.id)} == {ProblemCode.OVERLAPPING_PERIOD}


async def test_the_same_file_twice_is_one_job_and_one_import(jobs: Jobs) -> None:
    content = jobs.bed.csv(GOOD)
    first = await jobs.request(content)

    assert (await jobs.request(content)).id == first.id
    await jobs.worker().work_off()
    assert (await jobs.request(content)).id == first.id
    assert len(await jobs.bed.rows("import_job")) == 1

    # Also where the file came by the other way before.
    await jobs.undo((await jobs.now(first.id)).import_id)
    taken = await jobs.bed.import_file(content)
    second = await jobs.worked_off(content)
    assert (second.state, second.import_id, second.rows_written) == (JobState.DONE, taken.id, 0)
    assert len(await jobs.bed.rows("activity_record")) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 and nothing more", "BAD_WORKBOOK"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "BAD_WORKBOOK"),
        (b"a,b\n1,2\n", "IMPORT_REFUSED"),
    ],
)
async def test_a_file_that_is_none_is_refused_by_its_job(jobs: Jobs, content: bytes, code: str) -> None:
    job = await jobs.worked_off(content)

    assert (job.state, job.refusal_code) == (JobState.REFUSED, code)
    assert job.refusal_message
    assert await jobs.bed.rows("inventory") == []


async def test_a_job_of_an_inventory_that_takes_no_data_is_refused(jobs: Jobs) -> None:
    await jobs.bed.import_file()
    await jobs.bed.submit()

    job = await jobs.worked_off(jobs.bed.other_file())

    assert (job.state, job.refusal_code) == (JobState.REFUSED, "WRONG_STATE")


async def test_who_may_not_import_there_asks_in_vain(jobs: Jobs) -> None:
    with pytest.raises(NotPermitted):
        await jobs.request(jobs.bed.csv(GOOD), by="unon-chair")
    with pytest.raises(NotFound):
        await jobs.request(jobs.bed.csv(GOOD), by="escwa-technical")
    job = await jobs.request(jobs.bed.csv(GOOD))
    with pytest.raises(NotFound):
        await jobs.cancel(job.id, by="escwa-technical")
    await jobs.worker().work_off()
    with pytest.raises(NotFound):
        await jobs.undo((await jobs.now(job.id)).import_id, by="escwa-technical")


async def test_a_job_that_waits_is_cancelled_at_once_and_one_that_is_over_is_not(jobs: Jobs) -> None:
    job = await jobs.request(jobs.bed.csv(GOOD))

    assert (await jobs.cancel(job.id)).state == JobState.CANCELLED
    assert await jobs.worker().work_off() == 0
    with pytest.raises(ImportIsOver):
        await jobs.cancel(job.id)
    assert await jobs.bed.rows("activity_record") == []


@pytest.mark.parametrize("at", [JobState.CHECKING, JobState.WRITING])
async def test_a_job_under_way_is_cancelled_and_leaves_nothing(
    jobs: Jobs, at: JobState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is held where it is, until it was told."""
    held = asyncio.Event()

    async def hold(*_: Any, **__: Any) -> Any:
        held.set()
        await asyncio.Event().wait()

    if at == JobState.CHECKING:
        monkeypatch.setattr(ImportWorker, "_checked", hold)
    else:
        monkeypatch.setattr("inventory.store.lines.add_coefficients", hold)
    job = await jobs.request(jobs.bed.csv(GOOD))
    work = asyncio.create_task(jobs.worker().work_off())
    await asyncio.wait_for(held.wait(), 20)

    assert (await jobs.cancel(job.id)).state in {JobState.CHECKING, JobState.WRITING}
    await asyncio.wait_for(work, 20)

    assert (await jobs.now(job.id)).state == JobState.CANCELLED
    assert await jobs.bed.rows("activity_record") == []
    assert await jobs.bed.rows("activity_import") == []


async def test_a_file_with_another_decimal_mark_is_another_job(jobs: Jobs) -> None:
    by_point = await jobs.request(jobs.bed.csv(GOOD))

    by_comma = await jobs.request(jobs.bed.csv(GOOD), decimal_comma=True)

    assert by_comma.id != by_point.id
    assert (await jobs.request(jobs.bed.csv(GOOD))).id == by_point.id
    assert (await jobs.request(jobs.bed.csv(GOOD), decimal_comma=True)).id == by_comma.id


async def test_a_job_takes_the_place_of_one_that_came_first_and_has_ended_since(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, came_first = import_jobs.add, [False, True]

    async def add_after_another(*given: Any) -> bool:
        return False if came_first.pop() else await add(*given)

    monkeypatch.setattr("inventory.store.import_jobs.add", add_after_another)

    job = await jobs.request(jobs.bed.csv(GOOD))

    assert (await jobs.now(job.id)).state == JobState.QUEUED


async def test_who_has_lost_the_lease_cannot_commit(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await jobs.request(jobs.bed.csv(GOOD))
    add = lines.add_checked

    async def taken_over(tx: Any, *given: Any, **named: Any) -> None:
        await add(tx, *given, **named)
        async with jobs.bed.database.transaction([ROOT]) as other:
            await other.execute(text("UPDATE import_job SET lease_by = 'another'"))

    monkeypatch.setattr("inventory.store.lines.add_checked", taken_over)
    await jobs.worker().work_off()

    assert await jobs.bed.rows("activity_record") == []
    assert (await jobs.now(job.id)).state in {JobState.CHECKING, JobState.WRITING}


async def test_a_job_that_never_comes_to_an_end_is_given_up(jobs: Jobs) -> None:
    job = await jobs.request(jobs.bed.csv(GOOD))
    async with jobs.bed.database.transaction([ROOT]) as tx:
        await tx.execute(
            text("UPDATE import_job SET attempts = 5, state = 'writing', lease_until = now() - interval '1 minute'")
        )

    await jobs.worker().work_off()

    found = await jobs.now(job.id)
    assert (found.state, found.refusal_code) == (JobState.FAILED, "GAVE_UP")


async def totals(jobs: Jobs) -> list[Any]:
    return [
        sorted(
            await jobs.bed.rows(table),
            key=lambda row: [str(cell) for cell in row.values() if not isinstance(cell, Decimal)],
        )
        for table in TOTALS
    ]


async def test_an_import_is_undone_whole_with_its_totals_and_may_come_again(jobs: Jobs) -> None:
    await jobs.bed.import_file()
    before = await totals(jobs)
    lines = await jobs.bed.rows("activity_record")
    job = await jobs.worked_off(jobs.bed.other_file())
    assert await totals(jobs) != before

    with pytest.raises(ReasonsMissing):
        await jobs.undo(job.import_id, reason=" ")
    undone = await jobs.undo(job.import_id, reason=" wrong year ")

    assert (undone.undone_by.name, undone.undone_reason) == ("unon-technical", "wrong year")
    assert await jobs.bed.rows("activity_record") == lines
    assert await totals(jobs) == before
    with pytest.raises(ImportAlreadyUndone):
        await jobs.undo(job.import_id)
    again = await jobs.worked_off(jobs.bed.other_file())
    assert (again.state, again.import_id != job.import_id) == (JobState.DONE, True)


async def test_what_is_submitted_is_not_undone(jobs: Jobs) -> None:
    taken = await jobs.bed.import_file()
    await jobs.bed.submit()

    with pytest.raises(WrongState):
        await jobs.undo(taken.id)

    assert len(await jobs.bed.rows("activity_record")) == len(ROWS)


KILLS = 20
MANY, MORE = 4_000, 25_000
"""Lines that are written once the file is checked, and lines that are written meanwhile."""


async def test_a_worker_killed_at_any_moment_leaves_all_or_nothing_and_the_job_goes_on(
    jobs: Jobs, tmp_path: Path
) -> None:
    chance = Random(5)
    killed_in: dict[JobState, int] = {}
    takes = {many: await seconds_taken(jobs, tmp_path, many) for many in (MANY, MORE)}
    for number in range(KILLS):
        many = (MANY, MANY, MANY, MORE)[number % 4]
        job, worker = await begun_job(jobs, tmp_path, many, number=number)
        await asyncio.sleep(chance.random() * takes[many])
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()

        # What the server had begun for it comes to its end.
        async with jobs.bed.database.transaction([ROOT]) as tx:
            await tx.execute(text("SELECT FROM inventory FOR UPDATE"))
        left = await jobs.now(job.id)
        lines = await count_of(jobs, left.id)
        assert lines == (many if left.state == JobState.DONE else 0), left
        killed_in[left.state] = killed_in.get(left.state, 0) + 1

        async with jobs.bed.database.transaction([ROOT]) as tx:
            await tx.execute(text("UPDATE import_job SET lease_until = now() WHERE lease_until IS NOT NULL"))
        await jobs.worker().work_off()
        ended = await jobs.now(job.id)
        assert (ended.state, await count_of(jobs, job.id)) == (JobState.DONE, many)
        await jobs.undo(ended.import_id)
        assert await jobs.bed.rows("activity_record") == []

    # Else it was not killed at work.
    assert killed_in.get(JobState.CHECKING, 0) >= 1, killed_in
    assert killed_in.get(JobState.CHECKING, 0) + killed_in.get(JobState.WRITING, 0) >= KILLS // 2, killed_in


async def seconds_taken(jobs: Jobs, vault: Path, many: int) -> float:
    """Of a worker that nobody kills, from its first sign to its last."""
    job, worker = await begun_job(jobs, vault, many, number=KILLS)
    began = time.monotonic()
    await worker.wait()
    seconds = time.monotonic() - began
    ended = await jobs.now(job.id)
    assert ended.state == JobState.DONE
    await jobs.undo(ended.import_id)
    return seconds


async def begun_job(jobs: Jobs, vault: Path, many: int, *, number: int) -> tuple[ImportJob, asyncio.subprocess.Process]:
    """A file of so many lines, unlike those of other numbers, and a worker that has it in hand."""
    rows = (f"unon,vehicle_fuel,petrol,2024-01-01,2024-06-{number + 1:02},{n},litre,,,measured" for n in range(many))
    job = await jobs.request(jobs.bed.csv(*rows), file_name=f"{number}.csv")
    worker = await begun_worker(jobs, vault)
    while (await jobs.now(job.id)).state == JobState.QUEUED:
        assert worker.returncode is None, "it ended before it began"
        await asyncio.sleep(0.01)
    return job, worker


async def begun_worker(jobs: Jobs, vault: Path) -> asyncio.subprocess.Process:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inventory", "work-off-imports", stdin=asyncio.subprocess.PIPE
    )
    assert worker.stdin is not None
    told = {"database_url": jobs.bed.urls.serving, "root": ROOT, "evidence": {"url": vault.as_uri()}}
    worker.stdin.write(json.dumps(told).encode() + b"\n")
    await worker.stdin.drain()
    return worker


async def count_of(jobs: Jobs, job_id: str) -> int:
    async with jobs.bed.database.transaction([ROOT]) as tx:
        found: int = await tx.scalar(
            text(
                "SELECT count(*) FROM activity_record r JOIN activity_import i ON i.id = r.import_id"
                " JOIN import_job j ON j.content_hash = i.content_hash WHERE j.id = :id"
            ),
            {"id": job_id},
        )
    return found


async def test_a_decimal_comma_is_read_where_it_was_declared(jobs: Jobs) -> None:
    rows = (
        'unon,grid_electricity,,2024-01-01,2024-01-31,"1.234,5",kWh,,,measured',
        'unon,grid_electricity,,2024-02-01,2024-02-29,"0,25",kWh,,,measured',
        'unon,grid_electricity,,2024-03-01,2024-03-31,"1.234",kWh,,,measured',
        'unon,refrigerant,R-22,2024-03-01,2024-03-31,"12,5",kg,,,measured',
    )
    as_point = await jobs.worked_off(jobs.bed.csv(*rows))
    assert [problem.row for problem in await jobs.problems(as_point.id)] == [2, 3, 5]

    done = await jobs.worked_off(jobs.bed.csv(*rows), decimal_comma=True)
    assert done.state == JobState.DONE
    amounts = [line["amount"] for line in await jobs.bed.rows("activity_record")]
    assert amounts == [Decimal("1234.5"), Decimal("0.25"), Decimal(1234), Decimal("12.5")]

    wrong = await jobs.worked_off(
        jobs.bed.csv("unon,water,tanker,2024-01-01,2024-01-31,1.5,m3,,,measured"), decimal_comma=True
    )
    (problem,) = await jobs.problems(wrong.id)
    assert (problem.value, problem.code) == ("1.5", ProblemCode.NOT_A_NUMBER)
    assert "comma" in problem.hint


async def test_who_undid_an_import_does_not_approve_what_is_left(inventories: "Inventories") -> None:
    undone = await inventories.import_file()
    await inventories.import_file(inventories.csv("unon,waste,food,2024-07-01,2024-12-31,3,kg,composting,,measured"))
    chair = inventories.person("unon-chair", Role.TECHNICAL_TEAM)
    async with inventories._transaction(chair, access.UNDO_IMPORT) as (tx, principal, now):
        await usecases.undo_import(tx, principal=principal, now=now, import_id=undone.id, reason="another year's")
    submitted = await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id)


async def test_a_bill_for_what_a_share_covers_is_left_out_of_a_job_too(jobs: Jobs) -> None:
    await take(jobs.bed, await shared(jobs.bed))

    job = await jobs.worked_off(
        b"site,category,item,start,end,amount,unit,quality\n"
        b"escwa,water,borehole,2024-01-01,2024-06-30,7,m3,measured\n"
        b"escwa,grid_electricity,,2024-12-01,2024-12-31,100,kWh,measured\n",
        by="escwa-technical", location_id="escwa", accept_partial=True,
    )  # fmt: skip

    assert (job.state, job.rows_written) == (JobState.DONE, 1)
    assert [(item.row, item.code) for item in await jobs.problems(job.id)] == [(3, ProblemCode.COUNTED_BY_SHARE)]
