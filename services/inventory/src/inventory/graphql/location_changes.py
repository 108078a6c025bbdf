"""GraphQL types of what becomes of locations."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from inventory.domain import location_change
from inventory.store import locations

__all__ = ["LocationChange", "LocationHistory"]


@strawberry.type(description="What happened to a location on a day: moved, merged, closed or handed_over.")
class LocationChange:
    id: strawberry.ID
    kind: str
    on: date = strawberry.field(description="First day of the new state.")
    location_id: strawberry.ID
    from_parent_id: strawberry.ID
    parent_id: strawberry.ID = strawberry.field(
        description="What it is directly under from then on; a merged one is under the location that took it in."
    )
    recipient: str | None = strawberry.field(description="Who took it over, outside the Secretariat.")
    reason: str
    changed_by: str
    changed_at: datetime

    @classmethod
    def of(cls, found: location_change.LocationChange) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            kind=found.kind.value,
            on=found.on,
            location_id=strawberry.ID(found.location_id),
            from_parent_id=strawberry.ID(found.from_parent_id),
            parent_id=strawberry.ID(found.parent_id),
            recipient=found.recipient,
            reason=found.reason,
            changed_by=found.by.name,
            changed_at=found.at,
        )


@strawberry.type
class LocationHistory:
    """Fields of a location about its own past."""

    id: strawberry.ID

    @strawberry.field(
        description="What happened to it, and what was merged into it, oldest first, for those who may read at it."
    )
    async def changes(self, info: Info) -> list[LocationChange]:
        found: Sequence[location_change.LocationChange] = await info.context.loader(
            "location changes", locations.changes_of
        ).load(str(self.id))
        return [LocationChange.of(item) for item in found]

    @strawberry.field(description="Codes from the root to it, as the tree was on that day; empty before it opened.")
    async def lineage(self, info: Info, as_of: date) -> list[strawberry.ID]:
        async with info.context.reading() as tx:
            found = await locations.lineage_of(tx, location_id=str(self.id), as_of=as_of)
        return [strawberry.ID(code) for code in found]
