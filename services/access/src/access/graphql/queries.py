"""Root fields of *access*."""

import strawberry

from access.graphql.types import Me
from chassis.access import ANONYMOUS
from chassis.graphql.audit import AUDIT_ENTRIES, AuditEntryConnection, AuditFilter, audit_entries
from chassis.graphql.edge import Info

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="Who asks, and with which rights; null without a token.")
    async def me(self, info: Info) -> Me | None:
        principal = info.context.principal
        return None if principal is ANONYMOUS else Me.of(principal)

    @strawberry.field(description=AUDIT_ENTRIES)
    async def access_audit_entries(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        filter: AuditFilter | None = None,  # noqa: A002 - GraphQL's name
    ) -> AuditEntryConnection | None:
        return await audit_entries(info, first=first, after=after, filter=filter)
