"""For tests of services, never for what serves: a service without its process, its people, and a small register.

import-linter holds that no production module imports it.
"""

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import event, text

from chassis import locations
from chassis.access import Grant, Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema, response_of
from chassis.identity import Identity
from chassis.inbox import Inbox, Outcome
from chassis.settings import ServiceSettings
from contracts.access import Capability, Role
from contracts.fact import Fact
from contracts.inventory import LocationRegistered
from contracts.message import EventMessage

__all__ = [
    "PLACES",
    "ROOT",
    "Bed",
    "IssuerThatVouches",
    "message_of",
    "one_of",
    "person",
    "register",
    "registered",
    "settings_for",
]

ROOT = "secretariat"
PLACES = {"secretariat": None, "unon": "secretariat", "unon-gigiri": "unon", "escwa": "secretariat"}
"""A small register: each location with its parent, parents first."""
WAITING = (
    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE NOT l.granted AND a.datname = current_database()"
)
DEADLINE_S = 10


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


def settings_for(database_url: str = "postgresql://x/y", **given: Any) -> ServiceSettings:
    """Good local settings whose other servers nobody answers for, unless the test gives its own."""
    good = {
        "env": "local", "database_url": database_url, "nats_url": "nats://127.0.0.1:1",
        "issuer": "http://127.0.0.1:1/realms/lichen-local", "audience": "lichen-api-local",
    }  # fmt: skip
    return ServiceSettings(**good | given)


def person(name: str, *grants: tuple[Role, str], scopes: frozenset[str] = frozenset()) -> Principal:
    """Someone with these roles, each at its location."""
    return Principal(
        subject=f"subject-of-{name}",
        name=name,
        grants=tuple(Grant(role=role, location_id=location_id) for role, location_id in grants),
        scopes=scopes,
        token="a token",  # noqa: S106 - nobody reads it
    )


def one_of(people: Mapping[str, tuple[Role, str]], name: str, *extra: Role) -> Principal:
    """The person of that name; `extra` roles at the same location let one person try what two should do."""
    role, location_id = people[name]
    return person(name, *((each, location_id) for each in (role, *extra)))


async def register(database: Database, places: Mapping[str, str | None] = PLACES) -> None:
    """Fill a service's copy of the register, parents first, as if it had always been so."""
    async with database.transaction([ROOT]) as tx:
        for code, parent in places.items():
            await locations.register(
                tx, location_id=code, name=code, kind="place", parent_id=parent, country=None,
                valid_from=date(1945, 10, 24), valid_to=None,
            )  # fmt: skip


def registered(code: str, path: str, *, kind: str = "office") -> LocationRegistered:
    """The register's word that a location is there."""
    return LocationRegistered(
        location_id=code,
        title=code.upper(),
        kind=kind,
        parent_id=path.split(".")[-2] if "." in path else None,
        path=path,
        country=None,
        valid_from=date(2000, 1, 1),
        valid_to=None,
    )


def message_of(
    fact: Fact, *, path: str, version: int = 1, event_id: str | None = None, at: datetime | None = None
) -> EventMessage:
    """The fact as the consumer takes it from the stream."""
    return EventMessage.of(
        fact,
        event_id=event_id or str(uuid.uuid4()),
        location_path=path,
        occurred_at=at or datetime.now(UTC),
        aggregate_version=version,
    )


@dataclass(slots=True, kw_only=True)
class Bed:
    """A service without its process: its database, its schema and its inbox."""

    database: Database
    settings: ServiceSettings
    schema: GraphQLSchema
    inbox: Inbox
    reads: Capability = Capability.READ
    resources: object = None
    """What the service has beside its database."""
    at: datetime | None = None
    """When the events happen that it hears of; now, where none is given."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the events of each aggregate."""

    def context(self, principal: Principal, **given: Any) -> RequestContext:
        """Of one request."""
        good: dict[str, Any] = {
            "database": self.database, "identity": IssuerThatVouches(self.settings),
            "principal": principal, "root": ROOT, "reads": self.reads, "resources": self.resources,
        }  # fmt: skip
        return RequestContext(**good | given)

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as a caller gets it."""
        # Strawberry takes the type name out of each representation; by the wire each request has its own.
        values = deepcopy(variables)
        return response_of(
            await self.schema.execute(document, variable_values=values, context_value=self.context(principal))
        )

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Those that reach the database meanwhile, in their order."""
        found: list[str] = []

        def note(*given: Any) -> None:
            found.append(given[2])

        engine = self.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(engine, "before_cursor_execute", note)

    async def tell(self, fact: Fact, *, event_id: str | None = None, path: str | None = None) -> Outcome:
        """Deliver an event as the consumer would."""
        known = self.told.setdefault(fact.aggregate_id(), [])
        event_id = event_id or str(uuid.uuid4())
        if event_id not in known:
            known.append(event_id)
        where = path or await self.path(fact)
        version = known.index(event_id) + 1
        return await self.inbox.take(message_of(fact, path=where, version=version, event_id=event_id, at=self.at))

    async def hear_of(self, places: Mapping[str, str | None] = PLACES) -> None:
        """Take the register's word of each, parents first."""
        paths: dict[str | None, str] = {}
        for code, parent in places.items():
            paths[code] = code if parent is None else f"{paths[parent]}.{code}"
            await self.tell(registered(code, paths[code]))

    async def path(self, fact: Fact) -> str:
        """Where its location is."""
        if isinstance(fact, LocationRegistered):
            return fact.path
        async with self.database.transaction([]) as tx:
            found = await locations.place(tx, fact.location_id)
        assert found is not None, fact.location_id  # noqa: S101 - a test's own mistake
        return found.path

    async def rows(self, table: str, *, roots: tuple[str, ...] = (ROOT,)) -> list[Any]:
        """What a transaction with these roots sees of a table."""
        async with self.database.transaction(roots) as tx:
            return list((await tx.execute(text(f"SELECT * FROM {table}"))).mappings())  # noqa: S608 - a test's own

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was said, in order: fact and payload."""
        rows = sorted(await self.rows("outbox"), key=lambda row: row["id"])
        return [(row["headers"]["ce-type"].split(".")[2], orjson.loads(row["payload"])) for row in rows]

    async def until_done_or_waiting(self, task: "asyncio.Task[Any] | None" = None) -> None:
        """Returns once the task is done or a transaction waits for another; fails after ten seconds."""
        async with asyncio.timeout(DEADLINE_S):
            while task is None or not task.done():
                async with self.database.transaction(()) as tx:
                    if await tx.scalar(text(WAITING)):
                        return
