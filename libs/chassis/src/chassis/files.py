"""Files beside GraphQL: by the same token, the same rights and the same record, and never shown by a browser as a page.

A service names its routes in `Service.files`. Each answers with a `Response`, or refuses as GraphQL does.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal
from urllib.parse import quote

import orjson
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis.audit.writing import RefusalBound
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.identity import Identity, InvalidToken
from chassis.refusals import NotFound, NotPermitted, NotSignedIn, Refusal, TokenNoLongerActive
from chassis.settings import ServiceSettings
from chassis.standing import Standing
from chassis.telemetry import log, span, trace_id
from contracts.access import Capability

__all__ = ["HEADERS", "FileEndpoint", "FileRoute", "download", "json_answer"]

CHUNK_BYTES = 65_536
NAME_MAX = 150
"""Characters of a file's name."""
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    # Whatever is in the file: should a browser show it after all, it runs nothing and is of no origin.
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer."""
STATUS_BY_CODE: Mapping[str, int] = {
    NotSignedIn.code: 401,
    TokenNoLongerActive.code: 401,
    NotPermitted.code: 403,
    NotFound.code: 404,
}
UNFIT = 422
"""Status of any other refusal, unless the route has one for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoute:
    """One address, and what answers there."""

    path: str
    """With parameters as `{inventory_id}`."""
    answer: Callable[[RequestContext, Request], Awaitable[Response]]
    method: Literal["GET", "POST"] = "GET"
    statuses: Mapping[str, int] = field(default_factory=dict)
    """HTTP status by the code of a refusal, beside those that all routes have."""


class FileEndpoint:
    """One route: verifies the token, answers, and says no in JSON."""

    def __init__(
        self,
        route: FileRoute,
        *,
        database: Database,
        identity: Identity,
        standing: Standing,
        settings: ServiceSettings,
        reads: Capability,
        refusals: RefusalBound,
    ) -> None:
        self._route = route
        self._database = database
        self._identity = identity
        self._standing = standing
        self._root = settings.root_location
        self._reads = reads
        self._refusals = refusals
        self.resources: object = None
        """What the service's `opens` gave, once it is open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """Refuses, in order: METHOD_NOT_ALLOWED; BAD_CHARACTER; INVALID_TOKEN; as the route."""
        if request.method != self._route.method:
            return error_answer(405, "METHOD_NOT_ALLOWED", f"This is asked by {self._route.method}.")
        given = [*request.path_params.values(), *(part for pair in request.query_params.multi_items() for part in pair)]
        if any("\0" in str(part) for part in given):
            return error_answer(400, "BAD_CHARACTER", "The character U+0000 is not accepted.")
        carrier = {name: value for name, value in request.headers.items() if name in {"traceparent", "tracestate"}}
        with span(f"{request.method} {self._route.path}", kind=SpanKind.SERVER, carrier=carrier):
            try:
                principal = await self._standing.now(
                    await self._identity.principal(request.headers.get("authorization"))
                )
                context = RequestContext(
                    database=self._database,
                    identity=self._identity,
                    principal=principal,
                    root=self._root,
                    reads=self._reads,
                    refusals=self._refusals,
                    resources=self.resources,
                )
                response = await self._route.answer(context, request)
            except InvalidToken:
                return error_answer(401, "INVALID_TOKEN", "The token is not valid here. Sign in again.")
            except Refusal as refusal:
                status = self._route.statuses.get(refusal.code) or STATUS_BY_CODE.get(refusal.code, UNFIT)
                return refusal_answer(status, refusal)
            except Exception as error:  # noqa: BLE001 - the outermost edge: what went wrong is for the log alone
                log.exception("bug", error=type(error).__name__, path=self._route.path)
                reference = trace_id()
                return error_answer(500, "INTERNAL", f"Something went wrong on our side. Reference {reference}.")
        return response


def refusal_answer(status: int, refusal: Refusal) -> Response:
    """An expected no, as GraphQL has it."""
    return error_answer(
        status,
        refusal.code,
        refusal.message,
        subject=refusal.subject,
        found=refusal.found,
        expected=refusal.expected,
    )


def error_answer(status: int, code: str, message: str, **more: str) -> Response:
    """A no in JSON."""
    return json_answer(status, {"errors": [{"message": message, "extensions": {"code": code, **more}}]})


def json_answer(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=dict(HEADERS))


def download(
    file: IO[bytes], *, name: str, media_type: str, size: int, more: Mapping[str, str] | None = None
) -> Response:
    """A file to keep, from its beginning; it is closed when it is sent or nobody waits for it any more."""
    file.seek(0)
    headers = {**HEADERS, **(more or {}), "content-disposition": disposition(name), "content-length": str(size)}
    return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def disposition(name: str) -> str:
    """Content-Disposition of an attachment by that name (RFC 6266): plain letters for all, the name itself beside."""
    bare = re.sub(r"[\x00-\x1f\x7f/\\]", "", name)[:NAME_MAX] or "file"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", bare)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(bare, safe='')}"
