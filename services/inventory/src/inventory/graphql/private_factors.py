"""GraphQL of factors that an entity has of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.scalars import Base64

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Refusal, page_of
from inventory.domain import emission_factor, private_factors
from inventory.graphql.factors import EmissionFactor
from inventory.store import private_factors as store

__all__ = ["AddPrivateFactorsInput", "AddPrivateFactorsResult", "PrivateFactorRelease", "PrivateFactorsQuery"]


@strawberry.type(
    description="Factors that a location has a licence for: they hold at it and under it, and nobody else sees them."
)
class PrivateFactorRelease:
    id: strawberry.ID
    location_id: strawberry.ID
    name: str
    publisher: str
    licence: str
    licence_text: str = strawberry.field(description="What the licence allows, in its own words.")
    content_hash: str = strawberry.field(description="SHA-256 of the file.")
    factor_count: int
    loaded_by: str
    loaded_at: datetime

    @classmethod
    def of(cls, found: private_factors.PrivateRelease) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            name=found.name,
            publisher=found.publisher,
            licence=found.licence,
            licence_text=found.licence_text,
            content_hash=found.content_hash,
            factor_count=found.factor_count,
            loaded_by=found.loaded_by.name,
            loaded_at=found.loaded_at,
        )

    @strawberry.field
    async def factors(self, info: Info, first: int, after: str | None = None) -> Connection[EmissionFactor]:
        async def load(limit: int, after: str | None) -> Sequence[emission_factor.EmissionFactor]:
            async with info.context.reading() as tx:
                return await store.factors_page(tx, release_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=EmissionFactor.of, cursor=lambda row: row.id)


@strawberry.type
class PrivateFactorsQuery:
    @strawberry.field(description="Factors of a location's own, in the order of loading, where you may read at it.")
    async def private_factor_releases(
        self, info: Info, location_id: strawberry.ID, first: int, after: str | None = None
    ) -> Connection[PrivateFactorRelease]:
        async def load(limit: int, after: str | None) -> Sequence[private_factors.PrivateRelease]:
            # Sites under it take them, by row security; what is listed is for those who read at it.
            if not await info.context.may_read(str(location_id)):
                return ()
            async with info.context.reading() as tx:
                return await store.page(tx, location_id=str(location_id), limit=limit, after=after)

        return await page_of(
            first=first, after=after, load=load, node=PrivateFactorRelease.of, cursor=lambda row: row.id
        )


@strawberry.input
class AddPrivateFactorsInput:
    location_id: strawberry.ID
    name: str = strawberry.field(description="Of the release, such as iea-2025.")
    publisher: str
    licence: str = strawberry.field(description="Its name.")
    licence_text: str = strawberry.field(description="What it allows, in its own words.")
    file_name: str
    content: Base64 = strawberry.field(
        description="CSV in base64: category, item, place, valid_from, valid_to, unit, co2, ch4, n2o, co2e,"
        " biogenic_co2 (kg per unit), gwp_set, uncertainty_percent, table."
    )
    idempotency_key: str


AddPrivateFactorsResult = Annotated[PrivateFactorRelease | Refusal, strawberry.union("AddPrivateFactorsResult")]
