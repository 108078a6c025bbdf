"""A large file is written while the rest of it is checked, and comes to what it would have come to otherwise."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from inventory import worker
from inventory.domain.import_job import JobState
from inventory.domain.rows import Problem, ProblemCode
from inventory.importing import running
from services.inventory.tests.test_imports import Jobs, totals

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

LARGE = 25_000
BAD = "unon,water,tanker,2024-01-01,2024-01-31,many,m3,,,measured"


@pytest.fixture
def jobs(inventories: "Inventories") -> Jobs:
    return Jobs(bed=inventories)


def rows(*more: str) -> Iterator[str]:
    yield from (f"unon,vehicle_fuel,petrol,2024-01-01,2024-02-29,{n},litre,,,measured" for n in range(LARGE))
    # Of kinds and coefficients that the first lines do not have.
    yield from (f"unon,taxi,,2024-03-01,2024-03-31,{n},km,,,measured" for n in range(49))
    yield "unon-gigiri,grid_electricity,,2024-01-01,2024-01-31,5,kWh,,,measured"
    yield from more


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """By which way lines were written, in order."""
    went: list[str] = []

    def note(name: str) -> None:
        really = getattr(worker, name)

        def noted(*given: Any, **named: Any) -> Any:
            went.append(name)
            return really(*given, **named)

        monkeypatch.setattr(worker, name, noted)

    note("take_in_while_checked")
    note("take_in_job")
    return went


async def contents(jobs: Jobs) -> list[dict[str, Any]]:
    kept = await jobs.bed.rows("activity_record")
    return [{name: cell for name, cell in row.items() if name not in ("id", "import_id")} for row in kept]


async def test_what_is_written_meanwhile_is_what_would_be_written_afterwards(
    jobs: Jobs, ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = jobs.bed.csv(*rows())
    meanwhile = await jobs.worked_off(content)
    kept, sums = await contents(jobs), await totals(jobs)
    (taken,) = await jobs.bed.rows("activity_import")
    await jobs.undo(meanwhile.import_id)
    monkeypatch.setattr(running, "MANY", 10 * LARGE)

    afterwards = await jobs.worked_off(content)

    assert ways == ["take_in_while_checked", "take_in_job"]
    assert taken["row_count"] == meanwhile.rows_written == meanwhile.rows_checked == len(kept) == LARGE + 50
    assert (meanwhile.state, afterwards.state) == (JobState.DONE, JobState.DONE)
    assert await contents(jobs) == kept
    assert await totals(jobs) == sums


async def test_a_problem_in_the_last_row_leaves_nothing_of_what_was_written(jobs: Jobs, ways: list[str]) -> None:
    ended = await jobs.worked_off(jobs.bed.csv(*rows(BAD)))

    assert ways == ["take_in_while_checked", "take_in_job"]
    assert (ended.state, ended.problem_count) == (JobState.REFUSED, 1)
    (problem,) = await jobs.problems(ended.id)
    assert (problem.row, problem.code) == (LARGE + 52, ProblemCode.NOT_A_NUMBER)
    assert await jobs.bed.rows("activity_record") == await jobs.bed.rows("activity_import") == []
    assert {row["records"] for table in await totals(jobs) for row in table} <= {0}


async def test_of_a_file_with_a_problem_the_sound_rows_are_taken_in_where_that_was_asked(
    jobs: Jobs, ways: list[str]
) -> None:
    ended = await jobs.worked_off(jobs.bed.csv(*rows(BAD)), accept_partial=True)

    assert ways == ["take_in_while_checked", "take_in_job"]
    assert (ended.state, ended.rows_written, ended.problem_count) == (JobState.DONE, LARGE + 50, 1)
    assert len(await jobs.bed.rows("activity_record")) == LARGE + 50


async def test_a_reading_that_the_inventory_has_is_found_among_the_lines_that_are_written_already(
    jobs: Jobs, ways: list[str]
) -> None:
    meter = "unon,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured"
    await jobs.worked_off(jobs.bed.csv(meter))
    before = await jobs.bed.rows("activity_record")

    ended = await jobs.worked_off(jobs.bed.csv(*rows(meter)), file_name="again.csv")

    assert ways == ["take_in_job", "take_in_while_checked", "take_in_job"]
    (problem,) = await jobs.problems(ended.id)
    assert (ended.state, problem.row, problem.code) == (
        JobState.REFUSED,
        LARGE + 52,
        ProblemCode.OVERLAPPING_PERIOD,
    )
    assert await jobs.bed.rows("activity_record") == before


async def test_a_file_that_is_checked_slowly_holds_nobody_up(
    jobs: Jobs, ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PLAIN_S", 0)

    ended = await jobs.worked_off(jobs.bed.csv(*rows()))

    assert (ended.state, ways) == (JobState.DONE, ["take_in_job"])


async def test_lines_that_are_taken_out_just_then_are_refused_and_no_bug(
    jobs: Jobs, ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the check ends, and finds two readings of one day, between a look at its lines and the next."""
    really = running.RunningCheck.ready
    problem = Problem(
        sheet="csv", row=2, column="start", value="", code=ProblemCode.OVERLAPPING_PERIOD, reason="r", hint="h"
    )

    async def ready(self: running.RunningCheck, after: int) -> int:
        count = await really(self, after)
        if self._task.done() and not self.found.problems:
            self.found.problems, self.found.lines = [problem], []
        return count

    monkeypatch.setattr(running.RunningCheck, "ready", ready)

    ended = await jobs.worked_off(jobs.bed.csv(*rows()))

    assert ways == ["take_in_while_checked", "take_in_job"]
    assert (ended.state, ended.refusal_code) == (JobState.REFUSED, "IMPORT_REFUSED")
    assert await jobs.bed.rows("activity_record") == []
