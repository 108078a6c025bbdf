"""Each service on a database of the test's own, asked as the edge asks it, by people who hold what the test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from access.directory.interface import DirectoryPerson
from access.graphql.resources import Resources
from access.people import People
from chassis.access import Principal
from chassis.database import Database
from chassis.inbox import Inbox
from chassis.testing import PLACES, ROOT, Bed, register, settings_for
from chassis.testing import person as someone
from contracts.access import CAPABILITIES_BY_SCOPE, Role
from contracts.fact import Amount
from contracts.inventory import InventoryFinalised
from embedded.postgres import DatabaseUrls
from inventory import usecases as inventory_usecases
from inventory.domain.location import Location
from inventory.graphql.resources import Resources as InventoryResources
from inventory.usecases.factors import propose_factor_edition
from inventory.vault import Vault

TREE = PLACES | {"unov": "secretariat"}
Step = Callable[[AsyncConnection, Principal], Awaitable[Any]]


class DirectoryOfEverybody:
    """As much of a directory as decisions ask for: everybody can log in, and nobody is in a group."""

    async def person(self, *, user_name: str) -> DirectoryPerson:
        return DirectoryPerson(subject=f"subject-of-{user_name}", user_name=user_name, name=user_name, enabled=True)

    async def groups_of(self, subject: str) -> frozenset[str]:
        return frozenset()


PEOPLE = People(directory=DirectoryOfEverybody(), lookups_per_minute=100_000)
VAULT = Vault.in_memory()
EDITION = "un-2026"
"""Of factors: it is there, and nobody has adopted it."""
RESOURCES = {
    "access": Resources(people=PEOPLE, attestation_interval_days=180),
    "inventory": InventoryResources(vault=VAULT),
}
"""What a service has beside its database, where it has something."""


def _holder(*grants: tuple[Role, str], name: str = "somebody") -> Principal:
    return someone(name, *grants, scopes=frozenset(CAPABILITIES_BY_SCOPE))


def _everything(name: str) -> Principal:
    """Somebody with every role over the whole Secretariat, so that nothing but a record's history can refuse."""
    return _holder(*((role, ROOT) for role in Role), name=name)


class _Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


@dataclass(slots=True, kw_only=True)
class AnyService(Bed):
    """One service of the five."""

    service: str

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer."""
        answer = await Bed.ask(self, principal, document, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
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

    async def inventory_is_final(self, location_id: str, *, year: int = 2024) -> None:
        total = Amount(value=Decimal(99_500), unit="kgCO2e")
        await self.tell(
            InventoryFinalised(
                location_id=location_id, inventory_id=f"{location_id}-{year}-v1", year=year,
                inventory_version=1,
                gwp_set="AR5", total=total, by_scope=(), by_category=(), indicators={}, approved_by="somebody",
            )
        )  # fmt: skip


async def _register(bed: AnyService) -> None:
    if bed.service != "inventory":
        await register(bed.database, TREE)
        return
    for code, parent_id in TREE.items():
        new = Location(
            id=code, name=code, kind="place", parent_id=parent_id, country="KEN", city="Somewhere",
            latitude=Decimal(1), longitude=Decimal(1), grid=None, valid_from=date(1945, 10, 24), valid_to=None,
            source="a document",
        )  # fmt: skip
        async with bed.transaction() as tx:
            await inventory_usecases.register_location(
                tx, principal=_everything("registrar"), now=datetime.now(UTC), location=new, root=ROOT
            )


async def _add_edition(urls: DatabaseUrls) -> None:
    """As the owner of the database, who alone adds to the catalogue."""
    owner = Database.connect(urls.owner, pool_size=1)
    async with owner.transaction([]) as tx:
        await propose_factor_edition(
            tx, now=datetime.now(UTC), by="operator", name=EDITION, description="d", releases=("un-sun-2023",)
        )
    await owner.close()


@pytest.fixture
async def bed_for(database_for: Callable[[str], DatabaseUrls]) -> AsyncIterator[Callable[[str], Awaitable[AnyService]]]:
    made: list[AnyService] = []

    async def make(service: str) -> AnyService:
        urls = database_for(service)
        settings = settings_for(urls.serving)
        database = Database.connect(urls.serving, pool_size=2)
        assembled = import_module(f"{service}.main").SERVICE
        bed = AnyService(
            service=service, database=database, settings=settings, schema=assembled.schema(settings),
            inbox=Inbox(database, assembled.subscriptions, root=ROOT), reads=assembled.reads,
            resources=RESOURCES.get(service),
        )  # fmt: skip
        made.append(bed)
        await _register(bed)
        if service == "inventory":
            await _add_edition(urls)
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
