"""The edge of evidence: how it comes in, and how it is given out."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from strawberry import ID
from strawberry.scalars import Base64

from chassis.access import ANONYMOUS, Principal
from chassis.files import FileRoute, download, json_answer
from chassis.graphql.edge import RequestContext
from chassis.refusals import NotSignedIn, Refusal
from inventory import access, usecases
from inventory.domain.errors import (
    EvidenceDamaged,
    EvidenceTooLarge,
    EvidenceTooMany,
    EvidenceTypeMismatch,
    EvidenceTypeNotAllowed,
    ExportParameterUnknown,
    InventoryIsFinal,
    WrongState,
)
from inventory.domain.evidence import EvidenceFile
from inventory.graphql.evidence_mutations import AttachEvidenceInput
from inventory.graphql.resources import Resources
from inventory.parameters import Parameters, yes_no

__all__ = ["EVIDENCE_FILES"]

STATUSES = {
    ExportParameterUnknown.code: 400,
    EvidenceTooLarge.code: 413,
    EvidenceTypeNotAllowed.code: 415,
    EvidenceTypeMismatch.code: 415,
    EvidenceDamaged.code: 500,
    InventoryIsFinal.code: 409,
    WrongState.code: 409,
    EvidenceTooMany.code: 409,
}


async def _attach(context: RequestContext, request: Request) -> Response:
    """The body is the file; the address says of what, and by which name."""
    given = Parameters(request, refusal=ExportParameterUnknown, known={"name", "record", "import", "sensitive", "note"})
    name = given.one("name", str)
    if name is None:
        raise given.wrong("name", found="no name", expected="the file's name")
    if context.principal is ANONYMOUS:
        # Nobody's file is read.
        raise NotSignedIn(capability=access.ATTACH_EVIDENCE)
    resources: Resources = context.resources
    asked = AttachEvidenceInput(
        inventory_id=ID(request.path_params["inventory_id"]),
        record_id=given.one("record", ID),
        import_id=given.one("import", ID),
        file_name=name,
        content=Base64(await _body(request, most=resources.evidence_limit_bytes)),
        sensitive=given.one("sensitive", yes_no),
        note=given.one("note", str),
    )
    found: EvidenceFile | Refusal = await context.decide(
        access.ATTACH_EVIDENCE,
        lambda tx, principal, now: usecases.attach_evidence(
            tx,
            principal=principal,
            now=now,
            vault=resources.vault,
            limit_bytes=resources.evidence_limit_bytes,
            inventory_id=asked.inventory_id,
            record_id=asked.record_id,
            import_id=asked.import_id,
            file_name=asked.file_name,
            content=asked.content,
            is_sensitive=asked.sensitive,
            note=asked.note,
        ),
        request=asked,
        to=lambda made: made,
        refused=lambda refusal: refusal,
    )
    if isinstance(found, Refusal):
        raise found
    return json_answer(
        201,
        {
            "id": found.id,
            "name": found.name,
            "mediaType": found.media_type,
            "size": found.size,
            "sha256": found.sha256,
            "sensitive": found.is_sensitive,
            "path": f"/files/evidence/{found.id}",
        },
    )


async def _body(request: Request, *, most: int) -> bytes:
    """What is sent, and one byte of what is too much: the use case says no to that, on the record."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return bytes(body[: most + 1])
    return bytes(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadEvidenceInput:
    """What is asked for, as the audit record has it."""

    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceContents:
    """What is given out."""

    id: str
    file: EvidenceFile
    content: bytes


async def _download(context: RequestContext, request: Request) -> Response:
    Parameters(request, refusal=ExportParameterUnknown, known=())
    asked = DownloadEvidenceInput(evidence_id=request.path_params["evidence_id"])
    resources: Resources = context.resources

    async def read(tx: AsyncConnection, _principal: Principal, _now: datetime) -> EvidenceContents:
        file, content = await usecases.read_evidence(tx, vault=resources.vault, evidence_id=asked.evidence_id)
        return EvidenceContents(id=file.id, file=file, content=content)

    found = await context.disclose(access.READ, read, request=asked)
    return download(
        BytesIO(found.content),
        name=found.file.name,
        media_type=found.file.media_type,
        size=len(found.content),
        more={"repr-digest": f"sha-256=:{b64encode(bytes.fromhex(found.file.sha256)).decode()}:"},
    )


EVIDENCE_FILES = (
    FileRoute(path="/files/inventories/{inventory_id}/evidence", answer=_attach, method="POST", statuses=STATUSES),
    FileRoute(path="/files/evidence/{evidence_id}", answer=_download, statuses=STATUSES),
)
"""Everything of evidence under `/files`."""
