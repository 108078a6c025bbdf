"""A database of the test's own with a few locations, and ways to ask and to tell it something as another would."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sqlalchemy import text

from chassis.access import Grant, Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema, response_of
from chassis.identity import Identity
from chassis.inbox import Inbox, Outcome
from chassis.settings import ServiceSettings
from contracts.access import Role
from contracts.fact import Amount, Fact
from contracts.inventory import InventoryFinalised, LocationRegistered
from contracts.message import EventMessage
from contracts.reporting import ConsolidatedReportPublished, IncludedLocation
from targets.graphql.schema import schema
from targets.incoming import SUBSCRIPTIONS

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

ROOT = "secretariat"
TREE = {
    "secretariat": "secretariat",
    "unon": "secretariat.unon",
    "unon-gigiri": "secretariat.unon.unon-gigiri",
    "escwa": "secretariat.escwa",
}
PEOPLE = {
    "coordinator": (Role.CENTRAL_COORDINATOR, "secretariat"),
    "unon-chair": (Role.LOCAL_CHAIR, "unon"),
    "unon-technical": (Role.TECHNICAL_TEAM, "unon"),
    "escwa-chair": (Role.LOCAL_CHAIR, "escwa"),
    "auditor": (Role.AUDITOR, "secretariat"),
    "outside": (Role.EXTERNAL_SYSTEM, "nowhere"),
}
SET_TARGET = """mutation($input: SetTargetInput!) { setTarget(input: $input) { __typename
    ... on Target { id indicator baseYear baseValue { value unit } targetYear targetValue { value unit } setBy
        progress { year inventoryVersion value { value } expected { value } reduction { value unit } verdict } }
    ... on Refusal { code subject found expected message } } }"""


def person(name: str) -> Principal:
    """One of PEOPLE."""
    role, location_id = PEOPLE[name]
    return Principal(
        subject=f"subject-of-{name}", name=name, grants=(Grant(role=role, location_id=location_id),), token="a token"
    )


@dataclass(slots=True, kw_only=True)
class Targets:
    """The service without its process: its database, its schema and its inbox."""

    database: Database
    urls: "DatabaseUrls"
    settings: ServiceSettings
    schema: GraphQLSchema
    inbox: Inbox
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the events of each aggregate."""

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as a caller gets it."""
        context = RequestContext(
            database=self.database, identity=Identity(self.settings), principal=principal, root=ROOT
        )
        # Strawberry takes the type name out of each representation; by the wire each request has its own.
        values = deepcopy(variables)
        return response_of(await self.schema.execute(document, variable_values=values, context_value=context))

    async def set(self, by: Principal | None = None, **given: Any) -> dict[str, Any]:
        """Set a target, with good values unless the test gives others; the answer is the union's member."""
        good = {
            "locationId": "unon", "indicator": "electricity", "unit": "kWh", "baseYear": 2014, "baseValue": "1000",
            "targetYear": 2034, "targetValue": "500",
        }  # fmt: skip
        answer = await self.ask(by or person("unon-chair"), SET_TARGET, input=good | given)
        assert "errors" not in answer, answer["errors"]
        decided: dict[str, Any] = answer["data"]["setTarget"]
        return decided

    async def tell(self, fact: Fact, *, event_id: str | None = None) -> Outcome:
        """Deliver an event as the consumer would."""
        known = self.told.setdefault(fact.aggregate_id(), [])
        event_id = event_id or str(uuid.uuid4())
        if event_id not in known:
            known.append(event_id)
        where = TREE[fact.location_id]
        message = EventMessage.of(
            fact,
            event_id=event_id,
            location_path=where,
            occurred_at=datetime.now(UTC),
            aggregate_version=known.index(event_id) + 1,
        )
        return await self.inbox.take(message)

    async def inventory_is_final(
        self,
        location_id: str = "unon",
        *,
        year: int = 2024,
        version: int = 1,
        event_id: str | None = None,
        **indicators: tuple[str, str],
    ) -> Outcome:
        """An inventory with these indicators (value and unit); 700 kWh of electricity unless others are given."""
        return await self.tell(
            InventoryFinalised(
                location_id=location_id,
                inventory_id=f"{location_id}-{year}-v{version}",
                year=year,
                inventory_version=version,
                gwp_set="AR5",
                total=Amount(value=Decimal(1), unit="kgCO2e"),
                by_scope=(),
                by_category=(),
                indicators={
                    name: Amount(value=Decimal(value), unit=unit)
                    for name, (value, unit) in (indicators or {"electricity": ("700", "kWh")}).items()
                },
                approved_by="unon-chair",
            ),
            event_id=event_id,
        )

    async def is_published(self, location_id: str = "unon", *, version: int = 1) -> Outcome:
        total = Amount(value=Decimal(1), unit="kgCO2e")
        return await self.tell(
            ConsolidatedReportPublished(
                location_id=ROOT,
                report_id=f"report-{location_id}-{version}",
                year=2024,
                included=(
                    IncludedLocation(
                        location_id=location_id,
                        inventory_id=f"{location_id}-2024-v{version}",
                        inventory_version=version,
                        total=total,
                    ),
                ),
                missing=(),
                total=total,
            )
        )

    async def rows(self, table: str, *, roots: tuple[str, ...] = (ROOT,)) -> list[Any]:
        """What a transaction with these roots sees of a table."""
        async with self.database.transaction(roots) as tx:
            return list((await tx.execute(text(f"SELECT * FROM {table}"))).mappings())  # noqa: S608 - a test's own

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was said, in order: fact and payload."""
        rows = sorted(await self.rows("outbox"), key=lambda row: row["id"])
        return [(row["headers"]["ce-type"].split(".")[2], orjson.loads(row["payload"])) for row in rows]

    async def until_done_or_waiting(self, task: "asyncio.Task[None]") -> None:
        """Returns as soon as the task is done, or its transaction waits for another; fails after ten seconds."""
        waiting = text(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        async with asyncio.timeout(10):
            while not task.done():
                async with self.database.transaction(()) as tx:
                    if await tx.scalar(waiting):
                        return


@pytest.fixture
async def targets(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Targets]:
    urls = database_for("targets")
    settings = ServiceSettings(
        env="local",
        database_url=urls.serving,
        nats_url="nats://127.0.0.1:1",
        issuer="http://127.0.0.1:1/realms/lichen-local",
        audience="lichen-api-local",
    )
    database = Database.connect(urls.serving, pool_size=8)
    service = Targets(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
    )
    for code, path in TREE.items():
        await service.tell(
            LocationRegistered(
                location_id=code,
                title=code.upper(),
                kind="office",
                parent_id=path.split(".")[-2] if "." in path else None,
                path=path,
                country=None,
                valid_from=date(2000, 1, 1),
                valid_to=None,
            )
        )
    yield service
    await database.close()


@pytest.fixture
def people() -> Callable[[str], Principal]:
    return person
