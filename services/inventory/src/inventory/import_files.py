"""The edge of files that come in: sent under `/files/imports`, and followed there."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from chassis import access as rights
from chassis.access import Principal
from chassis.files import HEADERS, FileRoute, download, json_answer
from chassis.graphql.edge import RequestContext
from chassis.refusals import Refusal
from inventory import access, usecases
from inventory.domain.errors import FileTooLarge, ImportParameterWrong, UploadsBusy
from inventory.domain.export import Form
from inventory.domain.import_job import ImportJob, ImportOrder
from inventory.exports import MEDIA_TYPES
from inventory.graphql.resources import Resources
from inventory.importing.marking import mark
from inventory.parameters import Parameters, year_number, yes_no
from inventory.spreadsheet import JOB_LIMITS, too_large

__all__ = ["IMPORT_FILES", "events_of"]

STATUSES = {FileTooLarge.code: 413, UploadsBusy.code: 503, ImportParameterWrong.code: 400}
LOOK_S = 0.5
"""Between looks at how far a job is."""
SILENCE_MAX_S = 15.0
"""A listener hears something at least so often."""
LISTEN_MAX_S = 600.0
"""Then a listener has to come again, and its token is looked at anew."""
NAME_MAX = 200
TEMPLATE_LANGUAGES = ("en", "fr", "es")
DECIMAL_COMMAS = frozenset({"fr", "es", "ru", "de", "it", "pt"})
DECIMAL_POINTS = frozenset({"en", "zh", "ar"})
"""Locales by language, as numbers are written in files; a country after it says nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestImportInput:
    """What is asked for, as the audit record has it."""

    location_id: str
    year: int
    file_name: str
    dry_run: bool
    accept_partial: bool
    decimal_comma: bool
    content: bytes


async def _take(context: RequestContext, request: Request) -> Response:
    """The file is the body; what is to be done with it is in the address.

    Refuses, in this order: ImportParameterWrong; NotSignedIn, NotFound, NotPermitted before the file is read;
    UploadsBusy; FileTooLarge, as soon as it is known; as `request_import`.
    """
    order = _order(request)
    resources: Resources = context.resources
    content, unread = b"", None
    if await context.may(access.IMPORT_ACTIVITY_DATA, order.location_id):
        try:
            with resources.uploads.one():
                content = await _body(request)
        except Refusal as refusal:
            unread = refusal
    asked = RequestImportInput(
        location_id=order.location_id,
        year=order.year,
        file_name=order.file_name,
        dry_run=order.dry_run,
        accept_partial=order.accept_partial,
        decimal_comma=order.decimal_comma,
        content=content,
    )

    async def take(tx: AsyncConnection, principal: Principal, now: datetime) -> ImportJob:
        if unread is not None:
            # Here, so that it is on the record as every other refusal.
            raise unread
        return await usecases.request_import(tx, principal=principal, now=now, order=order, content=content)

    answer: ImportJob | Refusal = await context.decide(
        access.IMPORT_ACTIVITY_DATA,
        take,
        request=asked,
        to=_itself,
        refused=_refused,
    )
    if isinstance(answer, Refusal):
        raise answer
    return json_answer(202, _shown(answer))


def _itself(job: ImportJob) -> ImportJob:
    return job


def _refused(refusal: Refusal) -> Refusal:
    return refusal


