"""Two small subgraphs that fail, wait and look at their callers on request."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL

PLACES = {"unon": "Nairobi", "unog": "Geneva", "unov": "Vienna"}

Info = strawberry.Info[dict[str, Any], None]


@strawberry.federation.type(shareable=True)
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.federation.type(shareable=True)
class Refusal:
    code: str
    message: str


@strawberry.federation.type(keys=["id"], name="Location")
class RegisteredLocation:
    id: strawberry.ID
    name: str

    @strawberry.field
    def broken(self) -> str | None:
        message = f"secret detail of {self.id} at postgresql://inventory:5432"
        raise RuntimeError(message)

    @strawberry.field
    def refused(self) -> str | None:
        message = "Not yours"
        raise GraphQLError(message, extensions={"code": "NOT_FOUND", "subject": self.id, "internal": "secret detail"})

    @strawberry.field
    def children(self) -> list["RegisteredLocation"]:
        return []

    @strawberry.field
    def parent(self) -> "RegisteredLocation | None":
        return None

    @strawberry.field
    def page(self, first: int) -> "LocationConnection":
        return page_of(first)

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "RegisteredLocation | None":  # noqa: A002 - the key's name
        return cls(id=id, name=PLACES[id]) if id in PLACES else None


@strawberry.type
class LocationEdge:
    node: RegisteredLocation


@strawberry.type
class LocationConnection:
    edges: list[LocationEdge]
    page_info: PageInfo


@strawberry.type
class Caller:
    authorization: str | None
    traceparent: str | None
    tracestate: str | None
    user_id: str | None


def page_of(first: int) -> LocationConnection:
    nodes = [RegisteredLocation(id=strawberry.ID(code), name=name) for code, name in list(PLACES.items())[:first]]
    return LocationConnection(
        edges=[LocationEdge(node=node) for node in nodes],
        page_info=PageInfo(has_next_page=first < len(PLACES), end_cursor=None),
    )


def caller_of(info: Info) -> Caller:
    headers = info.context["request"].headers
    return Caller(
        authorization=headers.get("authorization"),
        traceparent=headers.get("traceparent"),
        tracestate=headers.get("tracestate"),
        user_id=headers.get("x-user-id"),
    )


@strawberry.type
class InventoryQuery:
    @strawberry.field
    def location(self, id: strawberry.ID) -> RegisteredLocation | None:  # noqa: A002 - the argument's name
        return RegisteredLocation.resolve_reference(id)

    @strawberry.field
    def locations(self, first: int, after: str | None = None) -> LocationConnection:
        del after
        return page_of(first)

    @strawberry.field
    def all_locations(self) -> list[RegisteredLocation]:
        return [edge.node for edge in page_of(len(PLACES)).edges]

    @strawberry.field
    def caller(self, info: Info) -> Caller:
        return caller_of(info)

    @strawberry.field
    async def slow(self, seconds: float) -> str | None:
        await asyncio.sleep(seconds)
        return "done"


@strawberry.input
class RegisterLocationInput:
    id: strawberry.ID
    name: str
    workbook: str | None = None


RegisterLocationResult = Annotated[RegisteredLocation | Refusal, strawberry.union("RegisterLocationResult")]


@strawberry.type
class InventoryMutation:
    @strawberry.mutation
    def register_location(self, input: RegisterLocationInput) -> RegisterLocationResult:  # noqa: A002 - the convention
        if input.id in PLACES:
            return Refusal(code="LOCATION_EXISTS", message=f"{input.id} is registered")
        return RegisteredLocation(id=input.id, name=input.name)


@strawberry.type
class InventorySubscription:
    @strawberry.subscription
    async def registered(self, count: int = 2) -> AsyncGenerator[RegisteredLocation, None]:
        for code in list(PLACES)[:count]:
            yield RegisteredLocation(id=strawberry.ID(code), name=PLACES[code])

    @strawberry.subscription
    async def listener(self, info: Info) -> AsyncGenerator[str, None]:
        yield str(info.context["connection_params"].get("authorization"))

    @strawberry.subscription
    async def ending(self, info: Info, code: int, reason: str) -> AsyncGenerator[int, None]:
        yield 0
        await info.context["request"].close(code, reason)

    @strawberry.subscription
    async def flood(self, count: int, size: int) -> AsyncGenerator[str, None]:
        for number in range(count):
            yield str(number).ljust(size)

    @strawberry.subscription
    async def silence(self) -> AsyncGenerator[int, None]:
        yield 0
        await asyncio.Event().wait()


@strawberry.type
class Position:
    remaining: str
    certain: str


@strawberry.federation.type(keys=["id"], name="Location")
class OffsetLocation:
    id: strawberry.ID

    @strawberry.field
    def offset_position(self) -> Position | None:
        return Position(remaining="12.5", certain="yes")

    @strawberry.field
    def certain_need(self) -> str:
        return "40.0"

    @strawberry.field
    def flaky(self) -> str | None:
        if self.id == "unog":
            message = "secret detail"
            raise RuntimeError(message)
        return "well"

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "OffsetLocation":  # noqa: A002 - the key's name
        return cls(id=id)


@strawberry.type
class OffsetsQuery:
    @strawberry.field
    def registries(self) -> list[str]:
        return ["Gold Standard"]

    @strawberry.field
    def registry_of(self, id: strawberry.ID) -> str | None:  # noqa: A002 - the argument's name
        return f"registry of {id}"


inventory = strawberry.federation.Schema(
    query=InventoryQuery,
    mutation=InventoryMutation,
    subscription=InventorySubscription,
    federation_version="2.9",
)
offsets = strawberry.federation.Schema(query=OffsetsQuery, types=[OffsetLocation], federation_version="2.9")


class Endpoint(GraphQL):
    async def get_context(self, request: HTTPConnection, response: Any) -> dict[str, Any]:
        return {"request": request, "response": response}


def application(schema: strawberry.federation.Schema) -> Starlette:
    endpoint = Endpoint(schema)
    return Starlette(routes=[Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)])
