"""GraphQL types of files of evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from inventory.domain import evidence
from inventory.store import evidence as store

__all__ = ["EvidenceFile", "evidence_of_import", "evidence_of_record"]


@strawberry.type(description="A file was taken away from what it was attached to; it can still be read.")
class EvidenceDetachment:
    by: str
    at: datetime
    reason: str


@strawberry.type(description="A file that shows where figures come from.")
class EvidenceFile:
    id: strawberry.ID
    name: str
    media_type: str = strawberry.field(description="By its contents.")
    size: int = strawberry.field(description="Bytes.")
    sha256: str = strawberry.field(description="SHA-256 of its contents, hexadecimal.")
    sensitive: bool = strawberry.field(description="For readers of sensitive data alone.")
    note: str | None
    path: str = strawberry.field(description="Where its contents are read, with the same token, beside GraphQL.")
    inventory_id: strawberry.ID = strawberry.field(description="The version that it was attached in.")
    record_id: strawberry.ID | None = strawberry.field(description="The line that it was attached to.")
    import_id: strawberry.ID | None
    attached_by: str
    attached_at: datetime
    detachment: EvidenceDetachment | None = strawberry.field(description="Null while it is attached.")

    @classmethod
    def of(cls, found: evidence.EvidenceFile) -> Self:
        gone = found.detachment
        return cls(
            id=strawberry.ID(found.id),
            name=found.name,
            media_type=found.media_type,
            size=found.size,
            sha256=found.sha256,
            sensitive=found.is_sensitive,
            note=found.note,
            path=f"/files/evidence/{found.id}",
            inventory_id=strawberry.ID(found.inventory_id),
            record_id=None if found.record_id is None else strawberry.ID(str(found.record_id)),
            import_id=None if found.import_id is None else strawberry.ID(found.import_id),
            attached_by=found.attached_by.name,
            attached_at=found.attached_at,
            detachment=None if gone is None else EvidenceDetachment(by=gone.by.name, at=gone.at, reason=gone.reason),
        )


async def evidence_of_record(info: Info, record_id: int) -> list[EvidenceFile]:
    """Of the record, and of the lines of earlier versions that it is a copy of."""
    found: Sequence[evidence.EvidenceFile] = await info.context.loader("evidence of records", store.of_records).load(
        record_id
    )
    return [EvidenceFile.of(item) for item in found]


async def evidence_of_import(info: Info, import_id: str) -> list[EvidenceFile]:
    """Of the import: first the file itself."""
    found: Sequence[evidence.EvidenceFile] = await info.context.loader("evidence of imports", store.of_imports).load(
        import_id
    )
    return [EvidenceFile.of(item) for item in found]