async def _body(request: Request) -> bytes:
    """Refuses: FileTooLarge, as soon as it is known."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > JOB_LIMITS.file_bytes:
        raise too_large(f"{stated[:20]} bytes", most=JOB_LIMITS.file_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JOB_LIMITS.file_bytes:
            raise too_large("more bytes than that", most=JOB_LIMITS.file_bytes)
    return bytes(body)


def _order(request: Request) -> ImportOrder:
    known = {"location", "year", "name", "dryRun", "acceptPartial", "locale"}
    given = Parameters(request, refusal=ImportParameterWrong, known=known)
    return ImportOrder(
        year=given.required("year", year_number),
        file_name=given.required("name", _name),
        location_id=given.required("location", _code),
        dry_run=given.one("dryRun", yes_no) or False,
        accept_partial=given.one("acceptPartial", yes_no) or False,
        decimal_comma=given.one("locale", _decimal_comma) or False,
    )


def _name(value: str) -> str:
    if not 1 <= len(value.strip()) <= NAME_MAX:
        expected = f"the file's name, 1 to {NAME_MAX} characters"
        raise ValueError(expected)
    return value.strip()


def _code(value: str) -> str:
    if not value:
        expected = "the code of a location"
        raise ValueError(expected)
    return value


def _decimal_comma(locale: str) -> bool:
    return _language(locale, of=DECIMAL_COMMAS | DECIMAL_POINTS) in DECIMAL_COMMAS


def _language(locale: str, *, of: Collection[str]) -> str:
    language = locale.replace("_", "-").partition("-")[0].casefold()
    if language not in of:
        expected = f"one of {', '.join(sorted(of))}"
        raise ValueError(expected)
    return language


async def _found(context: RequestContext, job_id: str) -> ImportJob:
    """Refuses: as `find_import_job`."""
    roots = rights.roots(context.principal, access.IMPORT_ACTIVITY_DATA)
    async with context.database.transaction(roots) as tx:
        return await usecases.find_import_job(tx, principal=context.principal, job_id=job_id)


async def _job(context: RequestContext, request: Request) -> Response:
    return json_answer(200, _shown(await _found(context, request.path_params["job_id"])))


async def _events(context: RequestContext, request: Request) -> Response:
    """How far it is, as server-sent events: one now, one at each change, the last one when it is over."""
    job = await _found(context, request.path_params["job_id"])
    headers = {**HEADERS, "x-accel-buffering": "no"}
    return StreamingResponse(events_of(context, job), media_type="text/event-stream", headers=headers)


async def events_of(context: RequestContext, job: ImportJob) -> AsyncIterator[bytes]:
    begun = spoke = time.monotonic()
    last: bytes | None = None
    ends = context.principal.expires_at
    while True:
        told = orjson.dumps(_shown(job))
        if told != last:
            last, spoke = told, time.monotonic()
            yield b"event: progress\ndata: " + told + b"\n\n"
        elif time.monotonic() - spoke > SILENCE_MAX_S:
            spoke = time.monotonic()
            yield b": still there\n\n"
        if job.state.is_over or time.monotonic() - begun > LISTEN_MAX_S or (ends is not None and time.time() > ends):
            return
        await asyncio.sleep(LOOK_S)
        try:
            job = await _found(context, job.id)
        except Refusal:
            return


def _shown(job: ImportJob) -> dict[str, object]:
    return {
        "id": job.id,
        "locationId": job.location_id,
        "year": job.order.year,
        "fileName": job.order.file_name,
        "contentHash": job.content_hash,
        "state": job.state.name,
        "dryRun": job.order.dry_run,
        "acceptPartial": job.order.accept_partial,
        "rowsChecked": job.rows_checked,
        "rowsWritten": job.rows_written,
        "problemCount": job.problem_count,
        "importId": job.import_id,
        "refusalCode": job.refusal_code,
        "refusalMessage": job.refusal_message,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveMarkedFileInput:
    """What is asked for, as the audit record has it."""

    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveTemplateInput:
    """As above."""

    location_id: str
    year: int
    language: str


async def _marked(context: RequestContext, request: Request) -> Response:
    """The file as an XLSX with every problem marked. Refuses: as `marked_file`; UploadsBusy."""
    resources: Resources = context.resources
    asked = GiveMarkedFileInput(job_id=request.path_params["job_id"])
    with resources.uploads.one():
        found = await context.disclose(
            access.IMPORT_ACTIVITY_DATA,
            lambda tx, principal, _: usecases.marked_file(tx, principal=principal, job_id=asked.job_id),
            request=asked,
        )
        # A large workbook takes its time; meanwhile others are answered.
        content = await asyncio.to_thread(mark, found.content, found.problems)
    return _workbook(content, name=found.name)


async def _template(context: RequestContext, request: Request) -> Response:
    """A workbook to fill in. Refuses: ImportParameterWrong; as `import_template`."""
    given = Parameters(request, refusal=ImportParameterWrong, known={"year", "locale"})
    language = given.one("locale", partial(_language, of=TEMPLATE_LANGUAGES)) or "en"
    asked = GiveTemplateInput(
        location_id=request.path_params["location_id"], year=given.required("year", year_number), language=language
    )
    found = await context.disclose(
        access.IMPORT_ACTIVITY_DATA,
        lambda tx, principal, _: usecases.import_template(
            tx, principal=principal, location_id=asked.location_id, year=asked.year, language=asked.language
        ),
        request=asked,
    )
    return _workbook(found.content, name=found.name)


def _workbook(content: bytes, *, name: str) -> Response:
    return download(io.BytesIO(content), name=name, media_type=MEDIA_TYPES[Form.XLSX], size=len(content))


IMPORT_FILES = (
    FileRoute(path="/files/imports/{job_id}/marked.xlsx", answer=_marked, statuses=STATUSES),
    FileRoute(path="/files/locations/{location_id}/template.xlsx", answer=_template, statuses=STATUSES),
    FileRoute(path="/files/imports", answer=_take, method="POST", statuses=STATUSES),
    FileRoute(path="/files/imports/{job_id}", answer=_job),
    FileRoute(path="/files/imports/{job_id}/events", answer=_events),
)
"""Everything under `/files/imports`."""
