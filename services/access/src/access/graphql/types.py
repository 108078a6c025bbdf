"""What *access* shows of who asks and of memberships."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self

import strawberry
from strawberry.dataloader import DataLoader

from access.domain import attestation, membership
from access.store import attestations as attestation_store
from access.store import effects
from access.store import memberships as store
from chassis import access as rights
from chassis.access import Principal
from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, page_of
from chassis.locations import places
from chassis.refusals import BadCursor
from contracts.access import CAPABILITIES_BY_ROLE, Capability, Role
from quantities import person as quantities_person

__all__ = ["Attestation", "AttestationDue", "Location", "Me", "Membership", "MyGrant", "Person", "aware"]


def aware(instant: datetime) -> datetime:
    """Without an offset it is UTC."""
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)

strawberry.enum(Capability, name="Capability", description="What a use case asks for.")
strawberry.enum(Role, name="Role", description="What a person is at a location; it holds for everything under it.")


@strawberry.type(description="A role of yours at a location; it holds for everything under it.")
class MyGrant:
    role: str
    location: Annotated["Location", strawberry.lazy("access.graphql.types")]


@strawberry.type(description="Who asks.")
class Me:
    subject: strawberry.ID = strawberry.field(description="Stable id at the issuer.")
    name: str
    grants: list[MyGrant]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        return cls(
            subject=strawberry.ID(principal.subject),
            name=principal.name,
            grants=[
                MyGrant(role=grant.role.value, location=Location.at(grant.location_id)) for grant in principal.grants
            ],
        )

    @strawberry.field(description="Whether your roles have the capability there; false for a location that is unknown.")
    async def can(self, info: Info, capability: Capability, location_id: strawberry.ID) -> bool:
        found = await info.context.loader("places", places).load(str(location_id))
        return found is not None and rights.can(info.context.principal, capability, found)

    @strawberry.field(description="All that your roles allow there; empty for a location that is unknown.")
    async def capabilities(self, info: Info, location_id: strawberry.ID) -> list[Capability]:
        found = await info.context.loader("places", places).load(str(location_id))
        return [] if found is None else sorted(rights.held(info.context.principal, found))


@strawberry.type(description="Somebody of the identity provider.")
class Person:
    subject: strawberry.ID = strawberry.field(description="Stable id at the issuer.")
    user_name: str
    name: str | None = strawberry.field(description="Shown when looked up; records keep the user name alone.")

    @classmethod
    def of(cls, found: quantities_person.Person) -> Self:
        return cls(subject=strawberry.ID(found.subject or ""), user_name=found.name, name=None)


@strawberry.type(description="What somebody did to a membership after it was proposed.")
class MembershipStep:
    action: str = strawberry.field(description="confirmed, refused, withdrawn, extended or ended.")
    by: str
    at: datetime
    reason: str | None = strawberry.field(description="Why; null for a confirmation.")
    valid_until: datetime | None = strawberry.field(description="The new end, of an extension.")

    @classmethod
    def of(cls, found: membership.MembershipStep) -> Self:
        return cls(
            action=found.action.value,
            by=found.by.name,
            at=found.at,
            reason=found.reason,
            valid_until=found.valid_until,
        )


@strawberry.federation.type(keys=["id"], description="A person's role at a location, for a time.")
class Membership:
    id: strawberry.ID
    location: Annotated["Location", strawberry.lazy("access.graphql.types")]
    role: Role
    person: Person
    kind: str = strawberry.field(description="ordinary, or substitute for another member during leave.")
    valid_from: datetime
    valid_until: datetime | None = strawberry.field(
        description="The first instant at which it holds no more; null: open-ended."
    )
    state: str = strawberry.field(
        description="proposed, scheduled, active, refused, withdrawn, ended or expired, as of now."
    )
    justification: str
    proposed_by: str
    proposed_at: datetime
    needs_confirmation: bool = strawberry.field(description="Whether another person must confirm it.")
    steps: list[MembershipStep] = strawberry.field(description="All that happened after the proposal, oldest first.")
    substitutes_id: strawberry.Private[str | None]

    @classmethod
    def of(cls, found: membership.Membership) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location=Location.at(found.location_id),
            role=Role(found.role),
            person=Person.of(found.member),
            kind=found.kind.value,
            valid_from=found.valid_from,
            valid_until=found.valid_until,
            state=found.state_at(datetime.now(UTC)).value,
            justification=found.justification,
            proposed_by=found.proposed_by.name,
            proposed_at=found.proposed_at,
            needs_confirmation=found.needs_confirmation,
            steps=[MembershipStep.of(step) for step in found.steps],
            substitutes_id=found.substitutes_id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("memberships", store.memberships).load(str(id))
        if found is None or not await info.context.may_read(found.location_id):
            return None
        return cls.of(found)

    @strawberry.field(description="The membership that a substitute stands in for.")
    async def substitutes(self, info: Info) -> Annotated["Membership", strawberry.lazy("access.graphql.types")] | None:
        if self.substitutes_id is None:
            return None
        return await Membership.resolve_reference(info, strawberry.ID(self.substitutes_id))

    @strawberry.field(
        description="Since when the identity provider has it; null until it was told, and after it was told of the end."
    )
    async def in_force_at(self, info: Info) -> datetime | None:
        last = await info.context.loader("effects", effects.effects).load(str(self.id))
        return last.at if last is not None and last.effect == effects.JOINED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """A membership as it reaches a location."""

    found: membership.Membership
    location_id: str


@strawberry.type(description="Somebody who can do something at a location, by a role there or above it.")
class Member:
    person: Person
    role: Role
    origin: Annotated["Location", strawberry.lazy("access.graphql.types")] = strawberry.field(
        description="Where the role was given."
    )
    inherited: bool = strawberry.field(description="Whether it was given above this location.")
    capabilities: list[Capability] = strawberry.field(description="What the role allows.")
    kind: str = strawberry.field(description="ordinary, or substitute for another member during leave.")
    valid_from: datetime
    valid_until: datetime | None
    membership_id: strawberry.ID
    found: strawberry.Private[membership.Membership]

    @classmethod
    def of(cls, reach: _Reach) -> Self:
        found = reach.found
        return cls(
            person=Person.of(found.member),
            role=Role(found.role),
            origin=Location.at(found.location_id),
            inherited=found.location_id != reach.location_id,
            capabilities=sorted(CAPABILITIES_BY_ROLE[Role(found.role)]),
            kind=found.kind.value,
            valid_from=found.valid_from,
            valid_until=found.valid_until,
            membership_id=strawberry.ID(found.id),
            found=found,
        )

    @strawberry.field(description="Whom a substitute stands in for.")
    async def substitute_for(self, info: Info) -> Person | None:
        if self.found.substitutes_id is None:
            return None
        substituted = await info.context.loader("memberships", store.memberships).load(self.found.substitutes_id)
        return None if substituted is None else Person.of(substituted.member)

    @strawberry.field(description="Since when the identity provider has it; null while it was not told yet.")
    async def in_force_at(self, info: Info) -> datetime | None:
        last = await info.context.loader("effects", effects.effects).load(self.found.id)
        return last.at if last is not None and last.effect == effects.JOINED else None


@strawberry.type(description="A role that the identity provider and the record do not agree on.")
class UnrecordedMember:
    person: Person
    role: Role
    kind: str = strawberry.field(
        description="unrecorded: in the identity provider alone; missing: in the record alone."
    )
    seen_at: datetime | None

    @classmethod
    def of(cls, found: effects.Drift) -> Self:
        return cls(
            person=Person(subject=strawberry.ID(found.subject), user_name=found.user_name, name=None),
            role=Role(found.role),
            kind=found.kind,
            seen_at=found.seen_at,
        )


@strawberry.type(description="A membership as it was when it was looked at.")
class AttestedMembership:
    membership_id: strawberry.ID
    role: Role
    person: Person
    valid_until: datetime | None
    verdict: str = strawberry.field(description="kept or ended.")

    @classmethod
    def of(cls, found: attestation.AttestedMembership) -> Self:
        return cls(
            membership_id=strawberry.ID(found.membership_id),
            role=Role(found.role),
            person=Person.of(found.member),
            valid_until=found.valid_until,
            verdict=found.verdict.value,
        )


@strawberry.type(description="One look at a location's whole list of memberships; it stays as it was.")
class Attestation:
    id: strawberry.ID
    location: Annotated["Location", strawberry.lazy("access.graphql.types")]
    by: str
    at: datetime
    next_due_at: datetime
    entries: list[AttestedMembership]

    @classmethod
    def of(cls, found: attestation.Attestation) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location=Location.at(found.location_id),
            by=found.by.name,
            at=found.at,
            next_due_at=found.next_due_at,
            entries=[AttestedMembership.of(entry) for entry in found.entries],
        )


@strawberry.type(description="A location with memberships that somebody should look at again.")
class AttestationDue:
    location: Annotated["Location", strawberry.lazy("access.graphql.types")]
    due_at: datetime = strawberry.field(description="Of the membership that waits longest.")
    memberships: int = strawberry.field(description="How many are due.")

    @classmethod
    def of(cls, found: attestation.AttestationDue) -> Self:
        return cls(location=Location.at(found.location_id), due_at=found.due_at, memberships=found.memberships)


@strawberry.federation.type(keys=["id"])
class Location:
    id: strawberry.ID

    @classmethod
    def at(cls, location_id: str) -> Self:
        return cls(id=strawberry.ID(location_id))

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> Self:  # noqa: A002 - the key's name
        # The key alone says nothing: each field below asks for the right to read members there.
        return cls(id=id)

    @strawberry.field(
        description="Who can do what here: by a role here, and by one above unless left out; at an instant, by default"
        " now. Null without the right to read members here."
    )
    async def members(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        include_inherited: bool = True,  # noqa: FBT001, FBT002 - a GraphQL argument
        at: datetime | None = None,
    ) -> Connection[Member] | None:
        if not await info.context.may_read(str(self.id)):
            return None
        instant = datetime.now(UTC) if at is None else aware(at)

        async def load(limit: int, after: str | None) -> list[_Reach]:
            # Without an instant of its own, the request's fields ask for one and the same now.
            loader: DataLoader[str, Sequence[membership.Membership]] = info.context.loader(
                f"grants {at} {include_inherited} {limit} {after}",
                lambda tx, keys: store.grants_page(
                    tx, keys, at=instant, include_inherited=include_inherited, limit=limit, after=after
                ),
            )
            return [_Reach(found=found, location_id=str(self.id)) for found in await loader.load(str(self.id))]

        return await page_of(first=first, after=after, load=load, node=Member.of, cursor=lambda row: row.found.id)

    @strawberry.field(
        description="All memberships given or proposed at this location itself, in the order of their proposals. Null"
        " without the right to read members here."
    )
    async def memberships(self, info: Info, first: int, after: str | None = None) -> Connection[Membership] | None:
        if not await info.context.may_read(str(self.id)):
            return None

        async def load(limit: int, after: str | None) -> list[membership.Membership]:
            loader: DataLoader[str, Sequence[membership.Membership]] = info.context.loader(
                f"history {limit} {after}",
                lambda tx, keys: store.history_page(tx, keys, limit=limit, after=after),
            )
            return list(await loader.load(str(self.id)))

        return await page_of(first=first, after=after, load=load, node=Membership.of, cursor=lambda row: row.id)

    @strawberry.field(
        description="What was changed by hand in the identity provider, as last seen. Null without the right to read"
        " members here."
    )
    async def unrecorded_members(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[UnrecordedMember] | None:
        if not await info.context.may_read(str(self.id)):
            return None

        async def load(limit: int, after: str | None) -> list[effects.Drift]:
            if after is not None and not _NUMBER.fullmatch(after):
                raise BadCursor
            async with info.context.reading() as tx:
                return await effects.drift_page(
                    tx, str(self.id), limit=limit, after=None if after is None else int(after)
                )

        return await page_of(
            first=first, after=after, load=load, node=UnrecordedMember.of, cursor=lambda row: str(row.id)
        )

    @strawberry.field(description="Attestations of this location's memberships. Null without the right to read them.")
    async def attestations(self, info: Info, first: int, after: str | None = None) -> Connection[Attestation] | None:
        if not await info.context.may_read(str(self.id)):
            return None

        async def load(limit: int, after: str | None) -> list[attestation.Attestation]:
            async with info.context.reading() as tx:
                return await attestation_store.attestations_page(tx, str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=Attestation.of, cursor=lambda row: row.id)
