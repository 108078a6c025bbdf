"""Mutations of the adoption of editions of factors."""

from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.edition_adoptions import AdoptionProposal
from inventory.store import edition_adoptions

__all__ = ["EditionAdoptionMutation"]


@strawberry.input
class ProposeEditionAdoptionInput:
    edition_id: strawberry.ID
    reason: str
    idempotency_key: str


@strawberry.input
class DecideEditionAdoptionInput:
    proposal_id: strawberry.ID
    approve: bool
    reason: str | None = strawberry.field(default=None, description="Why not.")
    idempotency_key: str


@strawberry.input
class WithdrawEditionAdoptionInput:
    proposal_id: strawberry.ID
    reason: str
    idempotency_key: str


ProposeEditionAdoptionResult = Annotated[AdoptionProposal | Refusal, strawberry.union("ProposeEditionAdoptionResult")]
DecideEditionAdoptionResult = Annotated[AdoptionProposal | Refusal, strawberry.union("DecideEditionAdoptionResult")]
WithdrawEditionAdoptionResult = Annotated[AdoptionProposal | Refusal, strawberry.union("WithdrawEditionAdoptionResult")]


@strawberry.type
class EditionAdoptionMutation:
    @strawberry.mutation(
        description="Put to a second person that new inventories be of an edition of factors (central coordinator)."
        " Until it is approved, nothing changes."
    )
    async def propose_edition_adoption(
        self,
        info: Info,
        input: ProposeEditionAdoptionInput,  # noqa: A002 - GraphQL's name
    ) -> ProposeEditionAdoptionResult:
        return await info.context.decide(
            access.PROPOSE_EDITION_ADOPTION,
            lambda tx, principal, now: usecases.propose_edition_adoption(
                tx,
                principal=principal,
                now=now,
                root=info.context.root,
                edition_id=input.edition_id,
                reason=input.reason,
            ),
            request=input,
            to=AdoptionProposal.of,
            once=Once(key=input.idempotency_key, again=edition_adoptions.known_proposal),
        )

    @strawberry.mutation(
        description="Approve the adoption of an edition, or refuse it (central coordinator; not who proposed it, nor"
        " who proposed the edition). Approved, new inventories are of it; those that are there keep theirs."
    )
    async def decide_edition_adoption(
        self,
        info: Info,
        input: DecideEditionAdoptionInput,  # noqa: A002 - as above
    ) -> DecideEditionAdoptionResult:
        return await info.context.decide(
            access.DECIDE_EDITION_ADOPTION,
            lambda tx, principal, now: usecases.decide_edition_adoption(
                tx,
                principal=principal,
                now=now,
                proposal_id=input.proposal_id,
                approve=input.approve,
                reason=input.reason,
            ),
            request=input,
            to=AdoptionProposal.of,
            once=Once(key=input.idempotency_key, again=edition_adoptions.known_proposal),
        )

    @strawberry.mutation(description="Take a proposal to adopt an edition back (who made it).")
    async def withdraw_edition_adoption(
        self,
        info: Info,
        input: WithdrawEditionAdoptionInput,  # noqa: A002 - as above
    ) -> WithdrawEditionAdoptionResult:
        return await info.context.decide(
            access.WITHDRAW_EDITION_ADOPTION,
            lambda tx, principal, now: usecases.withdraw_edition_adoption(
                tx, principal=principal, now=now, proposal_id=input.proposal_id, reason=input.reason
            ),
            request=input,
            to=AdoptionProposal.of,
            once=Once(key=input.idempotency_key, again=edition_adoptions.known_proposal),
        )
