"""Mutations of shared premises."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain.activity_data import DataQuality
from inventory.domain.premises import Utility
from inventory.graphql.imports import ImportRefused
from inventory.graphql.premises import MeterReading, Premises, PremisesShares, Tenancy
from inventory.graphql.version_mutations import import_refused
from inventory.store import premises as store

__all__ = ["PremisesMutation"]

strawberry.enum(Utility, name="Utility", description="What a meter of a building measures.")
strawberry.enum(DataQuality, name="DataQuality", description="How an amount came to be known.")


@strawberry.input
class RegisterPremisesInput:
    location_id: strawberry.ID = strawberry.field(description="Who operates them.")
    name: str
    gross_area_m2: Decimal = strawberry.field(description="What the meters serve: let, common and vacant space.")
    valid_from: date
    valid_to: date | None = strawberry.field(default=None, description="First day on which they are no longer in use.")
    idempotency_key: str


@strawberry.input
class SetTenancyInput:
    premises_id: strawberry.ID
    tenant_id: strawberry.ID | None = strawberry.field(default=None, description="A location of the register; or")
    outside_party: str | None = strawberry.field(
        default=None, description="the name of a party outside it, whose share is in no inventory."
    )
    net_area_m2: Decimal = strawberry.field(description="0 where the tenancy that it replaces never was.")
    occupancy: Decimal = strawberry.field(
        default=Decimal(1), description="Part of the time in which the space is the tenant's, above 0 and at most 1."
    )
    valid_from: date
    valid_to: date | None = strawberry.field(
        default=None, description="First day on which the tenant is no longer there."
    )
    replaces_id: strawberry.ID | None = strawberry.field(
        default=None, description="The tenancy that has changed, or was wrong; it holds no more."
    )
    reason: str | None = strawberry.field(default=None, description="Why it replaces another one.")
    idempotency_key: str


@strawberry.input
class RecordMeterReadingInput:
    premises_id: strawberry.ID
    meter: str = strawberry.field(description="As it is called there, such as its serial number.")
    utility: Utility
    item: str | None = strawberry.field(
        default=None, description="Fuel, source of water, heat or steam, as in activity data; not for electricity."
    )
    period_start: date
    period_end: date = strawberry.field(description="First day that no longer belongs to it.")
    amount: Decimal
    unit: str
    quality: DataQuality = DataQuality.MEASURED
    supersedes_id: strawberry.ID | None = strawberry.field(
        default=None, description="The reading that was wrong; it holds no more."
    )
    reason: str | None = strawberry.field(default=None, description="Why it supersedes another one.")
    idempotency_key: str


@strawberry.input
class TakePremisesShareInput:
    premises_id: strawberry.ID
    year: int
    location_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A tenant, or the operator; null for all of them at which you may enter data.",
    )
    inventory_of: strawberry.ID | None = strawberry.field(
        default=None, description="The location, at or above it, whose inventory the shares go into; null for its own."
    )
    idempotency_key: str


RegisterPremisesResult = Annotated[Premises | Refusal, strawberry.union("RegisterPremisesResult")]
SetTenancyResult = Annotated[Tenancy | Refusal, strawberry.union("SetTenancyResult")]
RecordMeterReadingResult = Annotated[MeterReading | Refusal, strawberry.union("RecordMeterReadingResult")]
TakePremisesShareResult = Annotated[
    PremisesShares | ImportRefused | Refusal, strawberry.union("TakePremisesShareResult")
]


@strawberry.type
class PremisesMutation:
    @strawberry.mutation(description="Enter premises that a location operates and several share (technical team).")
    async def register_premises(
        self,
        info: Info,
        input: RegisterPremisesInput,  # noqa: A002 - GraphQL's name
    ) -> RegisterPremisesResult:
        return await info.context.decide(
            access.REGISTER_PREMISES,
            lambda tx, principal, now: usecases.register_premises(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                name=input.name,
                gross_area_m2=input.gross_area_m2,
                valid_from=input.valid_from,
                valid_to=input.valid_to,
            ),
            request=input,
            to=Premises.of,
            once=Once(key=input.idempotency_key, again=store.known),
        )

    @strawberry.mutation(
        description="State who occupies what of premises, and when (technical team of their operator). Tenants never"
        " occupy more than there is."
    )
    async def set_tenancy(
        self,
        info: Info,
        input: SetTenancyInput,  # noqa: A002 - as above
    ) -> SetTenancyResult:
        return await info.context.decide(
            access.SET_TENANCY,
            lambda tx, principal, now: usecases.set_tenancy(
                tx,
                principal=principal,
                now=now,
                premises_id=input.premises_id,
                tenant_id=input.tenant_id,
                outside_party=input.outside_party,
                net_area_m2=input.net_area_m2,
                occupancy=input.occupancy,
                valid_from=input.valid_from,
                valid_to=input.valid_to,
                replaces_id=input.replaces_id,
                reason=input.reason,
            ),
            request=input,
            to=Tenancy.of,
            once=Once(key=input.idempotency_key, again=store.known_tenancy),
        )

    @strawberry.mutation(
        description="State what a meter of premises counted (technical team of their operator). A wrong reading is"
        " superseded by a new one, with a reason."
    )
    async def record_meter_reading(
        self,
        info: Info,
        input: RecordMeterReadingInput,  # noqa: A002 - as above
    ) -> RecordMeterReadingResult:
        return await info.context.decide(
            access.RECORD_METER_READING,
            lambda tx, principal, now: usecases.record_meter_reading(
                tx,
                principal=principal,
                now=now,
                premises_id=input.premises_id,
                meter=input.meter,
                utility=input.utility,
                item=input.item,
                start=input.period_start,
                end=input.period_end,
                amount=input.amount,
                unit=input.unit,
                quality=input.quality,
                supersedes_id=input.supersedes_id,
                reason=input.reason,
            ),
            request=input,
            to=MeterReading.of,
            once=Once(key=input.idempotency_key, again=store.known_reading),
        )

    @strawberry.mutation(
        description="Put shares of what meters of premises counted in a year into draft inventories (technical team of"
        " the tenant, or of the operator). A share is in an inventory once; one that is out of date is replaced."
    )
    async def take_premises_share(
        self,
        info: Info,
        input: TakePremisesShareInput,  # noqa: A002 - as above
    ) -> TakePremisesShareResult:
        return await info.context.decide(
            access.TAKE_PREMISES_SHARE,
            lambda tx, principal, now: usecases.take_premises_share(
                tx,
                principal=principal,
                now=now,
                premises_id=input.premises_id,
                year=input.year,
                location_id=input.location_id,
                inventory_of=input.inventory_of,
            ),
            request=input,
            to=PremisesShares.of,
            refused=import_refused,
            once=Once(key=input.idempotency_key, again=usecases.premises_shares),
        )
