"""GraphQL types of files that were taken in, or refused."""

from datetime import datetime
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from inventory.domain import rows
from inventory.graphql.evidence import EvidenceFile, evidence_of_import
from inventory.graphql.types import Inventory
from inventory.store import inventories, records

__all__ = ["ActivityImport", "ImportProblem", "ImportRefused"]


@strawberry.type(description="A file that was taken in, whole.")
class ActivityImport:
    id: strawberry.ID
    file_name: str
    content_hash: str = strawberry.field(description="SHA-256 of the file.")
    row_count: int
    imported_by: str
    imported_at: datetime
    undone_at: datetime | None = strawberry.field(description="When its lines were taken out again.")
    undone_by: str | None
    undone_reason: str | None
    inventory_id: strawberry.Private[str]

    @classmethod
    def of(cls, found: records.ActivityImport) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            file_name=found.file_name,
            content_hash=found.content_hash,
            row_count=found.row_count,
            imported_by=found.imported_by.name,
            imported_at=found.imported_at,
            undone_at=found.undone_at,
            undone_by=None if found.undone_by is None else found.undone_by.name,
            undone_reason=found.undone_reason,
            inventory_id=found.inventory_id,
        )

    @strawberry.field(description="First the file itself, then what was attached.")
    async def evidence(self, info: Info) -> list[EvidenceFile]:
        return await evidence_of_import(info, str(self.id))

    @strawberry.field
    async def inventory(self, info: Info) -> Inventory | None:
        found = await info.context.loader("inventory", inventories.by_ids).load(self.inventory_id)
        return None if found is None else Inventory.of(found)


@strawberry.type(description="One thing that is wrong in one cell, and what to do about it.")
class ImportProblem:
    sheet: str
    row: int = strawberry.field(description="As the spreadsheet counts: the first row is 1.")
    column: str
    value: str
    code: str
    reason: str
    hint: str

    @classmethod
    def of(cls, found: rows.Problem) -> Self:
        return cls(
            sheet=found.sheet,
            row=found.row,
            column=found.column,
            value=found.value,
            code=found.code.value,
            reason=found.reason,
            hint=found.hint,
        )


@strawberry.type(description="Nothing of the file was taken in; every problem is named.")
class ImportRefused:
    file_name: str
    message: str
    problems: list[ImportProblem]
