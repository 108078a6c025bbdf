"""Mutations of *inventory*."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry.scalars import Base64

from chassis import refusals
from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain import errors, location
from inventory.graphql.base_year_mutations import BaseYearMutation
from inventory.graphql.completeness_mutations import CompletenessMutation
from inventory.graphql.denominator_mutations import DenominatorMutation
from inventory.graphql.edition_adoption_mutations import EditionAdoptionMutation
from inventory.graphql.evidence_mutations import EvidenceMutation
from inventory.graphql.import_mutations import ImportMutation
from inventory.graphql.imports import ActivityImport, ImportRefused
from inventory.graphql.instrument_mutations import InstrumentMutation
from inventory.graphql.locations import FuelStock
from inventory.graphql.plausibility import SubmissionRefused
from inventory.graphql.plausibility_mutations import PlausibilityMutation
from inventory.graphql.premises_mutations import PremisesMutation
from inventory.graphql.private_factor_mutations import PrivateFactorMutation
from inventory.graphql.proxy_mutations import ProxyMutation
from inventory.graphql.register_mutations import RegisterMutation
from inventory.graphql.reporting_calendar_mutations import ReportingCalendarMutation
from inventory.graphql.types import Inventory, Location
from inventory.graphql.uncertainty_mutations import UncertaintyMutation
from inventory.graphql.version_mutations import VersionMutation, import_refused
from inventory.store import fuel_stocks, inventories

__all__ = ["Mutation"]


@strawberry.input
class RegisterLocationInput:
    id: strawberry.ID = strawberry.field(description="Its code, for ever.")
    name: str
    kind: str
    parent_id: strawberry.ID | None
    country: str | None = None
    city: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    grid: str | None = strawberry.field(default=None, description="Grid subregion, for the choice of factors.")
    valid_from: date
    valid_to: date | None = None
    source: str = strawberry.field(description="Where these facts are published.")


@strawberry.input
class RecordFuelStockInput:
    location_id: strawberry.ID
    fuel: str = strawberry.field(description="By its name in the catalogue of emission factors, such as diesel.")
    capacity: Decimal = strawberry.field(description="What the tanks hold when full.")
    stock: Decimal
    unit: str = strawberry.field(description="Of both: a volume or a mass.")
    as_of: date
    idempotency_key: str


@strawberry.input
class ImportActivityDataInput:
    location_id: strawberry.ID
    year: int
    file_name: str
    content: Base64 = strawberry.field(description="The CSV or XLSX file, in base64.")


@strawberry.input
class SubmitInventoryInput:
    location_id: strawberry.ID
    year: int
    missing_because: str | None = strawberry.field(
        default=None, description="Why expected sources are missing, in 20 characters or more; kept with the step."
    )
    idempotency_key: str


@strawberry.input
class ReturnInventoryInput:
    inventory_id: strawberry.ID
    reasons: str
    idempotency_key: str


@strawberry.input
class ApproveInventoryInput:
    inventory_id: strawberry.ID
    idempotency_key: str


RegisterLocationResult = Annotated[Location | Refusal, strawberry.union("RegisterLocationResult")]
RecordFuelStockResult = Annotated[FuelStock | Refusal, strawberry.union("RecordFuelStockResult")]
ImportActivityDataResult = Annotated[
    ActivityImport | ImportRefused | Refusal, strawberry.union("ImportActivityDataResult")
]
SubmitInventoryResult = Annotated[Inventory | SubmissionRefused | Refusal, strawberry.union("SubmitInventoryResult")]
ReturnInventoryResult = Annotated[Inventory | Refusal, strawberry.union("ReturnInventoryResult")]
ApproveInventoryResult = Annotated[Inventory | Refusal, strawberry.union("ApproveInventoryResult")]


def submission_refused(refusal: refusals.Refusal) -> SubmissionRefused | Refusal:
    return SubmissionRefused.of(refusal) if isinstance(refusal, errors.SubmissionRefused) else Refusal.of(refusal)


@strawberry.type
class Mutation(
    ImportMutation,
    RegisterMutation,
    VersionMutation,
    BaseYearMutation,
    InstrumentMutation,
    CompletenessMutation,
    UncertaintyMutation,
    PremisesMutation,
    ReportingCalendarMutation,
    DenominatorMutation,
    PlausibilityMutation,
    ProxyMutation,
    PrivateFactorMutation,
    EvidenceMutation,
    EditionAdoptionMutation,
):
    @strawberry.mutation(description="Enter a location into the register (central coordinator).")
    async def register_location(
        self,
        info: Info,
        input: RegisterLocationInput,  # noqa: A002 - GraphQL's name
    ) -> RegisterLocationResult:
        new = location.Location(
            id=input.id,
            name=input.name,
            kind=input.kind,
            parent_id=input.parent_id,
            country=input.country,
            city=input.city,
            latitude=input.latitude,
            longitude=input.longitude,
            grid=input.grid,
            valid_from=input.valid_from,
            valid_to=input.valid_to,
            source=input.source,
        )
        return await info.context.decide(
            access.REGISTER_LOCATION,
            lambda tx, principal, now: usecases.register_location(
                tx, principal=principal, now=now, location=new, root=info.context.root
            ),
            request=input,
            to=Location.of,
        )

    @strawberry.mutation(
        description="State what a site stores of a fuel on a day (technical team). Earlier statements stay."
    )
    async def record_fuel_stock(
        self,
        info: Info,
        input: RecordFuelStockInput,  # noqa: A002 - as above
    ) -> RecordFuelStockResult:
        return await info.context.decide(
            access.RECORD_FUEL_STOCK,
            lambda tx, principal, now: usecases.record_fuel_stock(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                fuel=input.fuel,
                capacity=input.capacity,
                stock=input.stock,
                unit=input.unit,
                as_of=input.as_of,
            ),
            request=input,
            to=FuelStock.of,
            once=Once(key=input.idempotency_key, again=fuel_stocks.by_id),
        )

    @strawberry.mutation(
        description="Take in a file of activity data, whole or not at all (technical team). Again, it changes nothing."
    )
    async def import_activity_data(
        self,
        info: Info,
        input: ImportActivityDataInput,  # noqa: A002 - as above
    ) -> ImportActivityDataResult:
        return await info.context.decide(
            access.IMPORT_ACTIVITY_DATA,
            lambda tx, principal, now: usecases.import_activity_data(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                file_name=input.file_name,
                content=input.content,
                vault=info.context.resources.vault,
            ),
            request=input,
            to=ActivityImport.of,
            refused=import_refused,
        )

    @strawberry.mutation(description="Hand the inventory to the local steering group (technical team).")
    async def submit_inventory(
        self,
        info: Info,
        input: SubmitInventoryInput,  # noqa: A002 - as above
    ) -> SubmitInventoryResult:
        return await info.context.decide(
            access.SUBMIT_INVENTORY,
            lambda tx, principal, now: usecases.submit_inventory(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                missing_because=input.missing_because,
            ),
            request=input,
            to=Inventory.of,
            refused=submission_refused,
            once=Once(key=input.idempotency_key, again=inventories.by_id),
        )

    @strawberry.mutation(description="Give the inventory back to the technical team, with reasons (steering group).")
    async def return_inventory(
        self,
        info: Info,
        input: ReturnInventoryInput,  # noqa: A002 - as above
    ) -> ReturnInventoryResult:
        return await info.context.decide(
            access.RETURN_INVENTORY,
            lambda tx, principal, now: usecases.return_inventory(
                tx, principal=principal, now=now, inventory_id=input.inventory_id, reasons=input.reasons
            ),
            request=input,
            to=Inventory.of,
            once=Once(key=input.idempotency_key, again=inventories.by_id),
        )

    @strawberry.mutation(description="Make the inventory final (steering group; not who submitted it).")
    async def approve_inventory(
        self,
        info: Info,
        input: ApproveInventoryInput,  # noqa: A002 - as above
    ) -> ApproveInventoryResult:
        return await info.context.decide(
            access.APPROVE_INVENTORY,
            lambda tx, principal, now: usecases.approve_inventory(
                tx, principal=principal, now=now, inventory_id=input.inventory_id
            ),
            request=input,
            to=Inventory.of,
            once=Once(key=input.idempotency_key, again=inventories.by_id),
        )
