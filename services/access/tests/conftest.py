"""A database of the test's own with a few locations, and ways to ask as another would."""

import uuid
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from access.access import READ
from access.directory.interface import DirectoryAway, DirectoryPerson, Group, GroupTree, NotInDirectory
from access.graphql.resources import Resources
from access.graphql.schema import schema
from access.incoming import SUBSCRIPTIONS
from access.people import People
from access.worker import Worker
from chassis.access import Grant, Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema, response_of
from chassis.identity import Identity
from chassis.inbox import Inbox
from chassis.settings import ServiceSettings
from contracts.access import Role
from contracts.inventory import LocationRegistered
from contracts.message import EventMessage

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

ROOT = "secretariat"
TREE = {
    "secretariat": "secretariat",
    "unon": "secretariat.unon",
    "unon-gigiri": "secretariat.unon.unon-gigiri",
    "escwa": "secretariat.escwa",
}
KINDS = {"secretariat": "secretariat", "unon-gigiri": "site"}
PEOPLE = ("amina", "baraka", "chair", "other-chair", "coordinator", "admin-1", "admin-2", "gone")


class DirectoryInMemory:
    """A directory as small as the interface allows; what it is told is in `groups_by_subject`."""

    def __init__(self) -> None:
        self.people = {
            name: DirectoryPerson(
                subject=f"subject-of-{name}", user_name=name, name=name.title(), enabled=name != "gone"
            )
            for name in PEOPLE
        }
        self.groups_by_subject: dict[str, set[str]] = {person.subject: set() for person in self.people.values()}
        self.paths: dict[str, str] = {}
        """Of each group, by its id."""
        self.away = False
        self.calls: list[str] = []

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.away:
            raise DirectoryAway("it was switched off")

    async def person(self, *, user_name: str | None = None, email: str | None = None) -> DirectoryPerson | None:
        self._called("person")
        return self.people.get(user_name or (email or "").removesuffix("@example.org"))

    async def groups_of(self, subject: str) -> frozenset[str]:
        self._called("groups_of")
        return frozenset(self._groups_of(subject))

    async def join(self, subject: str, path: str) -> None:
        self._called("join")
        if path not in self.paths.values():
            raise NotInDirectory
        self._groups_of(subject).add(path)

    async def leave(self, subject: str, path: str) -> None:
        self._called("leave")
        self._groups_of(subject).discard(path)

    async def groups(self) -> GroupTree:
        self._called("groups")
        return GroupTree(Group(id=key, path=path) for key, path in self.paths.items())

    async def members(self, group: Group) -> tuple[DirectoryPerson, ...]:
        self._called("members")
        path = self.paths[group.id]
        return tuple(person for person in self.people.values() if path in self.groups_by_subject[person.subject])

    async def create_group(self, name: str, *, parent: Group | None) -> Group:
        self._called("create_group")
        made = Group(id=f"group-{len(self.paths)}", path=f"{'' if parent is None else self.paths[parent.id]}/{name}")
        self.paths[made.id] = made.path
        return made

    async def move_group(self, group: Group, *, parent: Group) -> None:
        self._called("move_group")
        old, new = self.paths[group.id], f"{self.paths[parent.id]}/{group.name}"

        def moved(path: str) -> str:
            return new + path.removeprefix(old) if path == old or path.startswith(f"{old}/") else path

        self.paths = {key: moved(path) for key, path in self.paths.items()}
        self.groups_by_subject = {key: set(map(moved, paths)) for key, paths in self.groups_by_subject.items()}

    def _groups_of(self, subject: str) -> set[str]:
        if subject not in self.groups_by_subject:
            raise NotInDirectory
        return self.groups_by_subject[subject]


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


def _person(name: str, *grants: tuple[Role, str]) -> Principal:
    return Principal(
        subject=f"subject-of-{name}",
        name=name,
        grants=tuple(Grant(role=role, location_id=location_id) for role, location_id in grants),
        token="a token",
    )


@dataclass(slots=True, kw_only=True)
class Access:
    """The service without its process: its database, its schema and its inbox."""

    database: Database
    urls: "DatabaseUrls"
    settings: ServiceSettings
    schema: GraphQLSchema
    inbox: Inbox
    directory: DirectoryInMemory
    people: People
    now: list[float] = field(default_factory=lambda: [0.0])
    """What the bound on look-ups takes for the time, in seconds."""

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as a caller gets it."""
        context = RequestContext(
            database=self.database,
            identity=IssuerThatVouches(self.settings),
            principal=principal,
            root=ROOT,
            reads=READ,
            resources=Resources(people=self.people, attestation_interval_days=180),
        )
        values = deepcopy(variables)
        return response_of(await self.schema.execute(document, variable_values=values, context_value=context))

    def worker(self, *, drift: str = "report") -> Worker:
        return Worker(
            database=self.database,
            directory=self.directory,
            root=ROOT,
            apply_interval_s=0.05,
            sweep_interval_s=0.05,
            drift=drift,
        )

    async def query(self, statement: str, *values: Any) -> list[Any]:
        """Rows of the owner's, whatever row security says."""
        connection = await asyncpg.connect(self.urls.owner)
        try:
            await connection.execute("SELECT set_config('app.roots', $1, false)", ROOT)
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def location_is_registered(self, code: str, path: str) -> None:
        fact = LocationRegistered(
            location_id=code,
            title=code.upper(),
            kind=KINDS.get(code, "office_away_from_headquarters"),
            parent_id=path.split(".")[-2] if "." in path else None,
            path=path,
            country=None,
            valid_from=date(2000, 1, 1),
            valid_to=None,
        )
        await self.inbox.take(
            EventMessage.of(
                fact,
                event_id=str(uuid.uuid4()),
                location_path=path,
                occurred_at=datetime.now(UTC),
                aggregate_version=1,
            )
        )


@pytest.fixture
async def access(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Access]:
    urls = database_for("access")
    settings = ServiceSettings(
        env="local",
        database_url=urls.serving,
        nats_url="nats://127.0.0.1:1",
        issuer="http://127.0.0.1:1/realms/lichen-local",
        audience="lichen-api-local",
    )
    database = Database.connect(urls.serving, pool_size=8)
    directory = DirectoryInMemory()
    now = [0.0]
    service = Access(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
        directory=directory,
        people=People(directory=directory, lookups_per_minute=20, clock=lambda: now[0]),
        now=now,
    )
    for code, path in TREE.items():
        await service.location_is_registered(code, path)
    yield service
    await database.close()


@pytest.fixture
def person() -> Callable[..., Principal]:
    """A person by name and by (role, location) grants."""
    return _person
