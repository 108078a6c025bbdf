"""Mutations of imports as jobs."""

from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.import_jobs import ImportJob
from inventory.graphql.imports import ActivityImport
from inventory.store import import_jobs, records

__all__ = ["ImportMutation"]


@strawberry.input
class CancelImportInput:
    job_id: strawberry.ID
    idempotency_key: str


@strawberry.input
class UndoImportInput:
    import_id: strawberry.ID
    reason: str
    idempotency_key: str


CancelImportResult = Annotated[ImportJob | Refusal, strawberry.union("CancelImportResult")]
UndoImportResult = Annotated[ActivityImport | Refusal, strawberry.union("UndoImportResult")]


@strawberry.type
class ImportMutation:
    @strawberry.mutation(
        description="Stop an import that is queued or under way; nothing of it stays (technical team)."
    )
    async def cancel_import(
        self,
        info: Info,
        input: CancelImportInput,  # noqa: A002 - GraphQL's name
    ) -> CancelImportResult:
        return await info.context.decide(
            access.CANCEL_IMPORT,
            lambda tx, principal, now: usecases.cancel_import(tx, principal=principal, now=now, job_id=input.job_id),
            request=input,
            to=ImportJob.of,
            once=Once(key=input.idempotency_key, again=import_jobs.known),
        )

    @strawberry.mutation(
        description="Take all lines of an import out of a draft again, with a reason (technical team). The file may"
        " come again afterwards."
    )
    async def undo_import(
        self,
        info: Info,
        input: UndoImportInput,  # noqa: A002 - as above
    ) -> UndoImportResult:
        return await info.context.decide(
            access.UNDO_IMPORT,
            lambda tx, principal, now: usecases.undo_import(
                tx, principal=principal, now=now, import_id=input.import_id, reason=input.reason
            ),
            request=input,
            to=ActivityImport.of,
            once=Once(key=input.idempotency_key, again=records.known_import),
        )
