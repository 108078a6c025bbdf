"""SQL of imports as jobs: asked for, claimed under a lease, told how far they are, finished."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.import_job import ImportJob, ImportOrder, JobState
from inventory.domain.rows import Problem, ProblemCode
from inventory.tables import activity_import, import_file, import_job, import_problem
from quantities.person import Person

__all__ = [
    "LEASE_S",
    "add",
    "any_to_claim",
    "by_id",
    "claim",
    "content_of",
    "finish",
    "for_update",
    "known",
    "problems_page",
    "renew",
    "same_before",
    "save_cancellation",
    "save_problems",
]

LEASE_S = 30
"""Seconds after which a job whose worker says nothing is another's."""
ATTEMPTS_MAX = 5
"""So often is a job begun anew whose worker went away."""

_ORDER = tuple(ImportOrder.__dataclass_fields__)
_PLAIN = (
    "id", "content_hash", "bytes", "requested_at", "rows_checked", "rows_written", "problem_count", "import_id",
    "refusal_code", "refusal_message", "cancel_requested", "attempts", "started_at", "finished_at",
)  # fmt: skip


def _job(row: Row[*tuple[Any, ...]]) -> ImportJob:
    values = row._mapping  # noqa: SLF001 - a row's documented mapping
    return ImportJob(
        order=ImportOrder(**{name: values[name] for name in _ORDER}),
        state=JobState(values["state"]),
        requested_by=Person(subject=values["requested_by_subject"], name=values["requested_by"]),
        **{name: values[name] for name in _PLAIN},
    )


