"""A service's subscription to its own facts: one root field, made of the contracts. A new fact is there by itself.

Who may read at the location hears of what happens there and below it. Each event is held against the rights of now, and
what it leads to is read under them.
"""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import strawberry

from chassis import access
from chassis.feed import FeedEvent
from chassis.graphql.sockets import SocketContext
from chassis.locations import Place, places
from chassis.refusals import NotFound
from contracts.audit import AuditSealed
from contracts.catalogue import FACTS
from contracts.fact import Fact

__all__ = ["subscription"]

SocketInfo = strawberry.Info[SocketContext, None]


def subscription(producer: str, *, field: str, links: Mapping[str, tuple[type, str]]) -> type:
    """The Subscription type of a service.

    `links` say what an event leads to: field → an entity's type, and the field of the payload that has its id.
    Refuses: ValueError for a fact whose aggregate no link leads to.
    """
    facts = _newest_facts(producer)
    linked = {key for _, key in links.values()}
    lost = sorted(fact.__name__ for fact in facts if fact.aggregate not in linked)
    if lost:
        message = f"no link leads to what these tell of: {', '.join(lost)}"
        raise ValueError(message)
    name = "".join(part.capitalize() for part in field.removesuffix("s").split("_"))
    kinds = _event_types(f"{name}Type", facts)
    event = _event(name, producer, kinds, links)
    root = strawberry.subscription(
        resolver=_subscriber(event, kinds, facts),
        description=(
            f"What happens in *{producer}* at a location of yours and below it, from now on; or all after the event"
            " `after`, or since `since` (UTC where it names no zone; not looked at beside `after`). At least once: an"
            " event that comes again has the same id. A right that ends closes the socket."
        ),
    )
    return strawberry.type(type("Subscription", (), {field: root}), name="Subscription")


def _newest_facts(producer: str) -> list[type[Fact]]:
    """One a name: a version that another one replaces is told once. Seals of the audit record are for its witness."""
    newest: dict[str, type[Fact]] = {}
    for fact in FACTS:
        if issubclass(fact, AuditSealed):
            continue
        if fact.producer == producer and fact.version >= newest.get(fact.name, fact).version:
            newest[fact.name] = fact
    return list(newest.values())


def _event_types(name: str, facts: list[type[Fact]]) -> type[Enum]:
    members = {
        _member(fact): strawberry.enum_value(fact.type(), description=(fact.__doc__ or "").strip().splitlines()[0])
        for fact in facts
    }
    made: type[Enum] = strawberry.enum(Enum(name, members), name=name)  # type: ignore[call-overload]  # made at run time
    return made


def _member(fact: type[Fact]) -> str:
    return fact.name.upper()


def _event(name: str, producer: str, kinds: type[Enum], links: Mapping[str, tuple[type, str]]) -> type:
    namespace: dict[str, Any] = {
        "__annotations__": {
            "id": strawberry.ID,
            "type": kinds,
            "occurred_at": datetime,
            "location_id": strawberry.ID,
            "aggregate_id": str,
            "aggregate_version": int,
            "ids": strawberry.Private[Mapping[str, str]],
        },
        "aggregate_id": strawberry.field(description="What the event is one of the events of, told apart by its kind."),
        "aggregate_version": strawberry.field(description="Counts the events of the aggregate from 1 without gaps."),
    }
    for link, (entity, key) in links.items():
        namespace[link] = strawberry.field(
            resolver=_link(entity, key), description="Null where the event tells of none, or of none that you may see."
        )
    return strawberry.type(
        type(name, (), namespace), name=name, description=f"Something that happened in *{producer}* at a location."
    )


def _link(entity: Any, key: str) -> Callable[..., Awaitable[Any]]:
    takes_info = "info" in inspect.signature(entity.resolve_reference).parameters

    async def resolve(self: Any, info: SocketInfo) -> Any:
        found = self.ids.get(key)
        if found is None:
            return None
        return await entity.resolve_reference(**({"info": info} if takes_info else {}), id=strawberry.ID(found))

    resolve.__annotations__["return"] = entity | None
    return resolve


def _subscriber(event: Any, kinds: type[Enum], facts: list[type[Fact]]) -> Callable[..., Awaitable[Any]]:
    kind_by_type = {fact.type(): kinds[_member(fact)] for fact in facts}

    async def subscribe(
        info: SocketInfo,
        location_id: strawberry.ID,
        types: Any = None,
        since: datetime | None = None,
        after: strawberry.ID | None = None,
    ) -> Any:
        # Refuses, in order: NotFound, NotPermitted of the location; NotFound of the event.
        context = info.context
        context.forget()
        place = access.require(
            context.principal,
            context.reads,
            await context.loader("places", places).load(str(location_id)),
            location_id=str(location_id),
        )
        if since is not None and since.tzinfo is None:
            since = since.replace(tzinfo=UTC)
        position = await _position(context, place, since=since, after=after)
        wanted = {name for name, kind in kind_by_type.items() if types is None or kind in types}

        async def events() -> AsyncGenerator[Any, None]:
            with context.listening(place):
                async with aclosing(context.feed.events(position, path=place.path)) as happened:
                    async for found in happened:
                        told = found.envelope
                        if told.type not in wanted or (since and not after and told.occurred_at < since):
                            continue
                        if not access.can(context.principal, context.reads, _place_of(found)):
                            continue
                        context.forget()
                        yield event(
                            id=strawberry.ID(told.event_id),
                            type=kind_by_type[told.type],
                            occurred_at=told.occurred_at,
                            location_id=strawberry.ID(_place_of(found).location_id),
                            aggregate_id=told.aggregate_id,
                            aggregate_version=told.aggregate_version,
                            ids=found.ids,
                        )

        return events()

    subscribe.__annotations__ |= {"types": list[kinds] | None, "return": AsyncGenerator[event, None]}  # type: ignore[valid-type]  # made above
    return subscribe


async def _position(context: SocketContext, place: Place, *, since: datetime | None, after: str | None) -> int:
    if after is not None:
        found = await context.feed.after(str(after), path=place.path)
        if found is None:
            raise NotFound(kind="event", key=str(after))
        return found
    if since is not None:
        return await context.feed.since(since, path=place.path)
    return await context.feed.now()


def _place_of(event: FeedEvent) -> Place:
    path = event.envelope.location_path
    return Place(location_id=path.rpartition(".")[2], path=path)
