"""GraphQL types of shared premises: who is in them, what their meters say, and whose share of it is what."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory import usecases
from inventory.domain import premises as domain
from inventory.domain import premises_share, taken_share
from inventory.domain.premises_share import ShareKind
from inventory.store import premises as store
from inventory.store import taken_shares

__all__ = [
    "InventoryPremises",
    "LocationPremises",
    "MeterReading",
    "Premises",
    "PremisesShares",
    "TakenShare",
    "Tenancy",
]


@strawberry.type(description="What a tenant occupies of premises, for how much of the time, and when.")
class Tenancy:
    id: strawberry.ID
    premises_id: strawberry.ID
    tenant_id: strawberry.ID | None = strawberry.field(description="A location; null for a party outside the register.")
    outside_party: str | None = strawberry.field(description="Its share is in no inventory.")
    net_area: Quantity
    occupancy: Decimal = strawberry.field(description="Part of the time, above 0 and at most 1.")
    valid_from: date
    valid_to: date | None = strawberry.field(description="First day on which the tenant is no longer there.")
    replaces_id: strawberry.ID | None
    reason: str | None = strawberry.field(description="Why it replaces another one.")
    holds: bool = strawberry.field(description="False once another one replaced it.")
    set_by: str
    set_at: datetime

    @classmethod
    def of(cls, found: domain.Tenancy) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            premises_id=strawberry.ID(found.premises_id),
            tenant_id=None if found.tenant_id is None else strawberry.ID(found.tenant_id),
            outside_party=found.outside_party,
            net_area=Quantity.of(found.net_area_m2, "m2"),
            occupancy=found.occupancy,
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            replaces_id=None if found.replaces_id is None else strawberry.ID(found.replaces_id),
            reason=found.reason,
            holds=found.holds,
            set_by=found.set_by.name,
            set_at=found.set_at,
        )


@strawberry.type(description="What a meter of premises counted.")
class MeterReading:
    id: strawberry.ID
    premises_id: strawberry.ID
    meter: str
    utility: str
    category: str = strawberry.field(description="Of activity data.")
    item: str
    period_start: date
    period_end: date = strawberry.field(description="First day that no longer belongs to it.")
    amount: Quantity
    quality: str
    supersedes_id: strawberry.ID | None
    reason: str | None = strawberry.field(description="Why it supersedes another one.")
    holds: bool = strawberry.field(description="False once another one superseded it.")
    recorded_by: str
    recorded_at: datetime

    @classmethod
    def of(cls, found: domain.MeterReading) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            premises_id=strawberry.ID(found.premises_id),
            meter=found.meter,
            utility=found.utility.value,
            category=found.category.value,
            item=found.item,
            period_start=found.period.start,
            period_end=found.period.end,
            amount=Quantity.of(found.amount.value, found.amount.unit),
            quality=found.quality.value,
            supersedes_id=None if found.supersedes_id is None else strawberry.ID(found.supersedes_id),
            reason=found.reason,
            holds=found.holds,
            recorded_by=found.recorded_by.name,
            recorded_at=found.recorded_at,
        )


@strawberry.type(description="What one has of what a meter counted in a year.")
class MeterShare:
    reading_id: strawberry.ID
    meter: str
    category: str
    item: str
    kind: str = strawberry.field(
        description="tenant; operator: what no tenant has; excluded: of a party outside the register, in no inventory."
    )
    location_id: strawberry.ID | None = strawberry.field(description="In whose inventory it belongs.")
    outside_party: str | None
    period_start: date
    period_end: date = strawberry.field(description="First day that no longer belongs to it.")
    metered: Quantity = strawberry.field(description="What of the reading is of the year, by days.")
    numerator: Decimal = strawberry.field(description="Area by occupancy by days, in m2·day.")
    denominator: Decimal = strawberry.field(description="Gross area by days, in m2·day.")
    amount: Quantity

    @classmethod
    def of(cls, found: premises_share.Share) -> Self:
        reading = found.part.reading
        return cls(
            reading_id=strawberry.ID(reading.id),
            meter=reading.meter,
            category=reading.category.value,
            item=reading.item,
            kind=found.kind.value,
            location_id=None if found.location_id is None else strawberry.ID(found.location_id),
            outside_party=found.outside_party,
            period_start=found.period.start,
            period_end=found.period.end,
            metered=Quantity.of(found.part.amount, reading.amount.unit),
            numerator=found.numerator,
            denominator=found.denominator,
            amount=Quantity.of(found.amount, reading.amount.unit),
        )


@strawberry.type(description="A share of shared premises that is a record of an inventory, and what it rests on.")
class TakenShare:
    record_id: strawberry.ID = strawberry.field(description="The activity record that it is.")
    inventory_id: strawberry.ID
    premises_id: strawberry.ID
    reading_id: strawberry.ID
    location_id: strawberry.ID = strawberry.field(description="The tenant, or the operator.")
    kind: str = strawberry.field(description="tenant, or operator: what no tenant has.")
    category: str
    item: str
    period_start: date
    period_end: date = strawberry.field(description="First day that no longer belongs to it.")
    metered: Quantity = strawberry.field(description="What of the reading is of the inventory's year, by days.")
    numerator: Decimal = strawberry.field(description="Area by occupancy by days, in m2·day.")
    denominator: Decimal = strawberry.field(description="Gross area by days, in m2·day.")
    amount: Quantity
    taken_by: str
    taken_at: datetime
    found: strawberry.Private[taken_share.TakenShare]

    @classmethod
    def of(cls, found: taken_share.TakenShare) -> Self:
        return cls(
            record_id=strawberry.ID(str(found.record_id)),
            inventory_id=strawberry.ID(found.inventory_id),
            premises_id=strawberry.ID(found.premises_id),
            reading_id=strawberry.ID(found.reading_id),
            location_id=strawberry.ID(found.location_id),
            kind=found.kind.value,
            category=found.category.value,
            item=found.item,
            period_start=found.period.start,
            period_end=found.period.end,
            metered=Quantity.of(found.metered_amount, found.unit),
            numerator=found.numerator,
            denominator=found.denominator,
            amount=Quantity.of(found.amount, found.unit),
            taken_by=found.taken_by.name,
            taken_at=found.taken_at,
            found=found,
        )

    @strawberry.field(
        description="Its reading was superseded, or a tenancy replaced, since it was taken: take it again, in a"
        " correction where the inventory is final."
    )
    async def out_of_date(self, info: Info) -> bool:
        key = (self.found.premises_id, self.found.location_id, self.found.year)
        now: dict[str, premises_share.Share] = await info.context.loader(
            "current shares", usecases.current_shares_of
        ).load(key)
        return not self.found.is_current(now.get(self.found.reading_id))


@strawberry.type(description="Shares of premises of a year that are in inventories, as far as you see them.")
class PremisesShares:
    premises_id: strawberry.ID
    year: int
    shares: list[TakenShare]

    @classmethod
    def of(cls, found: usecases.PremisesShares) -> Self:
        return cls(
            premises_id=strawberry.ID(found.premises_id),
            year=found.year,
            shares=[TakenShare.of(item) for item in found.shares],
        )


@strawberry.type
class InventoryPremises:
    """Fields of an inventory about its shares of buildings."""

    id: strawberry.ID

    @strawberry.field(
        description="Records that are shares of shared premises, in the order in which they were taken. Those of fuel"
        " are for readers of sensitive data."
    )
    async def premises_shares(self, info: Info) -> list[TakenShare]:
        found: Sequence[taken_share.TakenShare] = await info.context.loader(
            "taken shares", taken_shares.of_inventories
        ).load(str(self.id))
        return [TakenShare.of(item) for item in found]


@strawberry.type(description="A building, or a part of one, that several tenants share and that is metered as a whole.")
class Premises:
    id: strawberry.ID
    operator_id: strawberry.ID = strawberry.field(description="Reads its meters, and reports what no tenant does.")
    name: str
    gross_area: Quantity
    valid_from: date
    valid_to: date | None = strawberry.field(description="First day on which they are no longer in use.")
    registered_by: str
    registered_at: datetime
    found: strawberry.Private[domain.Premises]

    @classmethod
    def of(cls, found: domain.Premises) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            operator_id=strawberry.ID(found.location_id),
            name=found.name,
            gross_area=Quantity.of(found.gross_area_m2, "m2"),
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            registered_by=found.registered_by.name,
            registered_at=found.registered_at,
            found=found,
        )

    @strawberry.field(
        description="In the order in which they were set, replaced ones too: all for who may read at the operator, and"
        " for a tenant its own."
    )
    async def tenancies(self, info: Info) -> list[Tenancy]:
        return [Tenancy.of(item) for item in await self._tenancies(info)]

    @strawberry.field(
        description="What its meters counted on days on which you had a part in it, in the order of recording;"
        " superseded ones too. Those of fuel are for readers of sensitive data."
    )
    async def readings(self, info: Info, first: int, after: str | None = None) -> Connection[MeterReading]:
        async def load(limit: int, after: str | None) -> Sequence[domain.MeterReading]:
            async with info.context.reading() as tx:
                return await store.readings_page(tx, premises_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=MeterReading.of, cursor=lambda row: row.id)

    @strawberry.field(
        description="Shares of what its meters counted in a year, as they stand: all for who may read at the operator,"
        " and for a tenant its own. They add up to what was metered, exactly."
    )
    async def shares(self, info: Info, year: int) -> list[MeterShare]:
        tenancies = await self._tenancies(info)
        # Others are in no calendar.
        if not date.min.year <= year < date.max.year:
            return []
        readings: Sequence[domain.MeterReading] = await info.context.loader(
            "readings of years", store.readings_of
        ).load((str(self.id), year))
        parts = [part for reading in readings for part in premises_share.by_year(reading) if part.year == year]
        everyones = await info.context.may_read(self.found.location_id)
        return [
            MeterShare.of(item)
            for part in parts
            for item in premises_share.share_out(part, self.found, tenancies)
            # Of the other tenants nothing is known, so neither is what is left.
            if everyones or item.kind is not ShareKind.OPERATOR
        ]

    async def _tenancies(self, info: Info) -> Sequence[domain.Tenancy]:
        found: Sequence[domain.Tenancy] = await info.context.loader("tenancies", store.tenancies_of).load(str(self.id))
        return found


@strawberry.type
class LocationPremises:
    """Fields of a location about the buildings that it shares."""

    id: strawberry.ID

    @strawberry.field(
        description="Shared premises that it operates, or is or was a tenant of, for who may read there; by id."
    )
    async def premises(self, info: Info, first: int, after: str | None = None) -> Connection[Premises]:
        async def load(limit: int, after: str | None) -> Sequence[domain.Premises]:
            async with info.context.reading() as tx:
                return await store.of_location(tx, location_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=Premises.of, cursor=lambda row: row.id)
