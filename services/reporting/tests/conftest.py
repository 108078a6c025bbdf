"""A database of the test's own with a few locations, and ways to tell it events and to decide as another would."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from chassis import access as rights
from chassis.access import ANONYMOUS, Principal
from chassis.database import Database
from chassis.inbox import Inbox, Outcome
from chassis.testing import PLACES, ROOT, Bed, one_of, register, settings_for
from contracts.access import Capability, Role
from contracts.fact import Amount
from contracts.inventory import CategoryTotal, InventoryFinalised, ScopeTotal
from contracts.offsets import NeutralityStatementIssued
from contracts.targets import ProgressAssessed
from reporting import usecases
from reporting.graphql.schema import schema
from reporting.incoming import SUBSCRIPTIONS

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

TREE = PLACES | {"unog": "secretariat"}
PEOPLE = {
    "coordinator": (Role.CENTRAL_COORDINATOR, "secretariat"),
    "deputy": (Role.CENTRAL_COORDINATOR, "secretariat"),
    "unon-chair": (Role.LOCAL_CHAIR, "unon"),
    "unon-technical": (Role.TECHNICAL_TEAM, "unon"),
    "escwa-chair": (Role.LOCAL_CHAIR, "escwa"),
    "escwa-technical": (Role.TECHNICAL_TEAM, "escwa"),
    "unon-coordinator": (Role.CENTRAL_COORDINATOR, "unon"),
    "dfs-environment": (Role.DFS_ENVIRONMENT, "unog"),
    "auditor": (Role.AUDITOR, "secretariat"),
    "outside": (Role.EXTERNAL_SYSTEM, "nowhere"),
}
NOW = datetime(2025, 3, 1, tzinfo=UTC)
YEAR = 2024


def person(name: str | None, *extra: Role) -> Principal:
    """One of PEOPLE, or nobody; `extra` roles at the same location let one person try what two should do."""
    if name is None:
        return ANONYMOUS
    return one_of(PEOPLE, name, *extra)


def kg(value: str) -> Amount:
    return Amount(value=Decimal(value), unit="kgCO2e")


@dataclass(slots=True, kw_only=True)
class Reporting(Bed):
    """The service without its process."""

    urls: "DatabaseUrls"

    async def decide(
        self, who: str | Principal, capability: Capability, use_case: Callable[..., Awaitable[Any]], **given: Any
    ) -> Any:
        """Carry out a use case as the edge does: in one transaction, with the rights of the capability."""
        principal = who if isinstance(who, Principal) else person(who)
        async with self.database.transaction(rights.roots(principal, capability)) as tx:
            return await use_case(tx, principal=principal, now=NOW, **given)

    async def opens(self, *owing: str, who: str | Principal = "coordinator") -> Any:
        return await self.decide(
            who, Capability.MANAGE_CYCLE, usecases.open_reporting_cycle,
            root=ROOT, year=YEAR, due_on=date(2025, 4, 30), owing=list(owing or ("unon", "escwa", "unog")),
        )  # fmt: skip

    async def submits(
        self, who: str | Principal = "unon-chair", location_id: str = "unon", narrative: str = "A year."
    ) -> Any:
        return await self.decide(
            who, Capability.SUBMIT_REPORT, usecases.submit_progress_report,
            location_id=location_id, year=YEAR, narrative=narrative,
        )  # fmt: skip

    async def accepts(self, report_id: str, who: str | Principal = "coordinator") -> Any:
        return await self.decide(who, Capability.ACCEPT_REPORT, usecases.accept_progress_report, report_id=report_id)

    async def returns(self, report_id: str, reasons: str = "Say more.", who: str | Principal = "coordinator") -> Any:
        return await self.decide(
            who, Capability.ACCEPT_REPORT, usecases.return_progress_report, report_id=report_id, reasons=reasons
        )

    async def consolidates(self, who: str | Principal = "coordinator") -> Any:
        return await self.decide(who, Capability.ACCEPT_REPORT, usecases.consolidate_reports, root=ROOT, year=YEAR)

    async def publishes(self, report_id: str, who: str | Principal = "deputy") -> Any:
        return await self.decide(
            who, Capability.PUBLISH_REPORT, usecases.publish_consolidated_report, report_id=report_id
        )

    async def answer(self, who: str | Principal | None, document: str, **variables: Any) -> Any:
        """The whole answer, as a caller gets it."""
        return await Bed.ask(self, who if isinstance(who, Principal) else person(who), document, **variables)

    async def ask(self, who: str | Principal | None, document: str, **variables: Any) -> Any:
        """The data of a query."""
        result = await self.answer(who, document, **variables)
        assert "errors" not in result, result
        return result["data"]

    async def inventory_is_final(
        self,
        location_id: str = "unon",
        total: str | Amount = "100.5",
        *,
        version: int = 1,
        event_id: str | None = None,
        **given: Any,
    ) -> Outcome:
        """An inventory of one scope and category, all of `total`; `given` are fields of the event."""
        all_of_it = kg(total) if isinstance(total, str) else total
        fact = InventoryFinalised(
            location_id=location_id,
            inventory_id=f"{location_id}-v{version}",
            year=YEAR,
            inventory_version=version,
            gwp_set="AR5",
            total=all_of_it,
            by_scope=(ScopeTotal(scope=2, co2e=all_of_it),),
            by_category=(
                CategoryTotal(scope=2, category="grid_electricity", co2e=all_of_it, optional=False),
                CategoryTotal(scope=3, category="waste", co2e=kg("1"), optional=True),
            ),
            indicators={"electricity_per_m2": Amount(value=Decimal(61), unit="kWh/m2")},
            approved_by="unon-chair",
        )
        return await self.tell(fact.model_copy(update=given), event_id=event_id)

    async def progress_is_assessed(self, *, version: int = 1, verdict: str = "on_track") -> None:
        amount = Amount(value=Decimal(61), unit="kWh/m2")
        await self.tell(
            ProgressAssessed(
                location_id="unon",
                target_id="t",
                assessment_id=f"a{version}",
                indicator="electricity_per_m2",
                year=YEAR,
                value=amount,
                expected=amount,
                reduction=Amount(value=Decimal(1), unit="percent"),
                verdict=verdict,
                inventory_id=f"unon-v{version}",
                inventory_version=version,
            )
        )

    async def statement_is_issued(self, number: int, coverage: str, *, version: int = 1) -> None:
        await self.tell(
            NeutralityStatementIssued(
                location_id="unon",
                statement_id=f"s{number}",
                year=YEAR,
                inventory_id=f"unon-v{version}",
                inventory_version=version,
                need=kg("1"),
                retired=kg("1"),
                coverage=Amount(value=Decimal(coverage), unit="percent"),
                status="neutral" if coverage == "100" else "partial",
            )
        )


@pytest.fixture
async def reporting(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Reporting]:
    urls = database_for("reporting")
    database = Database.connect(urls.serving, pool_size=6)
    await register(database, TREE)
    settings = settings_for(urls.serving)
    yield Reporting(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
        at=NOW,
    )
    await database.close()


@pytest.fixture
def people() -> Callable[..., Principal]:
    return person
