"""A database of the test's own with a few locations, and ways to ask and to tell it something as another would."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from chassis.access import Principal
from chassis.database import Database
from chassis.inbox import Inbox, Outcome
from chassis.testing import ROOT, Bed, one_of, settings_for
from contracts.access import Role
from contracts.fact import Amount
from contracts.inventory import InventoryFinalised
from contracts.reporting import ConsolidatedReportPublished, IncludedLocation
from offsets import access
from offsets.graphql.schema import schema
from offsets.incoming import SUBSCRIPTIONS

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

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
    return one_of(PEOPLE, name, *extra)


@dataclass(slots=True, kw_only=True)
class Offsets(Bed):
    """The service without its process: its database, its schema and its inbox."""

    urls: "DatabaseUrls"

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


@pytest.fixture
async def offsets(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Offsets]:
    urls = database_for("offsets")
    settings = settings_for(urls.serving)
    # More connections than a service has, so that many requests are really under way at once.
    database = Database.connect(urls.serving, pool_size=24)
    service = Offsets(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
        reads=access.READ,
    )
    await service.hear_of()
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
