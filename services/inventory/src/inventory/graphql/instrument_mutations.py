"""Mutations of instruments for electricity."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain.instrument import InstrumentKind
from inventory.graphql.scope2 import Instrument
from inventory.store import instruments

__all__ = ["InstrumentMutation"]


strawberry.enum(InstrumentKind, name="InstrumentKind", description="What was bought.")


@strawberry.input
class RecordInstrumentInput:
    location_id: strawberry.ID = strawberry.field(
        description="Whose inventory it is for: it covers this location and all under it."
    )
    year: int = strawberry.field(description="Of generation, and of the use that it covers.")
    kind: InstrumentKind
    market: str = strawberry.field(description="Country (ISO 3166-1 alpha-3) or grid whose electricity it is of.")
    source: str = strawberry.field(description="solar, wind, hydro, biomass, geothermal, nuclear, fossil or mixed.")
    amount: Decimal
    unit: str = strawberry.field(description="kWh, MWh or another unit of electricity.")
    co2e_kg_per_kwh: Decimal = strawberry.field(description="The emission rate that it conveys.")
    reference: str = strawberry.field(
        description="Of the certificate, contract or tariff; in a year, one instrument alone has it."
    )
    redeemed_on: date = strawberry.field(description="When it was redeemed, retired or delivered for this entity.")
    evidence: str = strawberry.field(
        description="The document that shows the claim, and that it is this entity's alone."
    )
    idempotency_key: str


@strawberry.input
class CancelInstrumentInput:
    instrument_id: strawberry.ID
    reason: str
    idempotency_key: str


RecordInstrumentResult = Annotated[Instrument | Refusal, strawberry.union("RecordInstrumentResult")]
CancelInstrumentResult = Annotated[Instrument | Refusal, strawberry.union("CancelInstrumentResult")]


@strawberry.type
class InstrumentMutation:
    @strawberry.mutation(
        description="State an instrument for electricity that fulfils the scope 2 quality criteria (technical team)."
    )
    async def record_instrument(
        self,
        info: Info,
        input: RecordInstrumentInput,  # noqa: A002 - GraphQL's name
    ) -> RecordInstrumentResult:
        return await info.context.decide(
            access.RECORD_INSTRUMENT,
            lambda tx, principal, now: usecases.record_instrument(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                kind=input.kind,
                market=input.market,
                source=input.source,
                amount=input.amount,
                unit=input.unit,
                co2e_kg_per_kwh=input.co2e_kg_per_kwh,
                reference=input.reference,
                redeemed_on=input.redeemed_on,
                evidence=input.evidence,
            ),
            request=input,
            to=Instrument.of,
            once=Once(key=input.idempotency_key, again=instruments.by_id),
        )

    @strawberry.mutation(
        description="Take an instrument back by a correcting entry (technical team). Final versions keep their figure."
    )
    async def cancel_instrument(
        self,
        info: Info,
        input: CancelInstrumentInput,  # noqa: A002 - as above
    ) -> CancelInstrumentResult:
        return await info.context.decide(
            access.CANCEL_INSTRUMENT,
            lambda tx, principal, now: usecases.cancel_instrument(
                tx, principal=principal, now=now, instrument_id=input.instrument_id, reason=input.reason
            ),
            request=input,
            to=Instrument.of,
            once=Once(key=input.idempotency_key, again=instruments.by_id),
        )
