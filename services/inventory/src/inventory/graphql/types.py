"""GraphQL types of *inventory*: locations and inventories."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

import strawberry
from strawberry.dataloader import DataLoader

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory import access
from inventory.domain import evidence, fuel_stock, inventory, location
from inventory.domain.method import CO2E_UNIT, Indicator
from inventory.graphql.base_years import LocationBaseYears
from inventory.graphql.completeness import InventoryCompleteness, LocationCompleteness
from inventory.graphql.evidence import EvidenceFile
from inventory.graphql.figures import LocationFigures
from inventory.graphql.intensity import InventoryIntensities, LocationDenominators
from inventory.graphql.location_changes import LocationHistory
from inventory.graphql.locations import Coordinates, FuelStock
from inventory.graphql.plausibility import InventoryFindings
from inventory.graphql.premises import InventoryPremises, LocationPremises
from inventory.graphql.proxies import InventoryProxies
from inventory.graphql.records import ActivityRecord, ActivityRecordFilter, GasMass, masses, record_cursor
from inventory.graphql.renewable_share import InventoryRenewableShare
from inventory.graphql.reporting_calendars import LocationCalendar
from inventory.graphql.scope2 import InventoryScope2
from inventory.graphql.uncertainty import InventoryUncertainties
from inventory.graphql.versions import InventoryVersions
from inventory.store import evidence as evidence_files
from inventory.store import fuel_stocks, inventories, lineage, locations, records

__all__ = ["Inventory", "Location"]


async def _records_of(info: Info, cell: lineage.Cell, *, first: int, after: str | None) -> Connection[ActivityRecord]:
    """Totals that are asked for together have their records loaded together."""

    async def load(limit: int, after: str | None) -> Sequence[records.RecordRow]:
        asked = cell._replace(limit=limit, after=record_cursor(after))
        found: Sequence[records.RecordRow] = await info.context.loader("records of totals", lineage.of_cells).load(
            asked
        )
        return found

    return await page_of(first=first, after=after, load=load, node=ActivityRecord.of, cursor=lambda row: str(row.id))


@strawberry.type
class ScopeTotal:
    scope: int
    co2e: Quantity
    inventory_id: strawberry.Private[str]

    @strawberry.field(description="Records that it is the sum of, as far as you may see them.")
    async def records(self, info: Info, first: int, after: str | None = None) -> Connection[ActivityRecord]:
        cell = lineage.Cell(self.inventory_id, self.scope, None, False, 0, None)  # noqa: FBT003 - a named tuple's
        return await _records_of(info, cell, first=first, after=after)


@strawberry.type
class CategoryTotal:
    scope: int
    category: str
    optional: bool = strawberry.field(description="Outside the minimum boundary, apart from the total.")
    co2e: Quantity
    inventory_id: strawberry.Private[str]

    @strawberry.field(description="Records that it is the sum of, as far as you may see them.")
    async def records(self, info: Info, first: int, after: str | None = None) -> Connection[ActivityRecord]:
        cell = lineage.Cell(self.inventory_id, self.scope, self.category, self.optional, 0, None)
        return await _records_of(info, cell, first=first, after=after)


@strawberry.type(name="Indicator")
class IndicatorValue:
    name: str
    value: Quantity


@strawberry.type(description="What somebody did to an inventory.")
class InventoryStep:
    action: str
    by: str
    at: datetime
    reasons: str | None = strawberry.field(description="Why it was returned, or handed in with sources missing.")


@strawberry.federation.type(keys=["id"], description="The inventory of a location and year, in one version.")
class Inventory(
    InventoryScope2,
    InventoryVersions,
    InventoryCompleteness,
    InventoryUncertainties,
    InventoryIntensities,
    InventoryPremises,
    InventoryRenewableShare,
    InventoryFindings,
    InventoryProxies,
):
    id: strawberry.ID
    year: int
    version: int
    state: str = strawberry.field(description="draft, submitted, returned or final.")
    factor_edition: str = strawberry.field(description="Edition of emission factors that it is quantified by.")
    location_id: strawberry.Private[str]
    history: strawberry.Private[tuple[inventory.Step, ...]]

    @classmethod
    def of(cls, found: inventory.Inventory) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            year=found.year,
            version=found.version,
            state=found.state.value,
            factor_edition=found.factor_edition,
            location_id=found.location_id,
            history=found.steps,
            correction=found.correction,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("inventory", inventories.by_ids).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field
    async def location(self, info: Info) -> Annotated["Location", strawberry.lazy("inventory.graphql.types")] | None:
        found = await info.context.loader("location", locations.by_ids).load(self.location_id)
        return None if found is None else Location.of(found)

    @strawberry.field(description="Scopes 1, 2 and business travel; optional and biogenic apart. Null without records.")
    async def total(self, info: Info) -> Quantity | None:
        totals = await self._totals(info)
        return Quantity.of(totals.co2e_kg, CO2E_UNIT) if totals.co2e_kg_by_scope else None

    @strawberry.field
    async def by_scope(self, info: Info) -> list[ScopeTotal]:
        totals = await self._totals(info)
        return [
            ScopeTotal(scope=scope, co2e=Quantity.of(kg, CO2E_UNIT), inventory_id=str(self.id))
            for scope, kg in sorted(totals.co2e_kg_by_scope.items())
        ]

    @strawberry.field
    async def by_category(self, info: Info) -> list[CategoryTotal]:
        totals = await self._totals(info)
        return [
            CategoryTotal(
                scope=category.scope,
                category=category.value,
                optional=optional,
                co2e=Quantity.of(kg, CO2E_UNIT),
                inventory_id=str(self.id),
            )
            for by_category, optional in (
                (totals.co2e_kg_by_category, False),
                (totals.optional_co2e_kg_by_category, True),
            )
            for category, kg in sorted(by_category.items())
        ]

    @strawberry.field(description="Mass of each gas within the total, where you may see every record.")
    async def by_gas(self, info: Info) -> list[GasMass]:
        # From the records that the caller sees: without those of fuel it would be a part that looks like the whole.
        if not await info.context.may(access.READ_SENSITIVE, self.location_id):
            return []
        totals = await self._totals(info)
        return masses(dict(totals.kg_by_gas))

    @strawberry.field(description="Beside the total, never in it.")
    async def biogenic_co2(self, info: Info) -> Quantity:
        totals = await self._totals(info)
        return Quantity.of(totals.biogenic_co2_kg, "kg")

    @strawberry.field(
        description="Resource use and intensity of a final inventory; one that is missing, or not for you, is absent."
    )
    async def indicators(self, info: Info) -> list[IndicatorValue]:
        found: Sequence[Indicator] = await info.context.loader("indicators", inventories.indicators_of).load(
            str(self.id)
        )
        return [IndicatorValue(name=item.name, value=Quantity.of(item.value, item.unit)) for item in found]

    @strawberry.field
    def steps(self) -> list[InventoryStep]:
        return [
            InventoryStep(action=step.action.value, by=step.by.name, at=step.at, reasons=step.reasons)
            for step in self.history
        ]

    @strawberry.field(
        description="Records that you may see, with their emissions, in the order in which they came. Those of fuel"
        " are for readers of sensitive data. `category` is one of the filter's."
    )
    async def activity_records(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        category: str | None = None,
        filter: ActivityRecordFilter | None = None,  # noqa: A002 - GraphQL's name
    ) -> Connection[ActivityRecord]:
        wanted = (filter or ActivityRecordFilter()).wanted(category=category)

        async def load(limit: int, after: str | None) -> Sequence[records.RecordRow]:
            async with info.context.reading() as tx:
                return await records.page(
                    tx, inventory_id=str(self.id), limit=limit, after=record_cursor(after), wanted=wanted
                )

        return await page_of(
            first=first, after=after, load=load, node=ActivityRecord.of, cursor=lambda row: str(row.id)
        )

    @strawberry.field(description="Every file of this version: its own, and those of its imports and records.")
    async def evidence(self, info: Info, first: int, after: str | None = None) -> Connection[EvidenceFile]:
        async def load(limit: int, after: str | None) -> Sequence[evidence.EvidenceFile]:
            async with info.context.reading() as tx:
                return await evidence_files.of_inventory(tx, inventory_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=EvidenceFile.of, cursor=lambda row: row.id)

    async def _totals(self, info: Info) -> inventory.Totals:
        return await info.context.loader("totals", inventories.totals_of).load(str(self.id))


@strawberry.federation.type(keys=["id"], description="A place of the Secretariat; its id is its code, for ever.")
class Location(
    LocationHistory,
    LocationFigures,
    LocationBaseYears,
    LocationCompleteness,
    LocationPremises,
    LocationDenominators,
    LocationCalendar,
):
    id: strawberry.ID
    name: str
    kind: str
    country: str | None = strawberry.field(description="ISO 3166-1 alpha-3.")
    city: str | None = strawberry.field(description="For readers of sensitive data at it.")
    valid_from: date
    valid_to: date | None
    parent_id: strawberry.Private[str | None]
    latitude: strawberry.Private[Decimal | None]
    longitude: strawberry.Private[Decimal | None]

    @classmethod
    def of(cls, found: location.Location) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            name=found.name,
            kind=found.kind,
            country=found.country,
            city=found.city,
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            parent_id=found.parent_id,
            latitude=found.latitude,
            longitude=found.longitude,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("location", locations.by_ids).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field(description="Where it is, for readers of sensitive data at it.")
    def coordinates(self) -> Coordinates | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Coordinates(latitude=self.latitude, longitude=self.longitude)

    @strawberry.field(description="The newest statement of each stored fuel, for readers of sensitive data at it.")
    async def fuel_stocks(self, info: Info) -> list[FuelStock]:
        found: Sequence[fuel_stock.FuelStock] = await info.context.loader("fuel stocks", fuel_stocks.newest_of).load(
            str(self.id)
        )
        return [FuelStock.of(item) for item in found]

    @strawberry.field(description="Every statement of stored fuel, in the order in which they were entered.")
    async def fuel_stock_history(self, info: Info, first: int, after: str | None = None) -> Connection[FuelStock]:
        async def load(limit: int, after: str | None) -> Sequence[fuel_stock.FuelStock]:
            async with info.context.reading() as tx:
                return await fuel_stocks.page(tx, location_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=FuelStock.of, cursor=lambda row: row.id)

    @strawberry.field
    async def parent(self, info: Info) -> Annotated["Location", strawberry.lazy("inventory.graphql.types")] | None:
        if self.parent_id is None:
            return None
        found = await info.context.loader("location", locations.by_ids).load(self.parent_id)
        return None if found is None else Location.of(found)

    @strawberry.field(description="Locations directly under it, by code.")
    async def children(self, info: Info) -> list[Annotated["Location", strawberry.lazy("inventory.graphql.types")]]:
        found = await info.context.loader("children", locations.children_of).load(str(self.id))
        return [Location.of(item) for item in found]

    @strawberry.field(
        description="The newest version of that year's inventory that you may see; or that version; or the one that was"
        " final at that instant."
    )
    async def inventory(
        self, info: Info, year: int, version: int | None = None, as_of: datetime | None = None
    ) -> Inventory | None:
        if version is None and as_of is None:
            loader: DataLoader[tuple[str, int], inventory.Inventory | None] = info.context.loader(
                "inventory of year", inventories.by_location_years
            )
            found = await loader.load((str(self.id), year))
        else:
            async with info.context.reading() as tx:
                found = await inventories.version_of(
                    tx, location_id=str(self.id), year=year, version=version, as_of=as_of
                )
        return None if found is None else Inventory.of(found)

    @strawberry.field(description="Every version of every year that you may see, oldest first.")
    async def inventories(self, info: Info, first: int, after: str | None = None) -> Connection[Inventory]:
        async def load(limit: int, after: str | None) -> Sequence[inventory.Inventory]:
            async with info.context.reading() as tx:
                return await inventories.of_location(tx, location_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=Inventory.of, cursor=lambda row: row.id)
