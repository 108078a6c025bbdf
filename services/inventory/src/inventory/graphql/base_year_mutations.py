"""Mutations of base years."""

from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.base_years import BaseYear, BaseYearProposal
from inventory.store import base_years

__all__ = ["BaseYearMutation"]


@strawberry.input
class SetBaseYearInput:
    location_id: strawberry.ID
    target_id: strawberry.ID | None = strawberry.field(default=None, description="Null for the location's own.")
    year: int
    threshold_percent: Decimal = strawberry.field(description="Cumulative effect over which it is recalculated.")
    reason: str
    idempotency_key: str


@strawberry.input
class ProposeRecalculationInput:
    location_id: strawberry.ID
    target_id: strawberry.ID | None = None
    recalculate: bool = strawberry.field(description="False documents the decision not to.")
    reason: str
    idempotency_key: str


@strawberry.input
class DecideRecalculationInput:
    proposal_id: strawberry.ID
    approve: bool
    reason: str | None = strawberry.field(default=None, description="Why not.")
    idempotency_key: str


SetBaseYearResult = Annotated[BaseYear | Refusal, strawberry.union("SetBaseYearResult")]
ProposeRecalculationResult = Annotated[BaseYearProposal | Refusal, strawberry.union("ProposeRecalculationResult")]
DecideRecalculationResult = Annotated[BaseYearProposal | Refusal, strawberry.union("DecideRecalculationResult")]


@strawberry.type
class BaseYearMutation:
    @strawberry.mutation(
        description="Choose the year that changes are measured from (steering group). Earlier choices stay."
    )
    async def set_base_year(
        self,
        info: Info,
        input: SetBaseYearInput,  # noqa: A002 - GraphQL's name
    ) -> SetBaseYearResult:
        return await info.context.decide(
            access.SET_BASE_YEAR,
            lambda tx, principal, now: usecases.set_base_year(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                target_id=input.target_id,
                year=input.year,
                threshold_percent=input.threshold_percent,
                reason=input.reason,
            ),
            request=input,
            to=BaseYear.of,
            once=Once(key=input.idempotency_key, again=base_years.by_id),
        )

    @strawberry.mutation(
        description="Put the recalculation of a base year, or the decision against it, to a second person (technical"
        " team)."
    )
    async def propose_recalculation(
        self,
        info: Info,
        input: ProposeRecalculationInput,  # noqa: A002 - as above
    ) -> ProposeRecalculationResult:
        return await info.context.decide(
            access.PROPOSE_RECALCULATION,
            lambda tx, principal, now: usecases.propose_recalculation(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                target_id=input.target_id,
                recalculate=input.recalculate,
                reason=input.reason,
            ),
            request=input,
            to=BaseYearProposal.of,
            once=Once(key=input.idempotency_key, again=base_years.known_proposal),
        )

    @strawberry.mutation(description="Approve what was proposed about a base year, or refuse it (steering group).")
    async def decide_recalculation(
        self,
        info: Info,
        input: DecideRecalculationInput,  # noqa: A002 - as above
    ) -> DecideRecalculationResult:
        return await info.context.decide(
            access.DECIDE_RECALCULATION,
            lambda tx, principal, now: usecases.decide_recalculation(
                tx,
                principal=principal,
                now=now,
                proposal_id=input.proposal_id,
                approve=input.approve,
                reason=input.reason,
            ),
            request=input,
            to=BaseYearProposal.of,
            once=Once(key=input.idempotency_key, again=base_years.known_proposal),
        )
