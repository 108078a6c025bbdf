"""Root fields of *access*."""

import strawberry

from access.graphql.types import Me
from chassis.access import ANONYMOUS
from chassis.graphql.edge import Info

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="Who asks, and with which rights; null without a token.")
    async def me(self, info: Info) -> Me | None:
        principal = info.context.principal
        return None if principal is ANONYMOUS else Me.of(principal)
