"""Subscriptions at /graphql: graphql-transport-ws by Strawberry's own handler, within our limits and rights.

The token comes with `connection_init`. How a socket that breaks a rule is closed:

| code | reason |
|---|---|
| 4400 | a message of another form |
| 4401 | `NOT_SIGNED_IN`; a subscription before `connection_init` |
| 4403 | `INVALID_TOKEN`, `TOKEN_EXPIRED`, `TOKEN_NO_LONGER_ACTIVE`, `RIGHT_WITHDRAWN`, `ISSUER_UNAVAILABLE` |
| 4406 | another protocol |
| 4408, 4409, 4429 | no `connection_init` in time; an id that is in use; a second `connection_init` |
| 1009 | a message of more than 64 KiB |
| 1012, 1013 | the service restarts; `SLOW_READER` |

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md; RFC 6455 §7.4.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn

import orjson
from graphql import GraphQLError
from opentelemetry.trace import SpanKind
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.async_base_view import AsyncWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from chassis import access
from chassis.access import ANONYMOUS
from chassis.database import Database
from chassis.feed import Feed
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema, has_nul
from chassis.identity import Identity, InvalidToken, IssuerAway
from chassis.locations import Place
from chassis.settings import ServiceSettings
from chassis.standing import Standing, Vouched
from chassis.telemetry import log, span
from contracts.access import Capability

__all__ = ["GraphQLSockets", "SocketContext"]

UNAUTHORIZED = 4401
FORBIDDEN = 4403
TRY_AGAIN_LATER = 1013

RETRIES = 3
"""Tries to reach an issuer that is away, in the time after which it would have been asked again."""


@dataclass(slots=True, kw_only=True)
class SocketContext(RequestContext):
    """Who listens on a socket, with the rights of now, and to what."""

    feed: Feed
    connection_params: dict[str, Any] = field(default_factory=dict)
    vouched: Vouched | None = None
    places: list[Place] = field(default_factory=list)
    """Where the socket's subscriptions listen."""

    socket: AsyncWebSocketAdapter | None = None

    @contextmanager
    def listening(self, place: Place) -> Iterator[None]:
        """While this lasts, the right to read there is looked at again and again."""
        self.places.append(place)
        try:
            yield
        finally:
            self.places.remove(place)


