"""Mutations of what intensities are stated by."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain.denominator import DenominatorKind, Topic
from inventory.graphql.intensity import DenominatorStatement
from inventory.store import denominators

__all__ = ["DenominatorMutation"]


strawberry.enum(
    DenominatorKind, name="DenominatorKind", description="What is counted; staff never stands for personnel."
)
strawberry.enum(Topic, name="Topic", description="What data are of.")


@strawberry.input
class StateDenominatorInput:
    location_id: strawberry.ID
    kind: DenominatorKind
    topic: Topic | None = strawberry.field(
        default=None, description="Where its data cover other people, or another area, than the rest."
    )
    value: Decimal = strawberry.field(description="In persons, or in m².")
    valid_from: date
    valid_to: date | None = strawberry.field(
        default=None, description="First day on which it no longer holds; null until further notice."
    )
    source: str = strawberry.field(description="The survey, register or plan that it is from.")
    idempotency_key: str


StateDenominatorResult = Annotated[DenominatorStatement | Refusal, strawberry.union("StateDenominatorResult")]


@strawberry.type
class DenominatorMutation:
    @strawberry.mutation(
        description="State staff, personnel or floor area of a location for some days (technical team). Earlier"
        " statements stay; on the days of both, this one holds."
    )
    async def state_denominator(
        self,
        info: Info,
        input: StateDenominatorInput,  # noqa: A002 - GraphQL's name
    ) -> StateDenominatorResult:
        return await info.context.decide(
            access.STATE_DENOMINATOR,
            lambda tx, principal, now: usecases.state_denominator(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                kind=input.kind,
                topic=input.topic,
                value=input.value,
                valid_from=input.valid_from,
                valid_to=input.valid_to,
                source=input.source,
            ),
            request=input,
            to=DenominatorStatement.of,
            once=Once(key=input.idempotency_key, again=denominators.by_id),
        )
