"""GraphQL types of imports as jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from chassis import access as rights
from chassis import refusals
from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, page_of
from chassis.refusals import BadCursor
from inventory import access, usecases
from inventory.domain import import_job, rows
from inventory.graphql.imports import ActivityImport, ImportProblem
from inventory.store import import_jobs, records

__all__ = ["ImportJob", "import_job_of"]

NUMBER_DIGITS_MAX = 9

strawberry.enum(
    import_job.JobState, name="ImportState", description="How far an import is; the last four are its ends."
)


@strawberry.type(description="A file that is taken in by and by.")
class ImportJob:
    id: strawberry.ID
    location_id: strawberry.ID
    year: int
    file_name: str
    content_hash: str = strawberry.field(description="SHA-256 of the file.")
    state: import_job.JobState
    dry_run: bool = strawberry.field(description="Everything was checked, and nothing taken in.")
    accept_partial: bool = strawberry.field(description="Sound rows go in where others have problems.")
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rows_checked: int
    rows_written: int
    problem_count: int
    refusal_code: str | None = strawberry.field(description="Why nothing was taken in.")
    refusal_message: str | None
    import_id: strawberry.Private[str | None]

    @classmethod
    def of(cls, found: import_job.ImportJob) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            year=found.order.year,
            file_name=found.order.file_name,
            content_hash=found.content_hash,
            state=found.state,
            dry_run=found.order.dry_run,
            accept_partial=found.order.accept_partial,
            requested_by=found.requested_by.name,
            requested_at=found.requested_at,
            started_at=found.started_at,
            finished_at=found.finished_at,
            rows_checked=found.rows_checked,
            rows_written=found.rows_written,
            problem_count=found.problem_count,
            refusal_code=found.refusal_code,
            refusal_message=found.refusal_message,
            import_id=found.import_id,
        )

    @strawberry.field(name="import", description="What it came to; null before, and where nothing was taken in.")
    async def came_to(self, info: Info) -> ActivityImport | None:
        if self.import_id is None:
            return None
        found = await info.context.loader("imports", records.imports_by_ids).load(self.import_id)
        return None if found is None else ActivityImport.of(found)

    @strawberry.field(description="All that was wrong, in the order of the file.")
    async def problems(self, info: Info, first: int, after: str | None = None) -> Connection[ImportProblem]:
        async def load(limit: int, after: str | None) -> Sequence[tuple[int, rows.Problem]]:
            past = 0 if after is None else _number(after)
            context = info.context
            async with context.database.transaction(rights.roots(context.principal, access.IMPORT_ACTIVITY_DATA)) as tx:
                return await import_jobs.problems_page(tx, job_id=self.id, limit=limit, after=past)

        return await page_of(
            first=first,
            after=after,
            load=load,
            node=lambda found: ImportProblem.of(found[1]),
            cursor=lambda found: str(found[0]),
        )


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= NUMBER_DIGITS_MAX):
        raise BadCursor
    return int(cursor)


async def import_job_of(info: Info, job_id: str) -> ImportJob | None:
    """The job, for who may import there; none for everyone else."""
    context = info.context
    try:
        async with context.database.transaction(rights.roots(context.principal, access.IMPORT_ACTIVITY_DATA)) as tx:
            return ImportJob.of(await usecases.find_import_job(tx, principal=context.principal, job_id=job_id))
    except refusals.NotFound:
        return None
