"""Root fields of *offsets*."""

import strawberry

from chassis.graphql.audit import audit_entries
from chassis.graphql.edge import Info
from offsets.graphql.types import CreditBatch, Purchase

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="A purchase by its id; null when there is none that you may see.")
    async def purchase(self, info: Info, id: strawberry.ID) -> Purchase | None:  # noqa: A002 - GraphQL's name
        return await Purchase.resolve_reference(info, id)

    @strawberry.field(description="A batch of credits by its id; null when there is none that you may see.")
    async def credit_batch(self, info: Info, id: strawberry.ID) -> CreditBatch | None:  # noqa: A002 - GraphQL's name
        return await CreditBatch.resolve_reference(info, id)

    offsets_audit_entries = audit_entries()
