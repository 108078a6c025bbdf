"""A database of the test's own with a few locations, and ways to ask and to tell it something as another would."""

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
from offsets import access
from offsets.graphql.schema import schema
from offsets.incoming import SUBSCRIPTIONS

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
    "procurement": (Role.PROCUREMENT, "secretariat"),
    "approver": (Role.APPROVER, "secretariat"),
    "certifying": (Role.CERTIFYING, "secretariat"),
    "unon-certifying": (Role.CERTIFYING, "unon"),
    "escwa-procurement": (Role.PROCUREMENT, "escwa"),
    "escwa-approver": (Role.APPROVER, "escwa"),
    "escwa-certifying": (Role.CERTIFYING, "escwa"),
    "auditor": (Role.AUDITOR, "secretariat"),
    "outside": (Role.EXTERNAL_SYSTEM, "nowhere"),
}


def person(name: str, *extra: Role) -> Principal:
    """One of PEOPLE; `extra` roles at the same location let one person try what two should do."""
    role, location_id = PEOPLE[name]
    grants = tuple(Grant(role=each, location_id=location_id) for each in (role, *extra))
    return Principal(subject=f"subject-of-{name}", name=name, grants=grants, token="a token")


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


@dataclass(slots=True, kw_only=True)
class Offsets:
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
            database=self.database,
            identity=IssuerThatVouches(self.settings),
            principal=principal,
            root=ROOT,
            reads=access.READ,
        )
        # Strawberry takes the type name out of each representation; by the wire each request has its own.
        values = deepcopy(variables)
        return response_of(await self.schema.execute(document, variable_values=values, context_value=context))

    async def tell(self, fact: Fact, *, event_id: str | None = None, path: str | None = None) -> Outcome:
        """Deliver an event as the consumer would."""
        known = self.told.setdefault(fact.aggregate_id(), [])
        event_id = event_id or str(uuid.uuid4())
        if event_id not in known:
            known.append(event_id)
        where = path or TREE[fact.location_id]
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
        total_kg: str = "99500",
        year: int = 2024,
        version: int = 1,
        event_id: str | None = None,
    ) -> Outcome:
        return await self.tell(
            InventoryFinalised(
                location_id=location_id,
                inventory_id=f"{location_id}-{year}-v{version}",
                year=year,
                inventory_version=version,
                gwp_set="AR5",
                total=Amount(value=Decimal(total_kg), unit="kgCO2e"),
                by_scope=(),
                by_category=(),
                indicators={},
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


@pytest.fixture
async def offsets(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Offsets]:
    urls = database_for("offsets")
    settings = ServiceSettings(
        env="local",
        database_url=urls.serving,
        nats_url="nats://127.0.0.1:1",
        issuer="http://127.0.0.1:1/realms/lichen-local",
        audience="lichen-api-local",
    )
    # More connections than a service has, so that many requests are really under way at once.
    database = Database.connect(urls.serving, pool_size=24)
    service = Offsets(
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


REFUSAL = "... on Refusal { code subject found expected message }"
REQUEST = f"""mutation($input: RequestPurchaseInput!) {{ requestPurchase(input: $input) {{
    __typename ... on Purchase {{ id state }} {REFUSAL} }} }}"""
APPROVE = f"""mutation($input: ApprovePurchaseInput!) {{ approvePurchase(input: $input) {{
    __typename ... on Purchase {{ id state }} {REFUSAL} }} }}"""
REFUSE = f"""mutation($input: RefusePurchaseInput!) {{ refusePurchase(input: $input) {{
    __typename ... on Purchase {{ id state steps {{ action by reason }} }} {REFUSAL} }} }}"""
DELIVER = f"""mutation($input: RecordDeliveryInput!) {{ recordDelivery(input: $input) {{
    __typename ... on CreditBatch {{ id serialFirst serialLast free {{ value unit }} price {{ value unit }} }}
    {REFUSAL} }} }}"""
RETIRE = f"""mutation($input: RetireCreditsInput!) {{ retireCredits(input: $input) {{
    __typename ... on Retirement {{ id serialFirst serialLast retiredBy amount {{ value unit }} }} {REFUSAL} }} }}"""


@dataclass(slots=True, kw_only=True)
class Desk:
    """The five decisions, each with good values unless the test gives others; the answer is the union's member."""

    offsets: Offsets

    async def request(self, by: Principal | None = None, **given: Any) -> dict[str, Any]:
        good = {"locationId": "unon", "year": 2024, "tonnes": 100, "justification": "travel that no train replaces"}
        return await self._decide(by or person("unon-chair"), REQUEST, good | given)

    async def approve(self, purchase_id: str, by: Principal | None = None, **given: Any) -> dict[str, Any]:
        return await self._decide(by or person("approver"), APPROVE, {"purchaseId": purchase_id} | given)

    async def refuse(self, purchase_id: str, by: Principal | None = None, **given: Any) -> dict[str, Any]:
        good = {"purchaseId": purchase_id, "reason": "over budget"}
        return await self._decide(by or person("approver"), REFUSE, good | given)

    async def deliver(self, purchase_id: str, by: Principal | None = None, **given: Any) -> dict[str, Any]:
        good = {
            "purchaseId": purchase_id,
            "registry": "CDM",
            "project": "5342",
            "vintage": 2022,
            "serialFirst": "3000000001",
            "serialLast": "3000000100",
            "pricePerTonne": "4.25",
            "currency": "USD",
        }
        return await self._decide(by or person("procurement"), DELIVER, good | given)

    async def retire(self, batch_id: str, by: Principal | None = None, **given: Any) -> dict[str, Any]:
        good = {"locationId": "unon", "year": 2024, "batchId": batch_id, "tonnes": 10}
        return await self._decide(by or person("certifying"), RETIRE, good | given)

    async def approved(self, by: Principal | None = None, **given: Any) -> str:
        """Id of an approved purchase."""
        purchase: str = (await self.request(by, **given))["id"]
        await self.approve(purchase)
        return purchase

    async def batch(self, tonnes: int = 100, first: int = 3_000_000_001, location_id: str = "unon") -> str:
        """Id of a delivered batch."""
        chair = person("escwa-chair" if location_id == "escwa" else "unon-chair")
        purchase = await self.approved(chair, tonnes=tonnes, locationId=location_id)
        delivered = await self.deliver(purchase, serialFirst=first, serialLast=first + tonnes - 1)
        batch: str = delivered["id"]
        return batch

    async def _decide(self, by: Principal, document: str, values: dict[str, Any]) -> dict[str, Any]:
        values = {"idempotencyKey": str(uuid.uuid4())} | values
        answer = await self.offsets.ask(by, document, input=values)
        assert "errors" not in answer, answer["errors"]
        (decided,) = answer["data"].values()
        found: dict[str, Any] = decided
        return found


@pytest.fixture
def desk(offsets: Offsets) -> Desk:
    return Desk(offsets=offsets)


@pytest.fixture
def people() -> Callable[..., Principal]:
    return person
