"""Mutations of what is plausible, and of explanations."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain.plausibility import Basis, Severity
from inventory.graphql.plausibility import PlausibilityRange, WarningExplanation
from inventory.store import plausibility

__all__ = ["PlausibilityMutation"]


@strawberry.input
class SetPlausibilityRangeInput:
    location_id: strawberry.ID = strawberry.field(description="The place, with all under it.")
    category: str | None = strawberry.field(default=None, description="Null for any.")
    item: str | None = None
    basis: Basis
    unit: str | None = strawberry.field(
        default=None, description="Of the amount, such as kWh; a change is in percent and has none."
    )
    low: Decimal | None = strawberry.field(default=None, description="Of a change: by how much it may fall.")
    high: Decimal | None = strawberry.field(default=None, description="Of a change: by how much it may rise.")
    severity: Severity
    valid_from: date
    valid_to: date | None = strawberry.field(
        default=None, description="The first day on which it does not hold any more."
    )
    source: str = strawberry.field(description="Where the bounds are from.")
    idempotency_key: str


@strawberry.input
class ExplainWarningInput:
    inventory_id: strawberry.ID
    finding_id: strawberry.ID
    explanation: str = strawberry.field(description="Why it is so, in 20 characters or more.")
    idempotency_key: str


SetPlausibilityRangeResult = Annotated[PlausibilityRange | Refusal, strawberry.union("SetPlausibilityRangeResult")]
ExplainWarningResult = Annotated[WarningExplanation | Refusal, strawberry.union("ExplainWarningResult")]


@strawberry.type
class PlausibilityMutation:
    @strawberry.mutation(
        description="Set what is plausible at a place and all under it, from a day on, with its source (central"
        " coordinator). Earlier ranges stay."
    )
    async def set_plausibility_range(
        self,
        info: Info,
        input: SetPlausibilityRangeInput,  # noqa: A002 - GraphQL's name
    ) -> SetPlausibilityRangeResult:
        return await info.context.decide(
            access.SET_PLAUSIBILITY_RANGE,
            lambda tx, principal, now: usecases.set_plausibility_range(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                category=input.category,
                item=input.item,
                basis=input.basis,
                unit=input.unit,
                low=input.low,
                high=input.high,
                severity=input.severity,
                valid_from=input.valid_from,
                valid_to=input.valid_to,
                source=input.source,
            ),
            request=input,
            to=PlausibilityRange.of,
            once=Once(key=input.idempotency_key, again=plausibility.range_by_id),
        )

    @strawberry.mutation(
        description="Explain a warning of a draft (technical team). It holds for the figures that the finding has, and"
        " lapses when they change."
    )
    async def explain_warning(
        self,
        info: Info,
        input: ExplainWarningInput,  # noqa: A002 - as above
    ) -> ExplainWarningResult:
        return await info.context.decide(
            access.EXPLAIN_WARNING,
            lambda tx, principal, now: usecases.explain_warning(
                tx,
                principal=principal,
                now=now,
                inventory_id=input.inventory_id,
                finding_id=input.finding_id,
                explanation=input.explanation,
            ),
            request=input,
            to=WarningExplanation.of,
            once=Once(key=input.idempotency_key, again=plausibility.explanation_by_id),
        )
