"""Mutation of proxies for small offices."""

from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.proxies import SmallOfficeEstimate

__all__ = ["ProxyMutation"]


@strawberry.input
class EstimateSmallOfficeInput:
    location_id: strawberry.ID = strawberry.field(description="Whose inventory it is for.")
    year: int
    site_id: strawberry.ID | None = strawberry.field(
        default=None, description="The small office, under that location; null for the location itself."
    )
    category: str
    comparable_location_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Offices whose final inventories of the year before say what a person uses; none for a published"
        " figure.",
    )
    reason: str = strawberry.field(description="Why it was not measured.")
    idempotency_key: str


EstimateSmallOfficeResult = Annotated[SmallOfficeEstimate | Refusal, strawberry.union("EstimateSmallOfficeResult")]


@strawberry.type
class ProxyMutation:
    @strawberry.mutation(
        description="Put proxies for a source of an office of fewer than five into a draft (technical team). They give"
        " way as a whole when records of the source come in."
    )
    async def estimate_small_office(
        self,
        info: Info,
        input: EstimateSmallOfficeInput,  # noqa: A002 - GraphQL's name
    ) -> EstimateSmallOfficeResult:
        return await info.context.decide(
            access.ESTIMATE_SMALL_OFFICE,
            lambda tx, principal, now: usecases.estimate_small_office(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                site_id=input.site_id,
                category=input.category,
                comparable_ids=[str(code) for code in input.comparable_location_ids],
                reason=input.reason,
            ),
            request=input,
            to=SmallOfficeEstimate.of,
            once=Once(key=input.idempotency_key, again=usecases.small_office_estimate),
        )
