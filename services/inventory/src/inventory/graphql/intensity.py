"""GraphQL types of intensity, and of what it is stated by."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory import usecases
from inventory.domain import denominator, intensity
from inventory.store import denominators

__all__ = ["DenominatorStatement", "InventoryIntensities", "LocationDenominators"]


@strawberry.type(description="Staff, personnel or floor area of a location for some days, as stated.")
class DenominatorStatement:
    id: strawberry.ID
    location_id: strawberry.ID
    kind: str = strawberry.field(description="staff, personnel (the method's wider count) or floor_area.")
    topic: str | None = strawberry.field(
        description="emissions, energy, water or waste; null for all that have none of their own."
    )
    value: Quantity
    valid_from: date
    valid_to: date | None = strawberry.field(description="First day on which it no longer holds; null for none.")
    source: str
    stated_by: str
    stated_at: datetime

    @classmethod
    def of(cls, found: denominator.DenominatorStatement) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            kind=found.kind.value,
            topic=None if found.topic is None else found.topic.value,
            value=Quantity.of(found.value, found.kind.unit),
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            source=found.source,
            stated_by=found.by.name,
            stated_at=found.at,
        )


@strawberry.type(description="A figure by person or by floor area, or why there is none.")
class Intensity:
    name: str
    value: Quantity | None
    gap: str | None = strawberry.field(
        description="Why there is none: no_data, not_convertible, denominator_missing, coverage_partial or"
        " records_not_shown."
    )
    explanation: str | None
    use: Quantity | None = strawberry.field(description="What is divided; null in final versions.")
    denominator: Quantity | None = strawberry.field(
        description="Mean over the days of the year on which the location was open, for those who may read at it."
    )
    coverage: Quantity | None = strawberry.field(
        description="What the topic's data cover of all personnel, or of all floor area, in percent."
    )
    statement_ids: list[strawberry.ID] = strawberry.field(description="Statements that the denominator is made of.")

    @classmethod
    def of(cls, found: intensity.Intensity) -> Self:
        by = found.denominator
        return cls(
            name=found.name,
            value=None if found.value is None else Quantity.of(found.value, found.unit),
            gap=None if found.gap is None else found.gap.value,
            explanation=found.explanation,
            use=None if found.use is None else Quantity.of(found.use, found.of_unit),
            denominator=None if by is None or by.value is None else Quantity.of(by.value, by.kind.unit),
            coverage=None if by is None or by.coverage_percent is None else Quantity.of(by.coverage_percent, "percent"),
            statement_ids=[] if by is None else [strawberry.ID(id_) for id_ in by.statement_ids],
        )


@strawberry.type
class InventoryIntensities:
    """Fields of an inventory about intensity."""

    id: strawberry.ID

    @strawberry.field(
        description="Emissions, energy, water and waste by person or by floor area; of a final version, as they were"
        " then."
    )
    async def intensities(self, info: Info) -> list[Intensity]:
        found: Sequence[intensity.Intensity] | None = await info.context.loader(
            "intensities", usecases.intensities_of
        ).load(str(self.id))
        return [Intensity.of(item) for item in found or ()]


@strawberry.type
class LocationDenominators:
    """Fields of a location about what its intensities are stated by."""

    id: strawberry.ID

    @strawberry.field(
        description="Every statement of staff, personnel and floor area, oldest first, for those who may read at it; on"
        " each day the newest holds."
    )
    async def denominators(self, info: Info, first: int, after: str | None = None) -> Connection[DenominatorStatement]:
        async def load(limit: int, after: str | None) -> Sequence[denominator.DenominatorStatement]:
            async with info.context.reading() as tx:
                return await denominators.page(tx, location_id=str(self.id), limit=limit, after=after)

        return await page_of(
            first=first, after=after, load=load, node=DenominatorStatement.of, cursor=lambda row: row.id
        )
