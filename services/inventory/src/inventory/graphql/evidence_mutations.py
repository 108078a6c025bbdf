"""Mutations of files of evidence."""

from typing import Annotated

import strawberry
from strawberry.scalars import Base64

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.evidence import EvidenceFile
from inventory.graphql.resources import Resources
from inventory.store import evidence

__all__ = ["AttachEvidenceInput", "EvidenceMutation"]


@strawberry.input
class AttachEvidenceInput:
    inventory_id: strawberry.ID
    record_id: strawberry.ID | None = strawberry.field(
        default=None, description="A line of the version; without it and without an import, the version as a whole."
    )
    import_id: strawberry.ID | None = None
    file_name: str
    content: Base64 = strawberry.field(
        description="PDF, PNG, JPEG, XLSX, CSV, TXT or EML, in base64; larger files are posted to"
        " /files/inventories/{id}/evidence."
    )
    sensitive: bool | None = strawberry.field(
        default=None,
        description="For readers of sensitive data alone; where a record or import is, its files are. A file of a whole"
        " version is, unless this says no.",
    )
    note: str | None = None


@strawberry.input
class DetachEvidenceInput:
    evidence_id: strawberry.ID
    reason: str
    idempotency_key: str


AttachEvidenceResult = Annotated[EvidenceFile | Refusal, strawberry.union("AttachEvidenceResult")]
DetachEvidenceResult = Annotated[EvidenceFile | Refusal, strawberry.union("DetachEvidenceResult")]


@strawberry.type
class EvidenceMutation:
    @strawberry.mutation(
        description="Attach a file to a record, an import or an open version (technical team). Again, it changes"
        " nothing."
    )
    async def attach_evidence(
        self,
        info: Info,
        input: AttachEvidenceInput,  # noqa: A002 - GraphQL's name
    ) -> AttachEvidenceResult:
        resources: Resources = info.context.resources
        return await info.context.decide(
            access.ATTACH_EVIDENCE,
            lambda tx, principal, now: usecases.attach_evidence(
                tx,
                principal=principal,
                now=now,
                vault=resources.vault,
                limit_bytes=resources.evidence_limit_bytes,
                inventory_id=input.inventory_id,
                record_id=input.record_id,
                import_id=input.import_id,
                file_name=input.file_name,
                content=input.content,
                is_sensitive=input.sensitive,
                note=input.note,
            ),
            request=input,
            to=EvidenceFile.of,
        )

    @strawberry.mutation(description="Take a file away from an open version, with a reason; the trace stays.")
    async def detach_evidence(
        self,
        info: Info,
        input: DetachEvidenceInput,  # noqa: A002 - as above
    ) -> DetachEvidenceResult:
        return await info.context.decide(
            access.DETACH_EVIDENCE,
            lambda tx, principal, now: usecases.detach_evidence(
                tx, principal=principal, now=now, evidence_id=input.evidence_id, reason=input.reason
            ),
            request=input,
            to=EvidenceFile.of,
            once=Once(key=input.idempotency_key, again=evidence.by_id),
        )
