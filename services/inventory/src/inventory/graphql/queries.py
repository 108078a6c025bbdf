"""Root fields of *inventory*."""

from collections.abc import Sequence

import strawberry

from chassis.graphql.audit import audit_entries
from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, page_of
from chassis.refusals import BadCursor
from inventory import catalogue
from inventory.domain import emission_factor, location
from inventory.domain import plausibility as domain_plausibility
from inventory.graphql.catalogue import CatalogueQuery
from inventory.graphql.factors import EmissionFactor
from inventory.graphql.import_jobs import ImportJob, import_job_of
from inventory.graphql.plausibility import PlausibilityRange
from inventory.graphql.private_factors import PrivateFactorsQuery
from inventory.graphql.records import ActivityRecord, record_cursor
from inventory.graphql.types import Inventory, Location
from inventory.store import factors, inventories, locations, plausibility, records

__all__ = ["Query"]


@strawberry.type
class Query(CatalogueQuery, PrivateFactorsQuery):
    @strawberry.field(description="A location by its code.")
    async def location(self, info: Info, id: strawberry.ID) -> Location | None:  # noqa: A002 - GraphQL's name
        found = await info.context.loader("location", locations.by_ids).load(str(id))
        return None if found is None else Location.of(found)

    @strawberry.field(description="The register of locations, by code.")
    async def locations(self, info: Info, first: int, after: str | None = None) -> Connection[Location]:
        async def load(limit: int, after: str | None) -> Sequence[location.Location]:
            async with info.context.reading() as tx:
                return await locations.page(tx, limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=Location.of, cursor=lambda row: row.id)

    @strawberry.field(description="An inventory version by its id; null when there is none that you may see.")
    async def inventory(self, info: Info, id: strawberry.ID) -> Inventory | None:  # noqa: A002 - as above
        found = await info.context.loader("inventory", inventories.by_ids).load(str(id))
        return None if found is None else Inventory.of(found)

    @strawberry.field(description="A record by its id; null when there is none that you may see.")
    async def activity_record(self, info: Info, id: strawberry.ID) -> ActivityRecord | None:  # noqa: A002 - as above
        try:
            record_id = record_cursor(str(id))
        except BadCursor:
            return None
        found = None if record_id is None else await info.context.loader("records", records.by_ids).load(record_id)
        return None if found is None else ActivityRecord.of(found)

    @strawberry.field(
        description="Published emission factors, by id: those of an edition, by default the one that new inventories"
        " are of."
    )
    async def emission_factors(
        self, info: Info, first: int, after: str | None = None, category: str | None = None, edition: str | None = None
    ) -> Connection[EmissionFactor]:
        async def load(limit: int, after: str | None) -> Sequence[emission_factor.EmissionFactor]:
            async with info.context.reading() as tx:
                return await factors.page(tx, edition=edition, category=category, limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=EmissionFactor.of, cursor=lambda row: row.id)

    @strawberry.field(description="An import by its id, for who may import there; null when there is none.")
    async def import_job(self, info: Info, id: strawberry.ID) -> ImportJob | None:  # noqa: A002 - as above
        return await import_job_of(info, str(id))

    @strawberry.field(
        description="What is plausible: as the coordinator set it, in the order of entry, then as shipped."
    )
    async def plausibility_ranges(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[PlausibilityRange]:
        async def load(limit: int, after: str | None) -> Sequence[domain_plausibility.PlausibilityRange]:
            async with info.context.reading() as tx:
                found = await plausibility.ranges(tx, limit=limit, after=after)
            shipped = (item for item in catalogue.plausibility_ranges() if after is None or item.id > after)
            return [*found, *shipped][:limit]

        return await page_of(first=first, after=after, load=load, node=PlausibilityRange.of, cursor=lambda row: row.id)

    inventory_audit_entries = audit_entries()
