"""Who works off imports: a process of its own at low priority, which `worker_beside` begins where a job waits.

A worker holds a lease on its job. It says how far it is, and is told so when the job is to be cancelled. All lines and
the end of the job are one transaction: a worker that is killed leaves nothing, and when its lease has run out another
one begins anew. One that has lost its lease can't commit.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import telemetry
from chassis.database import DATABASE_TROUBLE, Database
from chassis.ids import new_id
from chassis.memory import settle_memory
from chassis.refusals import Refusal
from chassis.telemetry import log, trace_id
from inventory.domain.checked_file import Checked
from inventory.domain.errors import ImportRefused
from inventory.domain.import_job import ImportJob, JobState
from inventory.domain.rows import Problem
from inventory.importing import ProblemFound, RunningCheck
from inventory.store import import_jobs
from inventory.store.records import ActivityImport
from inventory.usecases.evidence import keep_import
from inventory.usecases.import_jobs import take_in_job, take_in_while_checked, what_to_check_against
from inventory.vault import Vault

__all__ = ["ImportWorker", "main"]

RENEW_S = 1.0
NICENESS = 10
MEMORY_BYTES = 1_500_000_000
"""Of a worker's own data: what a file makes it ask for beyond that, it does not get."""


class _GivenUp(Exception):
    """The job is to be cancelled, or another's by now."""


class _RolledBack(Exception):
    """A dry run has done it all, and leaves nothing."""


@dataclass(slots=True)
class _Progress:
    state: JobState = JobState.CHECKING
    rows_checked: int = 0
    rows_written: int = 0
    given_up: bool = False

    def checked(self, rows: int) -> None:
        """Called from the thread that reads the file."""
        self.rows_checked = rows
        if self.given_up:
            raise _GivenUp

    async def written(self, rows: int) -> None:
        self.rows_written = rows


