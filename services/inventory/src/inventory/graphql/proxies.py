"""GraphQL types of proxies for small offices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory.domain import proxy
from inventory.graphql.records import record_cursor
from inventory.store import proxies
from inventory.usecases.proxies import SmallOfficeEstimate as FoundEstimate

__all__ = ["InventoryProxies", "ProxyEstimate", "SmallOfficeEstimate"]


@strawberry.type(description="A record of a small office that was not measured, and how it came about.")
class ProxyEstimate:
    record_id: strawberry.ID = strawberry.field(description="Of the record; it is gone where real data have come.")
    location_id: strawberry.ID
    category: str
    item: str
    amount: Quantity
    personnel: Quantity
    per_person: Quantity
    formula: str
    basis: str = strawberry.field(description="What the figure a person was worked out from, or who published it.")
    comparable_location_ids: list[strawberry.ID]
    reason: str
    estimated_by: str
    estimated_at: datetime

    @classmethod
    def of(cls, found: proxy.ProxyEstimate) -> Self:
        return cls(
            record_id=strawberry.ID(str(found.record_id)),
            location_id=strawberry.ID(found.location_id),
            category=found.category.value,
            item=found.item,
            amount=Quantity.of(found.amount, found.unit),
            personnel=Quantity.of(found.personnel, "person"),
            per_person=Quantity.of(found.per_person, f"{found.unit}/person"),
            formula=found.formula,
            basis=found.basis,
            comparable_location_ids=[strawberry.ID(code) for code in found.comparable_ids],
            reason=found.reason,
            estimated_by=found.by.name,
            estimated_at=found.at,
        )


@strawberry.type(description="Proxies that were made together.")
class SmallOfficeEstimate:
    id: strawberry.ID = strawberry.field(description="Of the import whose records they are.")
    estimates: list[ProxyEstimate]

    @classmethod
    def of(cls, found: FoundEstimate) -> Self:
        return cls(id=strawberry.ID(found.id), estimates=[ProxyEstimate.of(item) for item in found.estimates])


@strawberry.type
class InventoryProxies:
    """Fields of an inventory about proxies in it."""

    id: strawberry.ID

    @strawberry.field(
        description="Proxies for small offices, also those that have given way. Those of fuel are for readers of"
        " sensitive data."
    )
    async def proxy_estimates(self, info: Info, first: int, after: str | None = None) -> Connection[ProxyEstimate]:
        async def load(limit: int, after: str | None) -> Sequence[proxy.ProxyEstimate]:
            async with info.context.reading() as tx:
                return await proxies.page(tx, inventory_id=str(self.id), limit=limit, after=record_cursor(after))

        return await page_of(
            first=first, after=after, load=load, node=ProxyEstimate.of, cursor=lambda row: str(row.record_id)
        )
