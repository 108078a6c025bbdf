"""Mutations of *targets*."""

from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Refusal
from targets import access, usecases
from targets.graphql.types import Target

__all__ = ["Mutation"]


@strawberry.input
class SetTargetInput:
    location_id: strawberry.ID
    indicator: str
    unit: str
    base_year: int
    base_value: Decimal
    target_year: int
    target_value: Decimal


SetTargetResult = Annotated[Target | Refusal, strawberry.union("SetTargetResult")]


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Set a target for an indicator of a location (local steering group).")
    async def set_target(self, info: Info, input: SetTargetInput) -> SetTargetResult:  # noqa: A002 - GraphQL's name
        return await info.context.decide(
            access.SET_TARGET,
            lambda tx, principal, now: usecases.set_target(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                indicator=input.indicator,
                unit=input.unit,
                base_year=input.base_year,
                base_value=input.base_value,
                target_year=input.target_year,
                target_value=input.target_value,
            ),
            request=input,
            to=Target.of,
        )
