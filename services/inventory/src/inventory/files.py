"""The edge of files: what may be asked for under `/files`, and how the answer leaves."""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from io import BytesIO
from os import SEEK_END
from typing import IO, TypeVar

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
    ExportsBusy,
    ExportTooLarge,
    InventoryIsFinal,
    WrongState,
)
from inventory.domain.evidence import EvidenceFile
from inventory.domain.export import FIGURES_MAX, Form
from inventory.domain.figures import Calendar, Dimension, FiguresAsked, Tree, categories_of
from inventory.exports import MEDIA_TYPES, Workbench
from inventory.graphql.evidence_mutations import AttachEvidenceInput
from inventory.graphql.resources import Resources
from inventory.usecases.exports import Export

__all__ = ["FILES"]

STATUSES = {ExportTooLarge.code: 413, ExportsBusy.code: 503, ExportParameterUnknown.code: 400}
Value = TypeVar("Value")
AnyEnum = TypeVar("AnyEnum", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecordsInput:
    """What is asked for, as the audit record has it."""

    inventory_id: str
    form: Form
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTotalsInput:
    """As above."""

    inventory_id: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFiguresInput:
    """As above."""

    location_id: str
    form: Form
    asked: str
    """The address's own words."""


async def _records(context: RequestContext, request: Request, *, form: Form) -> Response:
    given = _Given(request, known={"category"})
    asked = ExportRecordsInput(
        inventory_id=request.path_params["inventory_id"], form=form, category=given.one("category", str)
    )
    async with _workbench(context).file() as file:
        found = await context.disclose(
            access.READ,
            lambda tx, principal, now: usecases.export_records(
                tx,
                principal=principal,
                now=now,
                inventory_id=asked.inventory_id,
                form=form,
                category=asked.category,
                file=file,
            ),
            request=asked,
        )
    return _answer(found, form=form, file=file)


async def _totals(context: RequestContext, request: Request, *, form: Form) -> Response:
    _Given(request, known=())
    asked = ExportTotalsInput(inventory_id=request.path_params["inventory_id"], form=form)
    async with _workbench(context).file() as file:
        found = await context.disclose(
            access.READ,
            lambda tx, principal, now: usecases.export_totals(
                tx, principal=principal, now=now, inventory_id=asked.inventory_id, form=form, file=file
            ),
            request=asked,
        )
    return _answer(found, form=form, file=file)


FIGURE_PARAMETERS = frozenset(
    {"by", "tree", "calendar", "asOf", "yearFrom", "yearTo", "scope", "category", "stream", "gas", "optional"}
)


async def _figures(context: RequestContext, request: Request, *, form: Form) -> Response:
    given = _Given(request, known=FIGURE_PARAMETERS)
    wanted = FiguresAsked(
        location_id=request.path_params["location_id"],
        by=frozenset(given.many("by", _one_of(Dimension))) or frozenset({Dimension.LOCATION, Dimension.YEAR}),
        tree=given.one("tree", _one_of(Tree)) or Tree.AS_IT_IS,
        calendar=given.one("calendar", _one_of(Calendar)) or Calendar.CALENDAR,
        as_of=given.one("asOf", _instant),
        year_from=given.one("yearFrom", _year),
        year_to=given.one("yearTo", _year),
        scopes=frozenset(given.many("scope", _scope)),
        categories=categories_of(categories=given.many("category", str), streams=given.many("stream", str)),
        gases=frozenset(given.many("gas", str)),
        optional=given.one("optional", _yes_no) or False,
        most=FIGURES_MAX,
        market_based=True,
    )
    asked = ExportFiguresInput(location_id=wanted.location_id, form=form, asked=request.url.query)
    async with _workbench(context).file() as file:
        found = await context.disclose(
            access.READ,
            lambda tx, _, now: usecases.export_figures(tx, now=now, asked=wanted, form=form, file=file),
            request=asked,
        )
    return _answer(found, form=form, file=file)


def _workbench(context: RequestContext) -> Workbench:
    resources: Resources = context.resources
    return resources.workbench


def _answer(found: Export, *, form: Form, file: IO[bytes]) -> Response:
    extent = {"lichen-extent": found.extent.name.lower(), "lichen-rows": str(found.rows)}
    size = file.seek(0, SEEK_END)
    return download(file, name=found.name, media_type=MEDIA_TYPES[form], size=size, more=extent)


class _Given:
    """Parameters of an address. One that is not known, or that can't be read, is never passed over."""

    def __init__(self, request: Request, *, known: Collection[str]) -> None:
        self._values: Mapping[str, list[str]] = {
            name: request.query_params.getlist(name) for name in request.query_params
        }
        for name in self._values:
            if name not in known:
                raise _unknown(name, found="a parameter that is not known here", expected=", ".join(sorted(known)))

    def many(self, name: str, read: Callable[[str], Value]) -> list[Value]:
        """Each value, also of those that are joined by commas. Refuses: ExportParameterUnknown."""
        return [self._read(name, part, read) for value in self._values.get(name, ()) for part in value.split(",")]

    def one(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """The value, None where there is none. Refuses: ExportParameterUnknown."""
        values = self._values.get(name, [])
        if len(values) > 1:
            raise _unknown(name, found=f"{len(values)} values", expected="one")
        return self._read(name, values[0], read) if values else None

    @staticmethod
    def _read(name: str, value: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(value)
        except ValueError as error:
            raise _unknown(name, found=value[:100], expected=str(error)) from error


def _unknown(name: str, *, found: str, expected: str) -> ExportParameterUnknown:
    return ExportParameterUnknown(
        subject=name, found=found, expected=expected or "no parameter", message=f"`{name}`: {found} can't be used here."
    )


def _one_of(kind: type[AnyEnum]) -> Callable[[str], AnyEnum]:
    def read(value: str) -> AnyEnum:
        try:
            return kind(value.lower())
        except ValueError:
            expected = f"one of {', '.join(kind)}"
            raise ValueError(expected) from None

    return read


def _year(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) == 4):  # noqa: PLR2004 - digits of a year
        expected = "a year"
        raise ValueError(expected)
    return int(value)


def _scope(value: str) -> int:
    if value not in {"1", "2", "3"}:
        expected = "1, 2 or 3"
        raise ValueError(expected)
    return int(value)


def _instant(value: str) -> datetime:
    expected = "an instant with its zone, such as 2025-03-31T00:00:00Z"
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(expected) from None
    if found.tzinfo is None:
        raise ValueError(expected)
    return found


def _yes_no(value: str) -> bool:
    if value not in {"true", "false"}:
        expected = "true or false"
        raise ValueError(expected)
    return value == "true"


async def _attach(context: RequestContext, request: Request) -> Response:
    """The body is the file; the address says of what, and by which name."""
    given = _Given(request, known={"name", "record", "import", "sensitive", "note"})
    name = given.one("name", str)
    if name is None:
        raise _unknown("name", found="no name", expected="the file's name")
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
        sensitive=given.one("sensitive", _yes_no),
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
    _Given(request, known=())
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


EVIDENCE_STATUSES = STATUSES | {
    EvidenceTooLarge.code: 413,
    EvidenceTypeNotAllowed.code: 415,
    EvidenceTypeMismatch.code: 415,
    EvidenceDamaged.code: 500,
    InventoryIsFinal.code: 409,
    WrongState.code: 409,
    EvidenceTooMany.code: 409,
}
FILES = (
    FileRoute(
        path="/files/inventories/{inventory_id}/evidence", answer=_attach, method="POST", statuses=EVIDENCE_STATUSES
    ),
    FileRoute(path="/files/evidence/{evidence_id}", answer=_download, statuses=EVIDENCE_STATUSES),
    *(
        FileRoute(path=f"{path}.{form.value}", answer=partial(answer, form=form), statuses=STATUSES)
        for path, answer in (
            ("/files/inventories/{inventory_id}/records", _records),
            ("/files/inventories/{inventory_id}/totals", _totals),
            ("/files/locations/{location_id}/figures", _figures),
        )
        for form in Form
    ),
)
"""Everything under `/files`."""
