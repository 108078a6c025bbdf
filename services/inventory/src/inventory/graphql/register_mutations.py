"""Mutations of what becomes of locations."""

from datetime import date
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.graphql.location_changes import LocationChange
from inventory.store import locations

__all__ = ["RegisterMutation"]


@strawberry.input
class MoveLocationInput:
    location_id: strawberry.ID
    parent_id: strawberry.ID = strawberry.field(description="What it is to be directly under.")
    on: date = strawberry.field(description="First day under the new parent.")
    reason: str
    idempotency_key: str


@strawberry.input
class CloseLocationInput:
    location_id: strawberry.ID
    on: date = strawberry.field(description="First day on which it is no longer a location.")
    merged_into_id: strawberry.ID | None = strawberry.field(
        default=None, description="The location that takes it in, with its history; it is under it from then on."
    )
    handed_over_to: str | None = strawberry.field(
        default=None, description="Who takes it over, outside the Secretariat."
    )
    reason: str
    idempotency_key: str


MoveLocationResult = Annotated[LocationChange | Refusal, strawberry.union("MoveLocationResult")]
CloseLocationResult = Annotated[LocationChange | Refusal, strawberry.union("CloseLocationResult")]


@strawberry.type
class RegisterMutation:
    @strawberry.mutation(
        description="Put a location, with all below it, under another parent (central coordinator). Figures of earlier"
        " years stay with the tree as it was."
    )
    async def move_location(
        self,
        info: Info,
        input: MoveLocationInput,  # noqa: A002 - GraphQL's name
    ) -> MoveLocationResult:
        return await info.context.decide(
            access.MOVE_LOCATION,
            lambda tx, principal, now: usecases.move_location(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                parent_id=input.parent_id,
                on=input.on,
                reason=input.reason,
            ),
            request=input,
            to=LocationChange.of,
            once=Once(key=input.idempotency_key, again=locations.change_by_id),
        )

    @strawberry.mutation(
        description="End a location: closed, merged into another one, or handed over (central coordinator). Its history"
        " stays."
    )
    async def close_location(
        self,
        info: Info,
        input: CloseLocationInput,  # noqa: A002 - as above
    ) -> CloseLocationResult:
        return await info.context.decide(
            access.CLOSE_LOCATION,
            lambda tx, principal, now: usecases.close_location(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                merged_into_id=input.merged_into_id,
                handed_over_to=input.handed_over_to,
                on=input.on,
                reason=input.reason,
            ),
            request=input,
            to=LocationChange.of,
            once=Once(key=input.idempotency_key, again=locations.change_by_id),
        )