async def same_before(tx: AsyncConnection, new: ImportJob) -> ImportJob | None:
    """A job of the same file and order that is under way, or whose lines are in the inventory."""
    order = new.order
    row = (
        await tx.execute(
            select(import_job)
            .outerjoin(activity_import, activity_import.c.id == import_job.c.import_id)
            .where(
                import_job.c.location_id == order.location_id,
                import_job.c.year == order.year,
                import_job.c.content_hash == new.content_hash,
                import_job.c.dry_run == order.dry_run,
                import_job.c.accept_partial == order.accept_partial,
                import_job.c.decimal_comma == order.decimal_comma,
                import_job.c.finished_at.is_(None)
                | (
                    (import_job.c.state == JobState.DONE)
                    & ~import_job.c.dry_run
                    & activity_import.c.id.is_not(None)
                    & activity_import.c.undone_at.is_(None)
                ),
            )
            .order_by(import_job.c.requested_at.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else _job(row)


async def add(tx: AsyncConnection, new: ImportJob, content: bytes) -> bool:
    """Whether it is new: False where the same was asked for meanwhile."""
    order = {name: getattr(new.order, name) for name in _ORDER}
    statement = upsert(import_job).values(
        id=new.id,
        **order,
        content_hash=new.content_hash,
        bytes=new.bytes,
        state=new.state,
        requested_by=new.requested_by.name,
        requested_by_subject=new.requested_by.subject,
        requested_at=new.requested_at,
    )
    if not (await tx.execute(statement.on_conflict_do_nothing())).rowcount:
        return False
    await tx.execute(insert(import_file).values(job_id=new.id, location_id=new.location_id, content=content))
    return True


async def by_id(tx: AsyncConnection, job_id: str) -> ImportJob | None:
    row = (await tx.execute(select(import_job).where(import_job.c.id == job_id))).one_or_none()
    return None if row is None else _job(row)


async def known(tx: AsyncConnection, job_id: str) -> ImportJob:
    """That job; it is there."""
    return _job((await tx.execute(select(import_job).where(import_job.c.id == job_id))).one())


async def for_update(tx: AsyncConnection, job_id: str) -> ImportJob | None:
    row = (await tx.execute(select(import_job).where(import_job.c.id == job_id).with_for_update())).one_or_none()
    return None if row is None else _job(row)


async def save_cancellation(tx: AsyncConnection, job: ImportJob) -> None:
    await tx.execute(
        update(import_job)
        .where(import_job.c.id == job.id)
        .values(state=job.state, cancel_requested=job.cancel_requested, finished_at=job.finished_at)
    )


async def content_of(tx: AsyncConnection, job_id: str) -> bytes:
    """The file; it is there."""
    found: bytes = (await tx.execute(select(import_file.c.content).where(import_file.c.job_id == job_id))).scalar_one()
    return found


_CLAIMABLE = "(state = 'queued' OR (finished_at IS NULL AND lease_until < now()))"


async def any_to_claim(tx: AsyncConnection) -> bool:
    found: bool = (await tx.execute(text(f"SELECT EXISTS (SELECT FROM import_job WHERE {_CLAIMABLE})"))).scalar_one()  # noqa: S608 - our own words
    return found


async def claim(tx: AsyncConnection, *, worker: str) -> ImportJob | None:
    """The oldest job that nobody works on, under a lease.

    One that was to be cancelled, or whose workers went away again and again, is ended instead.
    """
    await tx.execute(
        text(
            "UPDATE import_job SET finished_at = now(), lease_by = NULL, lease_until = NULL,"  # noqa: S608 - as above
            " state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END,"
            " refusal_code = CASE WHEN cancel_requested THEN NULL ELSE 'GAVE_UP' END,"
            " refusal_message = CASE WHEN cancel_requested THEN NULL ELSE"
            " 'It was begun again and again and never came to an end; nothing was taken in.' END"
            f" WHERE id IN (SELECT id FROM import_job WHERE {_CLAIMABLE} AND (cancel_requested OR attempts >= :most)"
            " FOR UPDATE SKIP LOCKED)"
        ),
        {"most": ATTEMPTS_MAX},
    )
    claimed = await tx.execute(
        text(
            "UPDATE import_job SET state = 'checking', lease_by = :worker,"  # noqa: S608 - as above
            f" lease_until = now() + interval '{LEASE_S} seconds', attempts = attempts + 1, rows_checked = 0,"
            " rows_written = 0, started_at = coalesce(started_at, now())"
            f" WHERE id = (SELECT id FROM import_job WHERE {_CLAIMABLE} ORDER BY requested_at, id LIMIT 1"
            " FOR UPDATE SKIP LOCKED) RETURNING id"
        ),
        {"worker": worker},
    )
    job_id = claimed.scalar_one_or_none()
    return None if job_id is None else await by_id(tx, job_id)


async def renew(
    tx: AsyncConnection, job_id: str, *, worker: str, state: JobState, rows_checked: int, rows_written: int
) -> bool | None:
    """Say how far it is and keep the lease; whether to go on.

    False where it is to be cancelled, None where the job is another's by now.
    """
    found = await tx.execute(
        text(
            "UPDATE import_job SET state = :state, rows_checked = :rows_checked, rows_written = :rows_written,"  # noqa: S608 - as above
            f" lease_until = now() + interval '{LEASE_S} seconds'"
            " WHERE id = :id AND lease_by = :worker AND finished_at IS NULL RETURNING NOT cancel_requested"
        ),
        {
            "id": job_id,
            "worker": worker,
            "state": state.value,
            "rows_checked": rows_checked,
            "rows_written": rows_written,
        },
    )
    goes_on: bool | None = found.scalar_one_or_none()
    return goes_on


async def finish(
    tx: AsyncConnection,
    job_id: str,
    *,
    worker: str,
    state: JobState,
    rows_checked: int = 0,
    rows_written: int = 0,
    problem_count: int = 0,
    import_id: str | None = None,
    refusal_code: str | None = None,
    refusal_message: str | None = None,
) -> bool:
    """End it; False where the job is another's by now, or lines are to go in and it was cancelled meanwhile."""
    found = await tx.execute(
        text(
            "UPDATE import_job SET state = :state, rows_checked = :rows_checked, rows_written = :rows_written,"
            " problem_count = :problem_count, import_id = :import_id, refusal_code = :refusal_code,"
            " refusal_message = :refusal_message, finished_at = now(), lease_by = NULL, lease_until = NULL"
            " WHERE id = :id AND lease_by = :worker AND finished_at IS NULL"
            " AND NOT (cancel_requested AND CAST(:state AS text) = 'done') RETURNING id"
        ),
        {
            "id": job_id,
            "worker": worker,
            "state": state.value,
            "rows_checked": rows_checked,
            "rows_written": rows_written,
            "problem_count": problem_count,
            "import_id": import_id,
            "refusal_code": refusal_code,
            "refusal_message": refusal_message,
        },
    )
    return found.scalar_one_or_none() is not None


_SAVE_PROBLEMS = text(
    'INSERT INTO import_problem (job_id, number, location_id, sheet, row_number, "column", value, code, reason, hint)'
    " SELECT :job_id, number, :location_id, sheet, row_number, named, value, code, reason, hint"
    " FROM unnest(CAST(:sheet AS text[]), CAST(:row_number AS integer[]), CAST(:named AS text[]),"
    " CAST(:value AS text[]), CAST(:code AS text[]), CAST(:reason AS text[]), CAST(:hint AS text[])) WITH ORDINALITY"
    " AS p (sheet, row_number, named, value, code, reason, hint, number)"
)


async def save_problems(tx: AsyncConnection, job: ImportJob, problems: Sequence[Problem]) -> None:
    await tx.execute(
        _SAVE_PROBLEMS,
        {
            "job_id": job.id,
            "location_id": job.location_id,
            "sheet": [item.sheet for item in problems],
            "row_number": [item.row for item in problems],
            "named": [item.column for item in problems],
            "value": [item.value for item in problems],
            "code": [item.code.value for item in problems],
            "reason": [item.reason for item in problems],
            "hint": [item.hint for item in problems],
        },
    )


async def problems_page(
    tx: AsyncConnection, *, job_id: str, limit: int, after: int = 0
) -> Sequence[tuple[int, Problem]]:
    """Problems of a job with their numbers, in the order of the file."""
    rows = await tx.execute(
        select(import_problem)
        .where(import_problem.c.job_id == job_id, import_problem.c.number > after)
        .order_by(import_problem.c.number)
        .limit(limit)
    )
    return [
        (
            row.number,
            Problem(
                sheet=row.sheet,
                row=row.row_number,
                column=row.column,
                value=row.value,
                code=ProblemCode(row.code),
                reason=row.reason,
                hint=row.hint,
            ),
        )
        for row in rows
    ]