class GraphQLSockets(GraphQL[SocketContext, None]):
    """Takes the WebSockets of one service."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        database: Database,
        identity: Identity,
        standing: Standing,
        feed: Feed,
        settings: ServiceSettings,
        reads: Capability,
    ) -> None:
        super().__init__(
            schema,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=settings.subscription_init_s),
        )
        self.settings = settings
        self.standing = standing
        self._database = database
        self._identity = identity
        self._feed = feed
        self._reads = reads

    async def get_context(self, request: object, response: object) -> SocketContext:
        del request, response
        return SocketContext(
            database=self._database,
            identity=self._identity,
            principal=ANONYMOUS,
            root=self.settings.root_location,
            reads=self._reads,
            feed=self._feed,
        )

    async def on_ws_connect(self, context: SocketContext) -> None:
        """Whose token it is; the issuer is asked before the first event.

        Refuses, in order: NOT_SIGNED_IN; INVALID_TOKEN; ISSUER_UNAVAILABLE; TOKEN_NO_LONGER_ACTIVE.
        """
        given = context.connection_params.get("authorization")
        try:
            principal = await self._identity.principal(given if isinstance(given, str | None) else "")
            if principal is ANONYMOUS:
                await self._refuse(context, UNAUTHORIZED, "NOT_SIGNED_IN")
            vouched = await self.standing.of(principal)
        except InvalidToken:
            await self._refuse(context, FORBIDDEN, "INVALID_TOKEN")
        except IssuerAway:
            await self._refuse(context, FORBIDDEN, "ISSUER_UNAVAILABLE")
        if vouched.principal is None:
            await self._refuse(context, FORBIDDEN, "TOKEN_NO_LONGER_ACTIVE")
        context.principal = vouched.principal
        context.vouched = vouched

    async def _refuse(self, context: SocketContext, code: int, reason: str) -> NoReturn:
        if context.socket is not None:
            await context.socket.close(code, reason)
        raise ConnectionRejectionError

    def decode_json(self, data: str | bytes) -> object:
        if has_nul(data.encode() if isinstance(data, str) else data):
            message = "the character U+0000 is not accepted"
            raise orjson.JSONDecodeError(message, "", 0)
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data, default=str).decode()


class _Socket(ASGIWebSocketAdapter):
    """A socket that closes once, for the first reason, and does not wait for ever for its reader."""

    def __init__(self, view: Any, request: WebSocket, response: WebSocket) -> None:
        super().__init__(view, request, response)
        self.closed = False
        self.send_s = view.settings.subscription_send_s

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.closed:
            raise WebSocketDisconnected
        try:
            # The server takes no more of us while the reader has not taken what it had: nothing is kept here meanwhile.
            async with asyncio.timeout(self.send_s):
                await super().send_json(message)
        except TimeoutError as error:
            await self.close(TRY_AGAIN_LATER, "SLOW_READER")
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self.closed:
            return
        self.closed = True
        log.info("socket closes", code=code, reason=reason)
        await super().close(code, reason)


class _Handler(BaseGraphQLTransportWSHandler[SocketContext, None]):
    """The protocol as Strawberry has it, and what it leaves open: malformed messages, limits, rights while open."""

    view: GraphQLSockets
    _watch: asyncio.Task[None] | None = None

    def on_request_accepted(self) -> None:
        self.context.socket = self.websocket
        super().on_request_accepted()

    async def handle_message(self, message: Message) -> None:
        if _is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Invalid message")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._watch is None and self.context.vouched is not None:
            self._watch = asyncio.create_task(self._close_when_the_right_ends(self.context.vouched))

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        limit = self.view.settings.subscription_limit
        if len(self.operations) >= limit and message["id"] not in self.operations:
            refused = GraphQLError(
                f"One socket carries {limit} subscriptions at most.",
                extensions={"code": "SUBSCRIPTION_LIMIT", "limit": limit},
            )
            await self.send_message({"id": message["id"], "type": "error", "payload": [refused.formatted]})
        else:
            await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[SocketContext, None]) -> None:
        carrier = {name: value for name, value in self.context.connection_params.items() if isinstance(value, str)}
        with span(f"graphql {operation.operation_name or 'subscription'}", kind=SpanKind.SERVER, carrier=carrier):
            await super().run_operation(operation)

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            log.error("bug", exc_info=error)

    async def shutdown(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await super().shutdown()

    async def _close_when_the_right_ends(self, vouched: Vouched) -> None:
        left_s = (self.context.principal.expires_at or 0) - time.time()
        try:
            async with asyncio.timeout(max(0, left_s)):
                reason = await self._reason_to_close(vouched)
        except TimeoutError:
            reason = "TOKEN_EXPIRED"
        await self.websocket.close(FORBIDDEN, reason)

    async def _reason_to_close(self, vouched: Vouched) -> str:
        """Ask the issuer again and again: the rights that it names count from then on. Returns when they are gone."""
        settings, context = self.view.settings, self.context
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(vouched.at + settings.recheck_s - clock())
            try:
                async with asyncio.timeout_at(vouched.at + settings.subscription_unvouched_s):
                    vouched = await self._vouched()
            except TimeoutError:
                return "ISSUER_UNAVAILABLE"
            if vouched.principal is None:
                return "TOKEN_NO_LONGER_ACTIVE"
            context.principal = vouched.principal
            if not all(access.can(context.principal, context.reads, place) for place in context.places):
                return "RIGHT_WITHDRAWN"

    async def _vouched(self) -> Vouched:
        while True:
            try:
                return await self.view.standing.of(self.context.principal)
            except IssuerAway:
                await asyncio.sleep(self.view.settings.recheck_s / RETRIES)


# Named here, as each refers to the others.
GraphQLSockets.websocket_adapter_class = _Socket
GraphQLSockets.graphql_transport_ws_handler_class = _Handler  # type: ignore[misc]  # of a generic class


def _is_well_formed(message: object) -> bool:
    match message:
        case {"type": "subscribe", "id": str(), "payload": {"query": str(), **rest}}:
            variables, operation = rest.get("variables"), rest.get("operationName")
            return isinstance(variables, dict | None) and isinstance(operation, str | None)
        case {"type": "complete", "id": str()}:
            return True
        case {"type": "subscribe" | "complete"}:
            return False
        case {"type": str()}:
            return True
        case _:
            return False
