"""Mutations of uncertainty."""

from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.uncertainty import UncertaintyStatement
from inventory.store import uncertainties

__all__ = ["UncertaintyMutation"]


@strawberry.input
class StateUncertaintyInput:
    inventory_id: strawberry.ID
    category: str | None = strawberry.field(default=None, description="Of the lines; with a quality, of these alone.")
    quality: str | None = strawberry.field(default=None, description="Of the lines: measured, estimated …")
    factor_id: str | None = strawberry.field(
        default=None, description="A factor of lines of the inventory, instead; its publisher gives no uncertainty."
    )
    percent: Decimal = strawberry.field(description="Half the width of the 95 % interval, of the figure.")
    reason: str = strawberry.field(description="The meter's class, a study, or the judgement behind it.")
    idempotency_key: str


StateUncertaintyResult = Annotated[UncertaintyStatement | Refusal, strawberry.union("StateUncertaintyResult")]


@strawberry.type
class UncertaintyMutation:
    @strawberry.mutation(
        description="State how well lines of a draft, or a factor that they use, are known (technical team)."
        " Corrections of the inventory keep it."
    )
    async def state_uncertainty(
        self,
        info: Info,
        input: StateUncertaintyInput,  # noqa: A002 - GraphQL's name
    ) -> StateUncertaintyResult:
        return await info.context.decide(
            access.STATE_UNCERTAINTY,
            lambda tx, principal, now: usecases.state_uncertainty(
                tx,
                principal=principal,
                now=now,
                inventory_id=input.inventory_id,
                category=input.category,
                quality=input.quality,
                factor_id=input.factor_id,
                percent=input.percent,
                reason=input.reason,
            ),
            request=input,
            to=UncertaintyStatement.of,
            once=Once(key=input.idempotency_key, again=uncertainties.by_id),
        )
