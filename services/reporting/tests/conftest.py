"""A database of the test's own with a few locations, and ways to tell it events and to decide as another would."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access as rights
from chassis import locations
from chassis.access import ANONYMOUS, Grant, Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import response_of
from chassis.identity import Identity
from chassis.inbox import Inbox, Outcome
from chassis.settings import ServiceSettings
from contracts.access import Capability, Role
from contracts.fact import Amount, Fact
from contracts.inventory import CategoryTotal, InventoryFinalised, ScopeTotal
from contracts.message import EventMessage
from contracts.offsets import NeutralityStatementIssued
from contracts.targets import ProgressAssessed
from reporting import usecases
from reporting.graphql.schema import schema
from reporting.incoming import SUBSCRIPTIONS

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

ROOT = "secretariat"
TREE = {
    "secretariat": None, "unon": "secretariat", "unon-gigiri": "unon", "escwa": "secretariat", "unog": "secretariat",
}  # fmt: skip
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
    role, location_id = PEOPLE[name]
    grants = tuple(Grant(role=each, location_id=location_id) for each in (role, *extra))
    return Principal(subject=name, name=name, grants=grants, token="a token")


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


def kg(value: str) -> Amount:
    return Amount(value=Decimal(value), unit="kgCO2e")


@dataclass(slots=True, kw_only=True)
class Reporting:
    """The service without its process."""

    database: Database
    urls: "DatabaseUrls"
    settings: ServiceSettings
    inbox: Inbox
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the events of each aggregate."""

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
        context = RequestContext(
            database=self.database,
            identity=IssuerThatVouches(self.settings),
            principal=who if isinstance(who, Principal) else person(who),
            root=ROOT,
        )
        # Strawberry takes the type name out of each representation; by the wire each request has its own.
        values = deepcopy(variables)
        return response_of(await schema(self.settings).execute(document, variable_values=values, context_value=context))

    async def ask(self, who: str | Principal | None, document: str, **variables: Any) -> Any:
        """The data of a query."""
        result = await self.answer(who, document, **variables)
        assert "errors" not in result, result
        return result["data"]

    async def tell(self, fact: Fact, *, event_id: str | None = None) -> Outcome:
        """Deliver an event as the consumer would."""
        known = self.told.setdefault(fact.aggregate_id(), [])
        event_id = event_id or str(uuid.uuid4())
        if event_id not in known:
            known.append(event_id)
        message = EventMessage.of(
            fact,
            event_id=event_id,
            location_path=await self.path(fact.location_id),
            occurred_at=NOW,
            aggregate_version=known.index(event_id) + 1,
        )
        return await self.inbox.take(message)

    async def rows(self, table: str, *, roots: tuple[str, ...] = (ROOT,)) -> list[Any]:
        """What a transaction with these roots sees of a table."""
        async with self.database.transaction(roots) as tx:
            return list((await tx.execute(text(f"SELECT * FROM {table}"))).mappings())  # noqa: S608 - a test's own

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was said, in order: fact and payload."""
        rows = sorted(await self.rows("outbox"), key=lambda row: row["id"])
        return [(row["headers"]["ce-type"].split(".")[2], orjson.loads(row["payload"])) for row in rows]

    async def until_done_or_waiting(self, task: "asyncio.Task[Any]") -> None:
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

    async def path(self, location_id: str) -> str:
        async with self.database.transaction([]) as tx:
            found = await locations.place(tx, location_id)
        assert found is not None
        return found.path

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


async def _register(tx: AsyncConnection) -> None:
    for code, parent in TREE.items():
        await locations.register(
            tx, location_id=code, name=code, kind="place", parent_id=parent, country=None,
            valid_from=date(1945, 10, 24), valid_to=None,
        )  # fmt: skip


@pytest.fixture
async def reporting(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Reporting]:
    urls = database_for("reporting")
    database = Database.connect(urls.serving, pool_size=6)
    async with database.transaction([ROOT]) as tx:
        await _register(tx)
    settings = ServiceSettings(
        env="local", database_url=urls.serving, nats_url="nats://127.0.0.1:9",
        issuer="http://127.0.0.1:9/realms/lichen-local", audience="lichen-api-local",
    )  # fmt: skip
    yield Reporting(database=database, urls=urls, settings=settings, inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT))
    await database.close()


@pytest.fixture
def people() -> Callable[..., Principal]:
    return person
