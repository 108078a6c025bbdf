"""Root fields of *targets*."""

import strawberry

from chassis.graphql.audit import audit_entries
from chassis.graphql.edge import Info
from targets import store
from targets.graphql.types import Target

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="A target by its id; null when there is none that you may see.")
    async def target(self, info: Info, id: strawberry.ID) -> Target | None:  # noqa: A002 - GraphQL's name
        async with info.context.reading() as tx:
            found = await store.target_by_id(tx, id)
        return None if found is None else Target.of(found)

    targets_audit_entries = audit_entries()
