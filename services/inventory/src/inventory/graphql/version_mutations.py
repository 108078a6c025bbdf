"""Mutations of versions: a final inventory corrected by its next one."""

from typing import Annotated

import strawberry

from chassis import refusals
from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain import errors
from inventory.graphql.imports import ImportProblem, ImportRefused
from inventory.graphql.types import Inventory
from inventory.graphql.versions import RecordCorrection
from inventory.store import corrections, inventories

__all__ = ["VersionMutation", "import_refused"]


@strawberry.input
class CorrectInventoryInput:
    inventory_id: strawberry.ID
    factor_edition: str | None = strawberry.field(
        default=None, description="To restate it: the edition of factors that every line is quantified by."
    )
    reason: str
    idempotency_key: str


@strawberry.input
class CellInput:
    column: str = strawberry.field(description="As a column of a file of activity data is named.")
    value: str | None = strawberry.field(default=None, description="Null is a blank cell.")


@strawberry.input
class CorrectActivityRecordInput:
    inventory_id: strawberry.ID
    record_id: strawberry.ID | None = strawberry.field(
        default=None, description="The record to change, or to remove; null to add one."
    )
    row: list[CellInput] | None = strawberry.field(
        default=None,
        description="The record as the row of a file; null to remove it. Without the column `uncertainty` a record"
        " is as well known as it was; a blank takes that away.",
    )
    reason: str
    idempotency_key: str


CorrectInventoryResult = Annotated[Inventory | Refusal, strawberry.union("CorrectInventoryResult")]
CorrectActivityRecordResult = Annotated[
    RecordCorrection | ImportRefused | Refusal, strawberry.union("CorrectActivityRecordResult")
]


def import_refused(refusal: refusals.Refusal) -> ImportRefused | Refusal:
    if not isinstance(refusal, errors.ImportRefused):
        return Refusal.of(refusal)
    return ImportRefused(
        file_name=refusal.subject,
        message=refusal.message,
        problems=[ImportProblem.of(problem) for problem in refusal.problems],
    )


@strawberry.type
class VersionMutation:
    @strawberry.mutation(
        description="Open the next version of a final inventory, with a copy of its records (technical team). The"
        " final one stays as it is. With an edition of factors, it is restated by that edition."
    )
    async def correct_inventory(
        self,
        info: Info,
        input: CorrectInventoryInput,  # noqa: A002 - GraphQL's name
    ) -> CorrectInventoryResult:
        return await info.context.decide(
            access.CORRECT_INVENTORY,
            lambda tx, principal, now: usecases.correct_inventory(
                tx,
                principal=principal,
                now=now,
                inventory_id=input.inventory_id,
                reason=input.reason,
                factor_edition=input.factor_edition,
            ),
            request=input,
            to=Inventory.of,
            once=Once(key=input.idempotency_key, again=inventories.by_id),
        )

    @strawberry.mutation(description="Change, remove or add one record of a draft, with a reason (technical team).")
    async def correct_activity_record(
        self,
        info: Info,
        input: CorrectActivityRecordInput,  # noqa: A002 - as above
    ) -> CorrectActivityRecordResult:
        return await info.context.decide(
            access.CORRECT_ACTIVITY_RECORD,
            lambda tx, principal, now: usecases.correct_activity_record(
                tx,
                principal=principal,
                now=now,
                inventory_id=input.inventory_id,
                record_id=input.record_id,
                cells=None if input.row is None else {cell.column: cell.value or "" for cell in input.row},
                reason=input.reason,
            ),
            request=input,
            to=RecordCorrection.of,
            refused=import_refused,
            once=Once(key=input.idempotency_key, again=corrections.by_id),
        )
