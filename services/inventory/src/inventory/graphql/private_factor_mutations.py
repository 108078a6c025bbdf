"""Mutation of factors that an entity has of its own."""

import strawberry

from chassis.graphql.edge import Info, Once
from inventory import access, usecases
from inventory.graphql.private_factors import AddPrivateFactorsInput, AddPrivateFactorsResult, PrivateFactorRelease
from inventory.store import private_factors

__all__ = ["PrivateFactorMutation"]


@strawberry.type
class PrivateFactorMutation:
    @strawberry.mutation(
        description="Load factors that a location has a licence for (technical team). They hold at it and under it,"
        " before public ones of the same place; no line that is there changes."
    )
    async def add_private_factors(
        self,
        info: Info,
        input: AddPrivateFactorsInput,  # noqa: A002 - GraphQL's name
    ) -> AddPrivateFactorsResult:
        return await info.context.decide(
            access.ADD_PRIVATE_FACTORS,
            lambda tx, principal, now: usecases.add_private_factors(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                name=input.name,
                publisher=input.publisher,
                licence=input.licence,
                licence_text=input.licence_text,
                file_name=input.file_name,
                content=input.content,
            ),
            request=input,
            to=PrivateFactorRelease.of,
            once=Once(key=input.idempotency_key, again=private_factors.by_id),
        )
