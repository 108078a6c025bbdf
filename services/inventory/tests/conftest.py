"""A database of the test's own with a small register, and each use case with good values unless a test gives others."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access as rights
from chassis.access import Grant, Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.graphql.schema import GraphQLSchema, response_of
from chassis.identity import Identity
from chassis.inbox import Inbox, Outcome
from chassis.settings import ServiceSettings
from contracts.access import Capability, Role
from contracts.fact import Amount
from contracts.message import EventMessage
from contracts.reporting import ConsolidatedReportPublished, IncludedLocation
from inventory import access, usecases
from inventory.domain.fuel_stock import FuelStock
from inventory.domain.inventory import Inventory
from inventory.domain.location import Location, LocationProfile
from inventory.graphql.schema import schema
from inventory.incoming import SUBSCRIPTIONS
from inventory.store.records import ActivityImport

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

ROOT = "secretariat"
REGISTER = {
    "secretariat": (None, None),
    "unon": ("secretariat", "KEN"),
    "unon-gigiri": ("unon", "KEN"),
    "escwa": ("secretariat", "LBN"),
}
PEOPLE = {
    "coordinator": (Role.CENTRAL_COORDINATOR, "secretariat"),
    "unon-register": (Role.CENTRAL_COORDINATOR, "unon"),
    "unon-chair": (Role.LOCAL_CHAIR, "unon"),
    "unon-technical": (Role.TECHNICAL_TEAM, "unon"),
    "escwa-chair": (Role.LOCAL_CHAIR, "escwa"),
    "escwa-technical": (Role.TECHNICAL_TEAM, "escwa"),
    "unon-member": (Role.LOCAL_MEMBER, "unon"),
    "gigiri-technical": (Role.TECHNICAL_TEAM, "unon-gigiri"),
    "steering": (Role.STEERING_MEMBER, "secretariat"),
    "approver": (Role.APPROVER, "secretariat"),
    "auditor": (Role.AUDITOR, "secretariat"),
    "outside": (Role.EXTERNAL_SYSTEM, "nowhere"),
}
HEADER = "site,category,item,start,end,amount,unit,treatment,passengers,quality"
ROWS = (
    "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured",
    "unon-gigiri,generator_fuel,diesel,2024-01-01,2024-06-30,12.5,litre,,,measured",
    "unon,vehicle_fuel,petrol,2024-01-01,2024-06-30,33.333,litre,,,measured",
    "unon,heating_fuel,wood,2024-01-01,2024-06-30,2,tonne,,,measured",
    "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,measured",
    "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured",
    "unon-gigiri,heating_fuel,lpg,2024-01-01,2024-06-30,0.0000001,litre,,,estimated",
)
OTHER_ROWS = (
    "unon,grid_electricity,,2024-01-01,2024-06-30,500,kWh,,,measured",
    "unon-gigiri,generator_fuel,diesel,2024-07-01,2024-12-31,0.1,litre,,,measured",
    "unon,waste,food,2024-07-01,2024-12-31,0.3333333,kg,composting,,measured",
)


class IssuerThatVouches(Identity):
    """Stands for the issuer, where introspection says that all is as the token has it."""

    async def still_holds(self, principal: Principal) -> Principal | None:
        return principal


@dataclass(slots=True, kw_only=True)
class Inventories:
    """The service without its process: its database, its schema, its inbox and its use cases."""

    database: Database
    urls: "DatabaseUrls"
    settings: ServiceSettings
    schema: GraphQLSchema
    inbox: Inbox

    def person(self, name: str, *extra: Role) -> Principal:
        """One of PEOPLE; `extra` roles at the same location let one person try what two should do."""
        role, location_id = PEOPLE[name]
        grants = tuple(Grant(role=each, location_id=location_id) for each in (role, *extra))
        return Principal(subject=f"subject-of-{name}", name=name, grants=grants, token="a token")

    def location(self, code: str) -> Location:
        parent_id, country = REGISTER[code]
        return Location(
            id=code, name=code.upper(), kind="office", parent_id=parent_id, country=country, city="Somewhere",
            latitude=Decimal("-1.2345"), longitude=Decimal("36.8"), grid=None, valid_from=date(2000, 1, 1),
            valid_to=None, source="a document",
        )  # fmt: skip

    def csv(self, *rows: str) -> bytes:
        return "\n".join((HEADER, *rows)).encode()

    def other_file(self) -> bytes:
        return self.csv(*OTHER_ROWS)

    @asynccontextmanager
    async def _transaction(
        self, principal: Principal, capability: Capability
    ) -> AsyncIterator[tuple[AsyncConnection, Principal, datetime]]:
        async with self.database.transaction(rights.roots(principal, capability)) as tx:
            yield tx, principal, datetime.now(UTC)

    def deciding(self, name: str) -> Any:
        """A transaction in which that person approves."""
        return self._transaction(self.person(name), access.APPROVE_INVENTORY)

    async def register(self, new: Location, *, by: Principal | None = None) -> Location:
        async with self._transaction(by or self.person("coordinator"), access.REGISTER_LOCATION) as (tx, who, now):
            return await usecases.register_location(tx, principal=who, now=now, location=new, root=ROOT)

    async def set_profile(self, year: int, **given: Decimal) -> LocationProfile:
        profile = LocationProfile(
            location_id="unon", year=year, source="a survey", **{"personnel": None, "floor_area_m2": None} | given
        )
        who = self.person("unon-technical")
        async with self._transaction(who, access.SET_LOCATION_PROFILE) as (tx, principal, now):
            return await usecases.set_location_profile(tx, principal=principal, now=now, profile=profile)

    async def import_file(
        self, content: bytes | None = None, *, by: Principal | None = None, location_id: str = "unon", year: int = 2024
    ) -> ActivityImport:
        who = by or self.person("unon-technical")
        async with self._transaction(who, access.IMPORT_ACTIVITY_DATA) as (tx, principal, now):
            return await usecases.import_activity_data(
                tx, principal=principal, now=now, location_id=location_id, year=year, file_name="data.csv",
                content=self.csv(*ROWS) if content is None else content,
            )  # fmt: skip

    async def state_stock(self, by: str = "unon-technical", **given: Any) -> FuelStock:
        """Diesel at unon, unless others are given."""
        good = {
            "location_id": "unon", "fuel": "diesel", "capacity": Decimal(50000), "stock": Decimal(31234),
            "unit": "litre", "as_of": date(2024, 12, 31),
        }  # fmt: skip
        async with self._transaction(self.person(by), access.RECORD_FUEL_STOCK) as (tx, principal, now):
            return await usecases.record_fuel_stock(tx, principal=principal, now=now, **good | given)

    async def submit(self, *, by: Principal | None = None, location_id: str = "unon") -> Inventory:
        who = by or self.person("unon-technical")
        async with self._transaction(who, access.SUBMIT_INVENTORY) as (tx, principal, now):
            return await usecases.submit_inventory(tx, principal=principal, now=now, location_id=location_id, year=2024)

    async def return_(
        self, inventory_id: str, *, by: Principal | None = None, reasons: str = "not complete"
    ) -> Inventory:
        who = by or self.person("unon-chair")
        async with self._transaction(who, access.RETURN_INVENTORY) as (tx, principal, now):
            return await usecases.return_inventory(
                tx, principal=principal, now=now, inventory_id=inventory_id, reasons=reasons
            )

    async def approve(self, inventory_id: str, *, by: Principal | None = None) -> Inventory:
        who = by or self.person("unon-chair")
        async with self._transaction(who, access.APPROVE_INVENTORY) as (tx, principal, now):
            return await usecases.approve_inventory(tx, principal=principal, now=now, inventory_id=inventory_id)

    async def do(self, what: str, inventory_id: str, *, by: Principal | None = None) -> object:
        """The step of that name, with a file that was not there yet where it is an import."""
        match what:
            case "submit":
                return await self.submit(by=by)
            case "return_":
                return await self.return_(inventory_id, by=by)
            case "approve":
                return await self.approve(inventory_id, by=by)
            case _:
                return await self.import_file(self.other_file(), by=by)

    async def final(self) -> Inventory:
        """A final inventory of unon."""
        await self.import_file()
        return await self.approve((await self.submit()).id)

    async def is_published(self, inventory_id: str, location_id: str = "unon") -> Outcome:
        """Deliver the report that includes this inventory, as the consumer would."""
        total = Amount(value=Decimal(1), unit="kgCO2e")
        report = ConsolidatedReportPublished(
            location_id=ROOT, report_id=f"report-{inventory_id}", year=2024,
            included=(
                IncludedLocation(location_id=location_id, inventory_id=inventory_id, inventory_version=1, total=total),
            ),
            missing=(), total=total,
        )  # fmt: skip
        message = EventMessage.of(
            report,
            event_id=str(uuid.uuid4()),
            location_path=ROOT,
            occurred_at=datetime.now(UTC),
            aggregate_version=1,
        )
        return await self.inbox.take(message)

    async def ask(self, principal: Principal, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as a caller gets it."""
        context = RequestContext(
            database=self.database, identity=IssuerThatVouches(self.settings), principal=principal, root=ROOT
        )
        # Strawberry takes the type name out of each representation; by the wire each request has its own.
        values = deepcopy(variables)
        return response_of(await self.schema.execute(document, variable_values=values, context_value=context))

    async def rows(self, table: str, *, roots: tuple[str, ...] = (ROOT,)) -> list[Any]:
        """What a transaction with these roots sees of a table."""
        async with self.database.transaction(roots) as tx:
            return list((await tx.execute(text(f"SELECT * FROM {table}"))).mappings())  # noqa: S608 - a test's own

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was said, in order: fact and payload."""
        rows = sorted(await self.rows("outbox"), key=lambda row: row["id"])
        return [(row["headers"]["ce-type"].split(".")[2], orjson.loads(row["payload"])) for row in rows]

    async def until_one_waits_for_a_lock(self) -> None:
        """Returns as soon as a transaction of this database waits for another; fails after ten seconds."""
        async with asyncio.timeout(10):
            while True:
                async with self.database.transaction(()) as tx:
                    waits = text(
                        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                        " WHERE NOT l.granted AND a.datname = current_database()"
                    )
                    if await tx.scalar(waits):
                        return


@pytest.fixture
async def inventories(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Inventories]:
    urls = database_for("inventory")
    settings = ServiceSettings(
        env="local",
        database_url=urls.serving,
        nats_url="nats://127.0.0.1:1",
        issuer="http://127.0.0.1:1/realms/lichen-local",
        audience="lichen-api-local",
    )
    database = Database.connect(urls.serving, pool_size=8)
    service = Inventories(
        database=database,
        urls=urls,
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
    )
    for code in REGISTER:
        await service.register(service.location(code))
    yield service
    await database.close()
