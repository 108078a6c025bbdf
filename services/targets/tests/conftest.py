"""A database of the test's own with a few locations, and ways to ask and to tell it something as another would."""

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
from targets.graphql.schema import schema
from targets.incoming import SUBSCRIPTIONS

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

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
    return one_of(PEOPLE, name)


@dataclass(slots=True, kw_only=True)
class Targets(Bed):
    """The service without its process: its database, its schema and its inbox."""

    urls: "DatabaseUrls"

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


@pytest.fixture
async def targets(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Targets]:
    urls = database_for("targets")
    settings = settings_for(urls.serving)
    database = Database.connect(urls.serving, pool_size=8)
    service = Targets(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
    )
    await service.hear_of()
    yield service
    await database.close()


@pytest.fixture
def people() -> Callable[[str], Principal]:
    return person
