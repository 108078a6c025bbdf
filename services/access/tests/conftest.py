"""A database of the test's own with a few locations, and ways to ask as another would."""

import uuid
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from access.access import READ
from access.graphql.schema import schema
from access.incoming import SUBSCRIPTIONS
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

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as a caller gets it."""
        context = RequestContext(
            database=self.database,
            identity=Identity(self.settings),
            principal=principal,
            root=ROOT,
            reads=READ,
        )
        values = deepcopy(variables)
        return response_of(await self.schema.execute(document, variable_values=values, context_value=context))

    async def location_is_registered(self, code: str, path: str) -> None:
        fact = LocationRegistered(
            location_id=code,
            title=code.upper(),
            kind="office",
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
    service = Access(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
    )
    for code, path in TREE.items():
        await service.location_is_registered(code, path)
    yield service
    await database.close()


@pytest.fixture
def person() -> Callable[..., Principal]:
    """A person by name and by (role, location) grants."""
    return _person
