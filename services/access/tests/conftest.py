"""A database of the test's own with a few locations, and ways to ask as another would."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
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
from chassis.access import Principal
from chassis.database import Database
from chassis.inbox import Inbox
from chassis.testing import ROOT, Bed, person, registered, settings_for

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

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


@dataclass(slots=True, kw_only=True)
class Access(Bed):
    """The service, and its directory."""

    urls: "DatabaseUrls"
    directory: DirectoryInMemory
    people: People
    now: list[float] = field(default_factory=lambda: [0.0])
    """What the bound on look-ups takes for the time, in seconds."""

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
        await self.tell(registered(code, path, kind=KINDS.get(code, "office_away_from_headquarters")))


@pytest.fixture
async def access(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Access]:
    urls = database_for("access")
    settings = settings_for(urls.serving)
    database = Database.connect(urls.serving, pool_size=8)
    directory = DirectoryInMemory()
    now = [0.0]
    people = People(directory=directory, lookups_per_minute=20, clock=lambda: now[0])
    service = Access(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
        reads=READ,
        resources=Resources(people=people, attestation_interval_days=180),
        directory=directory,
        people=people,
        now=now,
    )
    for code, path in TREE.items():
        await service.location_is_registered(code, path)
    yield service
    await database.close()


@pytest.fixture(name="person")
def person_maker() -> Callable[..., Principal]:
    """A person by name and by (role, location) grants."""
    return person
