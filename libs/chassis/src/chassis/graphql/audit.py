"""The audit record as auditors read it: one list for each service, of types that all define alike."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

import strawberry
from sqlalchemy import Row

from chassis import access
from chassis.audit import reading
from chassis.graphql.edge import Info
from chassis.graphql.types import PageInfo, page_of
from chassis.refusals import BadCursor
from contracts.access import Capability

__all__ = ["audit_entries"]

AUDIT_ENTRIES = (
    "The audit record of this service, newest first: for those who may read it at a location and below, and for"
    " everybody what they did or tried themselves."
)
"""Description of the root field."""


@strawberry.federation.type(shareable=True, description="Who did what, where, when and why, or was refused.")
class AuditEntry:
    id: strawberry.ID
    seq: Decimal = strawberry.field(description="Its number in this service's record, from 1 without gaps.")
    at: datetime
    subject: str = strawberry.field(description="Who: the issuer's stable id; for an effect of an event, its source.")
    name: str = strawberry.field(description="User name at that time; for an event, the service that published it.")
    event_id: strawberry.ID | None = strawberry.field(description="The event whose effect this is.")
    action: str = strawberry.field(description="The mutation's name, or the event's type.")
    capability: str | None = strawberry.field(description="The right that was asked for.")
    record_kind: str | None
    record_id: strawberry.ID | None
    location_id: strawberry.ID = strawberry.field(description="The root where the place is not known.")
    reason: str | None = strawberry.field(description="Why, where the caller said so.")
    outcome: str = strawberry.field(description="done or refused.")
    refusal_code: str | None
    trace_id: str | None
    hash: str = strawberry.field(description="The record's hash chain after this entry, hexadecimal.")
    given: strawberry.Private[str]

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        values = row._asdict()
        given = values.pop("input")
        return cls(**values | {"seq": Decimal(row.seq), "hash": row.hash.hex(), "given": given})

    @strawberry.field(
        description="What was asked, as JSON; files and long texts by SHA-256 and size."
        " For readers of sensitive data there, and for who asked it."
    )
    async def input(self, info: Info) -> str | None:
        is_own = self.subject == info.context.principal.subject
        return self.given if is_own or await info.context.may(Capability.READ_SENSITIVE, self.location_id) else None


@strawberry.federation.type(shareable=True)
class AuditEntryEdge:
    cursor: str
    node: AuditEntry


@strawberry.federation.type(shareable=True)
class AuditEntryConnection:
    edges: list[AuditEntryEdge]
    page_info: PageInfo


@strawberry.input(description="Which entries; what is left out narrows nothing.")
class AuditFilter:
    from_: datetime | None = strawberry.field(default=None, name="from")
    to: datetime | None = strawberry.field(default=None, description="Exclusive.")
    subject: str | None = None
    action: str | None = None
    location_id: strawberry.ID | None = strawberry.field(default=None, description="And everything under it.")
    record_id: strawberry.ID | None = None
    outcome: str | None = strawberry.field(default=None, description="done or refused.")
    trace_id: str | None = None

    def wanted(self) -> reading.Wanted:
        return reading.Wanted(
            since=self.from_,
            before=self.to,
            subject=self.subject,
            action=self.action,
            location_id=self.location_id,
            record_id=self.record_id,
            outcome=self.outcome,
            trace_id=self.trace_id,
        )


def audit_entries() -> Any:
    """The field of a service's audit record, for its Query as `<service>_audit_entries`."""
    return strawberry.field(resolver=_audit_entries, description=AUDIT_ENTRIES)


async def _audit_entries(
    info: Info,
    first: int,
    after: str | None = None,
    filter: AuditFilter | None = None,  # noqa: A002 - GraphQL's name
) -> AuditEntryConnection | None:
    """A page of what the caller may see. Refuses: PageSizeOutOfRange; BadCursor."""
    principal = info.context.principal
    wanted = reading.Wanted() if filter is None else filter.wanted()

    async def load(limit: int, after: str | None) -> Sequence[Row[Any]]:
        below = None if after is None else _seq(after)
        roots = access.roots(principal, Capability.READ_AUDIT)
        async with info.context.database.transaction(roots, subject=principal.subject) as tx:
            return await reading.page(tx, wanted, limit=limit, below=below)

    page = await page_of(first=first, after=after, load=load, node=AuditEntry.of, cursor=lambda row: str(row.seq))
    return AuditEntryConnection(
        edges=[AuditEntryEdge(cursor=edge.cursor, node=edge.node) for edge in page.edges], page_info=page.page_info
    )


def _seq(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= SEQ_DIGITS_MAX):
        raise BadCursor
    return int(cursor)


SEQ_DIGITS_MAX = 18
