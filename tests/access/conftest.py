"""Each service on a database of the test's own, asked as the edge asks it, by people who hold what the test says."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from access.directory.interface import DirectoryPerson
from access.graphql.resources import Resources
from access.people import People
from chassis import locations
from chassis.access import Grant, Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.identity import Identity
from chassis.inbox import Inbox
from chassis.settings import ServiceSettings
from contracts.access import CAPABILITIES_BY_SCOPE, Capability, Role
from contracts.fact import Amount, Fact
from contracts.inventory import InventoryFinalised
from contracts.message import EventMessage
from embedded.postgres import DatabaseUrls
from inventory import usecases as inventory_usecases
from inventory.domain.location import Location

ROOT = "secretariat"
TREE = {
    "secretariat": None, "unon": "secretariat", "unon-gigiri": "unon", "escwa": "secretariat", "unov": "secretariat",
}  # fmt: skip

Step = Callable[[AsyncConnection, Principal], Awaitable[Any]]


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


class DirectoryOfEverybody:
    """As much of a directory as decisions ask for: everybody can log in, and nobody is in a group."""

    async def person(self, *, user_name: str) -> DirectoryPerson:
        return DirectoryPerson(subject=f"subject-of-{user_name}", user_name=user_name, name=user_name, enabled=True)

    async def groups_of(self, subject: str) -> frozenset[str]:
        return frozenset()


PEOPLE = People(directory=DirectoryOfEverybody(), lookups_per_minute=100_000)
RESOURCES = {"access": Resources(people=PEOPLE, attestation_interval_days=180)}
"""What a service has beside its database, where it has something."""


def _holder(*grants: tuple[Role, str], name: str = "somebody") -> Principal:
    return Principal(
        subject=f"subject-of-{name}",
        name=name,
        grants=tuple(Grant(role=role, location_id=location_id) for role, location_id in grants),
        scopes=frozenset(CAPABILITIES_BY_SCOPE),
        token="a token",
    )


def _everything(name: str) -> Principal:
    """Somebody with every role over the whole Secretariat, so that nothing but a record's history can refuse."""
    return _holder(*((role, ROOT) for role in Role), name=name)


class _Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


@dataclass(slots=True, kw_only=True)
class Bed:
    """One service without its process."""

    service: str
    database: Database
    settings: ServiceSettings
    schema: Any
    inbox: Inbox
    reads: Capability
    told: dict[str, int] = field(default_factory=dict)

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer."""
        context = RequestContext(
            database=self.database,
            identity=IssuerThatVouches(self.settings),
            principal=principal,
            root=ROOT,
            reads=self.reads,
            resources=RESOURCES.get(self.service),
        )
        result = await self.schema.execute(document, variable_values=variables, context_value=context)
        assert not result.errors, result.errors
        data: dict[str, Any] = result.data
        return data

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self.database.transaction([ROOT]) as tx:
            yield tx

    async def tries(self, step: Step, by: Principal) -> str | None:
        """The refusal's code, None where it went through; either way nothing of it stays."""
        try:
            async with self.transaction() as tx:
                await step(tx, by)
                raise _Undone
        except _Undone:
            return None
        except Exception as refusal:
            code = getattr(refusal, "code", None)
            if not isinstance(code, str):
                raise
            return code

    async def tell(self, fact: Fact) -> None:
        """Deliver an event as the consumer would."""
        version = self.told[fact.aggregate_id()] = self.told.get(fact.aggregate_id(), 0) + 1
        async with self.transaction() as tx:
            place = await locations.place(tx, fact.location_id)
        assert place is not None
        await self.inbox.take(
            EventMessage.of(
                fact,
                event_id=str(uuid.uuid4()),
                location_path=place.path,
                occurred_at=datetime.now(UTC),
                aggregate_version=version,
            )
        )

    async def inventory_is_final(self, location_id: str, *, year: int = 2024) -> None:
        total = Amount(value=Decimal(99_500), unit="kgCO2e")
        await self.tell(
            InventoryFinalised(
                location_id=location_id, inventory_id=f"{location_id}-{year}-v1", year=year,
                inventory_version=1,
                gwp_set="AR5", total=total, by_scope=(), by_category=(), indicators={}, approved_by="somebody",
            )
        )  # fmt: skip


async def _register(bed: Bed) -> None:
    for code, parent_id in TREE.items():
        async with bed.transaction() as tx:
            if bed.service == "inventory":
                new = Location(
                    id=code, name=code, kind="place", parent_id=parent_id, country=None, city="Somewhere",
                    latitude=Decimal(1), longitude=Decimal(1), grid=None, valid_from=date(1945, 10, 24), valid_to=None,
                    source="a document",
                )  # fmt: skip
                who = _everything("registrar")
                await inventory_usecases.register_location(
                    tx, principal=who, now=datetime.now(UTC), location=new, root=ROOT
                )
            else:
                await locations.register(
                    tx, location_id=code, name=code, kind="place", parent_id=parent_id, country=None,
                    valid_from=date(1945, 10, 24), valid_to=None,
                )  # fmt: skip


@pytest.fixture
async def bed_for(database_for: Callable[[str], DatabaseUrls]) -> AsyncIterator[Callable[[str], Awaitable[Bed]]]:
    made: list[Bed] = []

    async def make(service: str) -> Bed:
        urls = database_for(service)
        settings = ServiceSettings(
            env="local", database_url=urls.serving, nats_url="nats://127.0.0.1:1",
            issuer="http://127.0.0.1:1/realms/lichen-local", audience="lichen-api-local",
        )  # fmt: skip
        database = Database.connect(urls.serving, pool_size=2)
        assembled = import_module(f"{service}.main").SERVICE
        bed = Bed(
            service=service, database=database, settings=settings, schema=assembled.schema(settings),
            inbox=Inbox(database, assembled.subscriptions, root=ROOT), reads=assembled.reads,
        )  # fmt: skip
        made.append(bed)
        await _register(bed)
        return bed

    yield make
    for bed in made:
        await bed.database.close()


@pytest.fixture
def person() -> Callable[[str], Principal]:
    return _everything


@pytest.fixture
def holder() -> Callable[..., Principal]:
    return _holder
