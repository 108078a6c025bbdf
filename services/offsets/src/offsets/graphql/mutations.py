"""Mutations of *offsets*. All move credits, money or state: each takes an idempotency key."""

from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from offsets import access, usecases
from offsets.graphql.scalars import SerialNumber
from offsets.graphql.types import CreditBatch, Purchase, Retirement

__all__ = ["Mutation"]


@strawberry.input
class RequestPurchaseInput:
    location_id: strawberry.ID
    year: int = strawberry.field(description="Reporting year that the credits are for.")
    tonnes: int = strawberry.field(description="tCO2e, whole.")
    justification: str
    idempotency_key: str


@strawberry.input
class ApprovePurchaseInput:
    purchase_id: strawberry.ID
    idempotency_key: str


@strawberry.input
class RefusePurchaseInput:
    purchase_id: strawberry.ID
    reason: str
    idempotency_key: str


@strawberry.input
class RecordDeliveryInput:
    purchase_id: strawberry.ID
    registry: str
    project: str
    vintage: int = strawberry.field(description="Year in which the reduction took place.")
    serial_first: SerialNumber
    serial_last: SerialNumber = strawberry.field(description="Inclusive: one serial for each approved tonne.")
    price_per_tonne: Decimal
    currency: str = strawberry.field(description="ISO 4217")
    idempotency_key: str


@strawberry.input
class RetireCreditsInput:
    location_id: strawberry.ID = strawberry.field(description="The batch's location or one under it.")
    year: int
    batch_id: strawberry.ID
    tonnes: int = strawberry.field(description="tCO2e, whole; the lowest free serials are taken.")
    idempotency_key: str


RequestPurchaseResult = Annotated[Purchase | Refusal, strawberry.union("RequestPurchaseResult")]
ApprovePurchaseResult = Annotated[Purchase | Refusal, strawberry.union("ApprovePurchaseResult")]
RefusePurchaseResult = Annotated[Purchase | Refusal, strawberry.union("RefusePurchaseResult")]
RecordDeliveryResult = Annotated[CreditBatch | Refusal, strawberry.union("RecordDeliveryResult")]
RetireCreditsResult = Annotated[Retirement | Refusal, strawberry.union("RetireCreditsResult")]


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Ask for credits for a location and year.")
    async def request_purchase(
        self,
        info: Info,
        input: RequestPurchaseInput,  # noqa: A002 - GraphQL's name
    ) -> RequestPurchaseResult:
        return await info.context.decide(
            access.REQUEST_PURCHASE,
            lambda tx, principal, now: usecases.request_purchase(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                tonnes=input.tonnes,
                justification=input.justification,
            ),
            request=input,
            to=Purchase.of,
            once=Once(key=input.idempotency_key, again=usecases.purchase_by_id),
        )

    @strawberry.mutation(description="Let a purchase go ahead (approver; not who requested it).")
    async def approve_purchase(
        self,
        info: Info,
        input: ApprovePurchaseInput,  # noqa: A002 - as above
    ) -> ApprovePurchaseResult:
        return await info.context.decide(
            access.APPROVE_PURCHASE,
            lambda tx, principal, now: usecases.approve_purchase(
                tx, principal=principal, now=now, purchase_id=input.purchase_id
            ),
            request=input,
            to=Purchase.of,
            once=Once(key=input.idempotency_key, again=usecases.purchase_by_id),
        )

    @strawberry.mutation(description="End a purchase, saying why (approver; not who requested it).")
    async def refuse_purchase(
        self,
        info: Info,
        input: RefusePurchaseInput,  # noqa: A002 - as above
    ) -> RefusePurchaseResult:
        return await info.context.decide(
            access.REFUSE_PURCHASE,
            lambda tx, principal, now: usecases.refuse_purchase(
                tx, principal=principal, now=now, purchase_id=input.purchase_id, reason=input.reason
            ),
            request=input,
            to=Purchase.of,
            once=Once(key=input.idempotency_key, again=usecases.purchase_by_id),
        )

    @strawberry.mutation(
        description="Enter what was bought into the ledger (procurement; neither who requested nor who approved it)."
    )
    async def record_delivery(
        self,
        info: Info,
        input: RecordDeliveryInput,  # noqa: A002 - as above
    ) -> RecordDeliveryResult:
        return await info.context.decide(
            access.RECORD_DELIVERY,
            lambda tx, principal, now: usecases.record_delivery(
                tx,
                principal=principal,
                now=now,
                purchase_id=input.purchase_id,
                registry=input.registry,
                project=input.project,
                vintage=input.vintage,
                serial_first=input.serial_first,
                serial_last=input.serial_last,
                price_per_tonne=input.price_per_tonne,
                currency=input.currency,
            ),
            request=input,
            to=CreditBatch.of,
            once=Once(key=input.idempotency_key, again=usecases.batch_by_id),
        )

    @strawberry.mutation(
        description="Take serials out of circulation for ever, for a location and year with a final inventory"
        " (certifying officer; nobody who took a step of the purchase). A neutrality statement follows."
    )
    async def retire_credits(
        self,
        info: Info,
        input: RetireCreditsInput,  # noqa: A002 - as above
    ) -> RetireCreditsResult:
        return await info.context.decide(
            access.RETIRE_CREDITS,
            lambda tx, principal, now: usecases.retire_credits(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                batch_id=input.batch_id,
                tonnes=input.tonnes,
            ),
            request=input,
            to=Retirement.of,
            once=Once(key=input.idempotency_key, again=usecases.retirement_by_id),
        )
