"""Mutations of *access*. All give or take rights: each takes an idempotency key."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from access import access, usecases
from access.domain.attestation import Decision, Verdict
from access.graphql.types import Attestation, Membership, aware
from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from contracts.access import Role

__all__ = ["Mutation"]


@strawberry.input
class AddMemberInput:
    location_id: strawberry.ID
    user_name: str = strawberry.field(description="Exactly, as the person logs in.")
    role: Role
    valid_from: datetime | None = strawberry.field(default=None, description="By default now.")
    valid_until: datetime | None = strawberry.field(
        default=None,
        description="The first instant at which it holds no more. A substitute, and a role that two give, need one.",
    )
    substitutes_membership_id: strawberry.ID | None = strawberry.field(
        default=None, description="The membership that a substitute stands in for: same location, same role."
    )
    justification: str
    idempotency_key: str


@strawberry.input
class ConfirmMemberInput:
    membership_id: strawberry.ID
    idempotency_key: str


@strawberry.input
class RefuseMemberInput:
    membership_id: strawberry.ID
    reason: str
    idempotency_key: str


@strawberry.input
class WithdrawProposalInput:
    membership_id: strawberry.ID
    reason: str
    idempotency_key: str


@strawberry.input
class EndMembershipInput:
    membership_id: strawberry.ID
    reason: str
    idempotency_key: str


@strawberry.input
class ExtendMembershipInput:
    membership_id: strawberry.ID
    valid_until: datetime = strawberry.field(description="Later than the end that it has.")
    reason: str
    idempotency_key: str


@strawberry.input
class EndedMembershipInput:
    membership_id: strawberry.ID
    reason: str


@strawberry.input
class AttestMembersInput:
    location_id: strawberry.ID
    keep: list[strawberry.ID] = strawberry.field(description="Memberships that stay.")
    end: list[EndedMembershipInput] = strawberry.field(
        description="Memberships that end now. With `keep`, exactly all that are active at the location, save your own."
    )
    idempotency_key: str


AddMemberResult = Annotated[Membership | Refusal, strawberry.union("AddMemberResult")]
ConfirmMemberResult = Annotated[Membership | Refusal, strawberry.union("ConfirmMemberResult")]
RefuseMemberResult = Annotated[Membership | Refusal, strawberry.union("RefuseMemberResult")]
WithdrawProposalResult = Annotated[Membership | Refusal, strawberry.union("WithdrawProposalResult")]
EndMembershipResult = Annotated[Membership | Refusal, strawberry.union("EndMembershipResult")]
ExtendMembershipResult = Annotated[Membership | Refusal, strawberry.union("ExtendMembershipResult")]
AttestMembersResult = Annotated[Attestation | Refusal, strawberry.union("AttestMembersResult")]


def _decisions(input: AttestMembersInput) -> dict[str, Decision]:  # noqa: A002 - GraphQL's name
    """One a membership: ending wins over keeping."""
    kept = {str(key): Decision(verdict=Verdict.KEPT, reason=None) for key in input.keep}
    ended = {str(item.membership_id): Decision(verdict=Verdict.ENDED, reason=item.reason) for item in input.end}
    return kept | ended


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Give a person a role at a location, or propose it where another person must confirm."
    )
    async def add_member(
        self,
        info: Info,
        input: AddMemberInput,  # noqa: A002 - GraphQL's name
    ) -> AddMemberResult:
        return await info.context.decide(
            access.ADD_MEMBER,
            lambda tx, principal, now: usecases.add_member(
                tx,
                principal=principal,
                now=now,
                people=info.context.resources.people,
                location_id=input.location_id,
                user_name=input.user_name,
                role=input.role,
                valid_from=None if input.valid_from is None else aware(input.valid_from),
                valid_until=None if input.valid_until is None else aware(input.valid_until),
                justification=input.justification,
                substitutes_id=input.substitutes_membership_id,
            ),
            to=Membership.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.membership_by_id),
        )

    @strawberry.mutation(description="Confirm a proposed membership (neither who proposed it nor whom it is about).")
    async def confirm_member(
        self,
        info: Info,
        input: ConfirmMemberInput,  # noqa: A002 - as above
    ) -> ConfirmMemberResult:
        return await info.context.decide(
            access.CONFIRM_MEMBER,
            lambda tx, principal, now: usecases.confirm_member(
                tx,
                principal=principal,
                now=now,
                people=info.context.resources.people,
                membership_id=input.membership_id,
            ),
            to=Membership.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.membership_by_id),
        )

    @strawberry.mutation(description="Turn a proposed membership down, saying why (as for confirming).")
    async def refuse_member(
        self,
        info: Info,
        input: RefuseMemberInput,  # noqa: A002 - as above
    ) -> RefuseMemberResult:
        return await info.context.decide(
            access.REFUSE_MEMBER,
            lambda tx, principal, now: usecases.refuse_member(
                tx, principal=principal, now=now, membership_id=input.membership_id, reason=input.reason
            ),
            to=Membership.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.membership_by_id),
        )

    @strawberry.mutation(description="Take back a proposal of one's own.")
    async def withdraw_proposal(
        self,
        info: Info,
        input: WithdrawProposalInput,  # noqa: A002 - as above
    ) -> WithdrawProposalResult:
        return await info.context.decide(
            access.WITHDRAW_PROPOSAL,
            lambda tx, principal, now: usecases.withdraw_proposal(
                tx, principal=principal, now=now, membership_id=input.membership_id, reason=input.reason
            ),
            to=Membership.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.membership_by_id),
        )

    @strawberry.mutation(description="Take a role away now, saying why (never one's own).")
    async def end_membership(
        self,
        info: Info,
        input: EndMembershipInput,  # noqa: A002 - as above
    ) -> EndMembershipResult:
        return await info.context.decide(
            access.END_MEMBERSHIP,
            lambda tx, principal, now: usecases.end_membership(
                tx, principal=principal, now=now, membership_id=input.membership_id, reason=input.reason
            ),
            to=Membership.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.membership_by_id),
        )

    @strawberry.mutation(description="Move the end of a membership to a later time (roles that one person gives).")
    async def extend_membership(
        self,
        info: Info,
        input: ExtendMembershipInput,  # noqa: A002 - as above
    ) -> ExtendMembershipResult:
        return await info.context.decide(
            access.EXTEND_MEMBERSHIP,
            lambda tx, principal, now: usecases.extend_membership(
                tx,
                principal=principal,
                now=now,
                membership_id=input.membership_id,
                valid_until=aware(input.valid_until),
                reason=input.reason,
            ),
            to=Membership.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.membership_by_id),
        )

    @strawberry.mutation(
        description="Look at every membership at a location: keep it, or end it in the same act. The list is kept as it"
        " was; your own memberships wait for another person."
    )
    async def attest_members(
        self,
        info: Info,
        input: AttestMembersInput,  # noqa: A002 - as above
    ) -> AttestMembersResult:
        return await info.context.decide(
            access.ATTEST_MEMBERS,
            lambda tx, principal, now: usecases.attest_members(
                tx,
                principal=principal,
                now=now,
                interval=timedelta(days=info.context.resources.attestation_interval_days),
                location_id=input.location_id,
                decisions=_decisions(input),
            ),
            to=Attestation.of,
            request=input,
            once=Once(key=input.idempotency_key, again=usecases.attestation_by_id),
        )
