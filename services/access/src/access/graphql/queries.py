"""Root fields of *access*."""

from datetime import UTC, datetime, timedelta

import strawberry

from access.access import FIND_PERSON
from access.domain import attestation, membership
from access.graphql.types import AttestationDue, Me, Membership, Person
from access.store import attestations, effects, memberships
from chassis import access as rights
from chassis.access import ANONYMOUS
from chassis.graphql.audit import audit_entries
from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, page_of

__all__ = ["Query"]


@strawberry.type
class Query:
    @strawberry.field(description="Who asks, and with which rights; null without a token.")
    async def me(self, info: Info) -> Me | None:
        principal = info.context.principal
        return None if principal is ANONYMOUS else Me.of(principal)

    access_audit_entries = audit_entries()

    @strawberry.field(
        description="The one person of exactly this user name or, without one, this e-mail address, for those who"
        " manage members somewhere; null for all else. Few a minute: this is no directory."
    )
    async def person(self, info: Info, user_name: str | None = None, email: str | None = None) -> Person | None:
        principal = info.context.principal
        if not rights.roots(principal, FIND_PERSON):
            return None
        found = await info.context.resources.people.find(caller=principal.subject, user_name=user_name, email=email)
        if found is None:
            return None
        return Person(subject=strawberry.ID(found.subject), user_name=found.user_name, name=found.name)

    @strawberry.field(description="A membership by its id; null when there is none that you may see.")
    async def membership(self, info: Info, id: strawberry.ID) -> Membership | None:  # noqa: A002 - GraphQL's name
        return await Membership.resolve_reference(info, id)

    @strawberry.field(description="Your own memberships of any state, in the order of their proposals.")
    async def my_memberships(self, info: Info, first: int, after: str | None = None) -> Connection[Membership]:
        principal = info.context.principal

        async def load(limit: int, after: str | None) -> list[membership.Membership]:
            if principal is ANONYMOUS:
                return []
            # Not by the places that the caller may read: what is one's own is shown wherever it is, and nothing else.
            async with info.context.database.transaction([info.context.root]) as tx:
                found = await memberships.of_person(tx, principal.subject, limit=limit, after=after)
                told = await effects.effects(tx, [item.id for item in found])
            loader = info.context.loader("effects", effects.effects)
            loader.prime_many({item.id: effect for item, effect in zip(found, told, strict=True)})
            return found

        return await page_of(first=first, after=after, load=load, node=Membership.of, cursor=lambda row: row.id)

    @strawberry.field(
        description="Locations of yours with memberships that are due for attestation, in the order of their codes."
    )
    async def attestations_due(self, info: Info, first: int, after: str | None = None) -> Connection[AttestationDue]:
        interval = timedelta(days=info.context.resources.attestation_interval_days)

        async def load(limit: int, after: str | None) -> list[attestation.AttestationDue]:
            # The rows above the caller's places are open to show who acts there; to attest them is for those up there.
            roots = rights.roots(info.context.principal, info.context.reads)
            async with info.context.reading() as tx:
                return await attestations.due(
                    tx, at=datetime.now(UTC), interval=interval, roots=roots, limit=limit, after=after
                )

        return await page_of(
            first=first, after=after, load=load, node=AttestationDue.of, cursor=lambda row: row.location_id
        )
