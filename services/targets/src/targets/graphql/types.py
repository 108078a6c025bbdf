"""GraphQL types of *targets*."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry
from strawberry.dataloader import DataLoader

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from targets import store
from targets.domain import progress, target

__all__ = ["Location", "ProgressAssessment", "Target"]


@strawberry.type(description="A target held against one final inventory.")
class ProgressAssessment:
    year: int
    inventory_version: int
    value: Quantity
    expected: Quantity = strawberry.field(description="Where the straight line from base to target year is.")
    reduction: Quantity = strawberry.field(description="Percent below the base value.")
    verdict: str = strawberry.field(description="achieved, on_track or off_track.")
    assessed_at: datetime

    @classmethod
    def of(cls, assessment: progress.ProgressAssessment, unit: str) -> Self:
        return cls(
            year=assessment.year,
            inventory_version=assessment.inventory_version,
            value=Quantity.of(assessment.value, unit),
            expected=Quantity.of(assessment.expected, unit),
            reduction=Quantity.of(assessment.reduction_percent, "percent"),
            verdict=assessment.verdict.value,
            assessed_at=assessment.assessed_at,
        )


@strawberry.federation.type(keys=["id"], description="Where an indicator of a location is to be in a target year.")
class Target:
    id: strawberry.ID
    indicator: str
    base_year: int
    base_value: Quantity
    target_year: int
    target_value: Quantity
    setter: strawberry.Private[str]
    location_id: strawberry.Private[str]
    unit: strawberry.Private[str]

    @classmethod
    def of(cls, found: target.Target) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            indicator=found.indicator,
            base_year=found.base_year,
            base_value=Quantity.of(found.base_value, found.unit),
            target_year=found.target_year,
            target_value=Quantity.of(found.target_value, found.unit),
            setter=found.set_by,
            location_id=found.location_id,
            unit=found.unit,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        async with info.context.reading() as tx:
            found = await store.target_by_id(tx, id)
        return None if found is None else cls.of(found)

    @strawberry.field(description="Who set it; null for readers of what is published.")
    async def set_by(self, info: Info) -> str | None:
        return self.setter if await info.context.may_read(self.location_id) else None

    @strawberry.field(description="The newest assessment of each year, newest year first.")
    async def progress(self, info: Info) -> list[ProgressAssessment]:
        found = await info.context.loader("assessments", store.assessments_by_target).load(str(self.id))
        return [ProgressAssessment.of(item, self.unit) for item in found]


@strawberry.federation.type(keys=["id"])
class Location:
    id: strawberry.ID

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> Self:  # noqa: A002 - the key's name
        # The key alone says nothing: each field below reads under the caller's rights.
        return cls(id=id)

    @strawberry.field(description="Targets of the location, in the order in which they were set.")
    async def targets(self, info: Info, first: int, after: str | None = None) -> Connection[Target] | None:
        async def load(limit: int, after: str | None) -> list[target.Target]:
            loader: DataLoader[str, Sequence[target.Target]] = info.context.loader(
                f"targets {limit} {after}",
                lambda tx, keys: store.targets_page(tx, keys, limit=limit, after=after),
            )
            return list(await loader.load(str(self.id)))

        return await page_of(first=first, after=after, load=load, node=Target.of, cursor=lambda row: row.id)
