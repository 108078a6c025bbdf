"""A database of the test's own with a small register, and each use case with good values unless a test gives others."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access as rights
from chassis.access import Principal
from chassis.database import Database
from chassis.inbox import Inbox, Outcome
from chassis.testing import ROOT, Bed, message_of, one_of, settings_for
from contracts.access import Capability, Role
from contracts.fact import Amount
from contracts.reporting import ConsolidatedReportPublished, IncludedLocation
from inventory import access, usecases
from inventory.domain.denominator import DenominatorKind, DenominatorStatement
from inventory.domain.fuel_stock import FuelStock
from inventory.domain.inventory import Inventory
from inventory.domain.location import Location
from inventory.graphql.resources import Resources
from inventory.graphql.schema import schema
from inventory.incoming import SUBSCRIPTIONS
from inventory.store.records import ActivityImport
from inventory.vault import Vault

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

REGISTER = {
    "secretariat": (None, None),
    "unon": ("secretariat", "KEN"),
    "unon-gigiri": ("unon", "KEN"),
    "escwa": ("secretariat", "LBN"),
}
PEOPLE = {
    "coordinator": (Role.CENTRAL_COORDINATOR, "secretariat"),
    "other-coordinator": (Role.CENTRAL_COORDINATOR, "secretariat"),
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
HEADER = "site,category,item,start,end,amount,unit,treatment,passengers,quality,meter,note"
ROWS = (
    "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured",
    "unon-gigiri,generator_fuel,diesel,2024-01-01,2024-06-30,12.5,litre,,,measured",
    "unon,vehicle_fuel,petrol,2024-01-01,2024-06-30,33.333,litre,,,measured",
    "unon,heating_fuel,wood,2024-01-01,2024-06-30,2,tonne,,,measured",
    "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,measured",
    "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured",
    "unon-gigiri,heating_fuel,lpg,2024-01-01,2024-06-30,0.0000001,litre,,,estimated,,by what was left in the bottle",
)
OTHER_ROWS = (
    "unon,grid_electricity,,2024-01-01,2024-06-30,500,kWh,,,measured,new",
    "unon-gigiri,generator_fuel,diesel,2024-07-01,2024-12-31,0.1,litre,,,measured",
    "unon,waste,food,2024-07-01,2024-12-31,0.3333333,kg,composting,,measured",
)


@dataclass(slots=True, kw_only=True)
class Inventories(Bed):
    """The service and its use cases."""

    urls: "DatabaseUrls"
    vault: Vault

    def person(self, name: str, *extra: Role) -> Principal:
        """One of PEOPLE; `extra` roles at the same location let one person try what two should do."""
        return one_of(PEOPLE, name, *extra)

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

    async def state_denominator(self, kind: str = "personnel", value: str = "10", **other: Any) -> DenominatorStatement:
        """Of unon for 2024, unless others are given."""
        good = {
            "location_id": "unon", "kind": DenominatorKind(kind), "topic": None, "value": Decimal(value),
            "valid_from": date(2024, 1, 1), "valid_to": date(2025, 1, 1), "source": "a survey",
        }  # fmt: skip
        who = self.person("unon-technical")
        async with self._transaction(who, access.STATE_DENOMINATOR) as (tx, principal, now):
            return await usecases.state_denominator(tx, principal=principal, now=now, **good | other)

    async def import_file(
        self, content: bytes | None = None, *, by: Principal | None = None, location_id: str = "unon", year: int = 2024
    ) -> ActivityImport:
        who = by or self.person("unon-technical")
        async with self._transaction(who, access.IMPORT_ACTIVITY_DATA) as (tx, principal, now):
            return await usecases.import_activity_data(
                tx, principal=principal, now=now, location_id=location_id, year=year, file_name="data.csv",
                content=self.csv(*ROWS) if content is None else content, vault=self.vault,
            )  # fmt: skip

    async def state_stock(self, by: str = "unon-technical", **given: Any) -> FuelStock:
        """Diesel at unon, unless others are given."""
        good = {
            "location_id": "unon", "fuel": "diesel", "capacity": Decimal(52718), "stock": Decimal(31234),
            "unit": "litre", "as_of": date(2024, 12, 31),
        }  # fmt: skip
        async with self._transaction(self.person(by), access.RECORD_FUEL_STOCK) as (tx, principal, now):
            return await usecases.record_fuel_stock(tx, principal=principal, now=now, **good | given)

    async def submit(self, *, by: Principal | None = None, location_id: str = "unon") -> Inventory:
        who = by or self.person("unon-technical")
        async with self._transaction(who, access.SUBMIT_INVENTORY) as (tx, principal, now):
            # Of use in the tests that have a year before; those of missing sources hand in by themselves.
            return await usecases.submit_inventory(
                tx, principal=principal, now=now, location_id=location_id, year=2024,
                missing_because="what is missing did not occur in the year",
            )  # fmt: skip

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

    async def final(self, content: bytes | None = None) -> Inventory:
        """A final inventory of unon."""
        await self.import_file(content)
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
        return await self.inbox.take(message_of(report, path=ROOT))

    async def until_one_waits_for_a_lock(self) -> None:
        await self.until_done_or_waiting()


@pytest.fixture
async def inventories(database_for: "Callable[[str], DatabaseUrls]") -> AsyncIterator[Inventories]:
    urls = database_for("inventory")
    settings = settings_for(urls.serving)
    database = Database.connect(urls.serving, pool_size=8)
    vault = Vault.in_memory()
    service = Inventories(
        database=database,
        urls=urls,
        vault=vault,
        resources=Resources(vault=vault),
        settings=settings,
        schema=schema(settings),
        inbox=Inbox(database, SUBSCRIPTIONS, root=ROOT),
    )
    for code in REGISTER:
        await service.register(service.location(code))
    yield service
    await database.close()