@dataclass(slots=True, kw_only=True)
class ImportWorker:
    """Takes jobs one after the other."""

    database: Database
    root: str
    vault: Vault
    name: str = field(default_factory=new_id)
    renew_s: float = RENEW_S

    async def work_off(self) -> int:
        """All jobs that wait; how many."""
        done = 0
        while True:
            async with self.database.transaction([self.root]) as tx:
                job = await import_jobs.claim(tx, worker=self.name)
            if job is None:
                return done
            await self._work_on(job)
            done += 1

    async def _work_on(self, job: ImportJob) -> None:
        log.info("import begins", attempt=job.attempts)
        progress = _Progress()
        work = asyncio.create_task(self._ended(job, progress))
        goes_on: bool | None = True
        while goes_on and not work.done():
            await asyncio.wait({work}, timeout=self.renew_s)
            if not work.done():
                goes_on = await self._renewed(job, progress)
        if not work.done():
            progress.given_up = True
            work.cancel()
        try:
            await work
        except (_GivenUp, asyncio.CancelledError):
            if goes_on is False:
                await self._end(job, state=JobState.CANCELLED, rows_checked=progress.rows_checked)
            log.info("import given up", cancelled=goes_on is False)
        else:
            log.info("import ended", rows=progress.rows_written)

    async def _renewed(self, job: ImportJob, progress: _Progress) -> bool | None:
        async with self.database.transaction([job.location_id]) as tx:
            return await import_jobs.renew(
                tx,
                job.id,
                worker=self.name,
                state=progress.state,
                rows_checked=progress.rows_checked,
                rows_written=progress.rows_written,
            )

    async def _ended(self, job: ImportJob, progress: _Progress) -> None:
        """Carry the job out and end it, whatever comes of it; with the database away, its lease runs out."""
        try:
            while not await self._carried_out(job, progress):
                pass
        except (_GivenUp, *DATABASE_TROUBLE):
            raise
        except Refusal as refusal:
            problems: Sequence[Problem] = refusal.problems if isinstance(refusal, ImportRefused) else ()
            await self._end(
                job,
                state=JobState.REFUSED,
                rows_checked=progress.rows_checked,
                problems=problems,
                refusal=(refusal.code, refusal.message),
            )
        except Exception as error:  # noqa: BLE001 - the outermost edge: what went wrong is for the log alone
            log.exception("bug", error=type(error).__name__)
            message = f"Something went wrong on our side; nothing was taken in. Reference {trace_id()}."
            await self._end(job, state=JobState.FAILED, refusal=("INTERNAL", message))
        finally:
            # Whatever ended the job, its file may still be being checked.
            progress.given_up = True

    async def _carried_out(self, job: ImportJob, progress: _Progress) -> bool:
        """Whether it is over: False where what the file was checked against is another by now."""
        progress.state = JobState.CHECKING
        now = datetime.now(UTC)
        edition, running = await self._begun(job, progress, now=now)
        if await self._written_meanwhile(job, progress, now=now, edition=edition, running=running):
            return True
        progress.state = JobState.CHECKING
        checked = await self._checked(running)
        progress.rows_checked = checked.rows
        progress.state = JobState.WRITING
        over = False
        with suppress(_RolledBack):
            async with self.database.transaction([job.location_id]) as tx:
                taken = await take_in_job(tx, job=job, now=now, checked=checked, edition=edition, said=progress.written)
                over = taken is not None
                if taken is None or job.order.dry_run:
                    raise _RolledBack
                await self._done(tx, job, progress, now=now, taken=taken, running=running)
        if over and job.order.dry_run:
            await self._end(job, state=JobState.DONE, rows_checked=checked.rows, problems=checked.problems)
        return over

    async def _written_meanwhile(
        self, job: ImportJob, progress: _Progress, *, now: datetime, edition: str, running: RunningCheck
    ) -> bool:
        """A large file without a problem is written while the rest of it is checked. False where it is not such a one.

        The inventory is locked from its first lines on; a file that is checked slowly does not come to that.
        """
        if job.order.dry_run or not await running.is_plain():
            return False
        progress.state = JobState.WRITING
        with suppress(_RolledBack, ProblemFound):
            async with self.database.transaction([job.location_id]) as tx:
                taken = await take_in_while_checked(
                    tx,
                    job=job,
                    now=now,
                    checked=running.found,
                    edition=edition,
                    ready=running.ready,
                    said=progress.written,
                )
                if taken is None:
                    raise _RolledBack
                await self._done(tx, job, progress, now=now, taken=taken, running=running)
            return True
        return False

    async def _done(
        self,
        tx: AsyncConnection,
        job: ImportJob,
        progress: _Progress,
        *,
        now: datetime,
        taken: ActivityImport,
        running: RunningCheck,
    ) -> None:
        """The end of the job, in the transaction of its lines."""
        if taken.imported_at == now:
            await keep_import(tx, vault=self.vault, taken=taken, content=running.content)
        ended = await import_jobs.finish(
            tx,
            job.id,
            worker=self.name,
            state=JobState.DONE,
            rows_checked=running.found.rows,
            rows_written=progress.rows_written,
            problem_count=len(running.found.problems),
            import_id=taken.id,
        )
        if not ended:
            raise _GivenUp
        await import_jobs.save_problems(tx, job, running.found.problems)

    async def _begun(self, job: ImportJob, progress: _Progress, *, now: datetime) -> tuple[str, RunningCheck]:
        """The check of the job's file, and the edition of factors that it is held against."""
        found = None
        with suppress(_RolledBack):
            async with self.database.transaction([job.location_id]) as tx:
                content = await import_jobs.content_of(tx, job.id)
                found = await what_to_check_against(tx, job=job, now=now)
                # An inventory that was opened for this goes again: the lines open it, if they go in.
                raise _RolledBack
        if found is None:
            message = "what to check against was neither found nor refused"
            raise RuntimeError(message)
        inventory, reference = found
        running = RunningCheck.begin(content, reference=reference, said=progress.checked)
        return inventory.factor_edition, running

    async def _checked(self, running: RunningCheck) -> Checked:
        return await running.ended()

    async def _end(
        self,
        job: ImportJob,
        *,
        state: JobState,
        rows_checked: int = 0,
        problems: Sequence[Problem] = (),
        refusal: tuple[str | None, str | None] = (None, None),
    ) -> None:
        async with self.database.transaction([job.location_id]) as tx:
            ended = await import_jobs.finish(
                tx,
                job.id,
                worker=self.name,
                state=state,
                rows_checked=rows_checked,
                problem_count=len(problems),
                refusal_code=refusal[0],
                refusal_message=refusal[1],
            )
            if ended and problems:
                await import_jobs.save_problems(tx, job, problems)


def main() -> None:
    """A worker's process: told by its input where the database is; ends with its input, or with the last job."""
    os.nice(NICENESS)
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    telemetry.configure("inventory-imports", version="0.1.0")
    told = json.loads(sys.stdin.readline())
    settle_memory()
    threading.Thread(target=_end_with_input, daemon=True).start()
    asyncio.run(_work(told["database_url"], told["root"], Vault.open(**told["evidence"])))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


async def _work(database_url: str, root: str, vault: Vault) -> None:
    database = Database.connect(database_url, pool_size=2)
    try:
        await ImportWorker(database=database, root=root, vault=vault).work_off()
    finally:
        await database.close()
