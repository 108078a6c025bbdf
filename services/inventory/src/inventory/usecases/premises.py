"""Shared premises: registered, let, and metered by who operates them."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations as register
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from contracts.access import Capability
from inventory import access
from inventory.domain.activity_data import DataQuality
from inventory.domain.categories import Items
from inventory.domain.errors import PremisesAlreadyRegistered
from inventory.domain.premises import (
    CATEGORY_BY_UTILITY,
    MeterReading,
    Premises,
    Tenancy,
    Utility,
    form_of_utility,
    premises_to_register,
    reading_to_record,
    tenancy_to_set,
)
from inventory.store import factors
from inventory.store import premises as store

__all__ = ["record_meter_reading", "register_premises", "set_tenancy"]


async def register_premises(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    name: str,
    gross_area_m2: Decimal,
    valid_from: date,
    valid_to: date | None,
) -> Premises:
    """Enter premises that the location operates.

    Refuses, in this order: as `permitted`; as `domain.premises.premises_to_register`; PremisesAlreadyRegistered.
    """
    await permitted(tx, principal, access.REGISTER_PREMISES, location_id=location_id)
    new = premises_to_register(
        premises_id=new_id(),
        location_id=location_id,
        name=name,
        gross_area_m2=gross_area_m2,
        valid_from=valid_from,
        valid_to=valid_to,
        by=principal.person,
        at=now,
    )
    if not await store.add(tx, new):
        raise PremisesAlreadyRegistered(
            subject=new.name,
            found="premises of that name",
            expected="a name that no other premises of the location have",
            message=f"{location_id} operates premises called {new.name} already.",
        )
    return new


async def set_tenancy(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    premises_id: str,
    tenant_id: str | None,
    outside_party: str | None,
    net_area_m2: Decimal,
    occupancy: Decimal,
    valid_from: date,
    valid_to: date | None,
    replaces_id: str | None,
    reason: str | None,
) -> Tenancy:
    """State who occupies what of premises, and when; a tenancy that has changed, or was wrong, is replaced.

    Refuses, in this order: NotFound for premises; as `permitted` at their operator; NotFound for a tenancy to replace
    that they don't have, or a tenant that the register does not have; as `domain.premises.tenancy_to_set`.
    """
    of = await _premises(tx, principal, access.SET_TENANCY, premises_id)
    replaced = None
    if replaces_id is not None:
        replaced = await store.tenancy_by_id(tx, replaces_id)
        if replaced is None or replaced.premises_id != of.id:
            raise NotFound(kind="tenancy", key=replaces_id)
    if tenant_id is not None and await register.place(tx, tenant_id) is None:
        raise NotFound(kind="location", key=tenant_id)
    (others,) = await store.tenancies_of(tx, [of.id])
    new = tenancy_to_set(
        of,
        tenancy_id=new_id(),
        others=others,
        replaced=replaced,
        tenant_id=tenant_id,
        outside_party=outside_party,
        net_area_m2=net_area_m2,
        occupancy=occupancy,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await store.add_tenancy(tx, new, of=of)
    return new


async def record_meter_reading(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    premises_id: str,
    meter: str,
    utility: Utility,
    item: str | None,
    start: date,
    end: date,
    amount: Decimal,
    unit: str,
    quality: DataQuality,
    supersedes_id: str | None,
    reason: str | None,
) -> MeterReading:
    """State what a meter counted; a reading that was wrong is superseded by another one.

    Refuses, in this order: NotFound for premises; as `permitted` at their operator; NotFound for a reading to supersede
    that they don't have; as `domain.premises.reading_to_record`.
    """
    of = await _premises(tx, principal, access.RECORD_METER_READING, premises_id)
    superseded = None
    if supersedes_id is not None:
        superseded = await store.reading_by_id(tx, supersedes_id)
        if superseded is None or superseded.premises_id != of.id:
            raise NotFound(kind="meter reading", key=supersedes_id)
    new = reading_to_record(
        of,
        reading_id=new_id(),
        of_meter=await store.readings_of_meter(tx, premises_id=of.id, meter=" ".join(meter.split())),
        superseded=superseded,
        meter=meter,
        utility=utility,
        item=item,
        items=await _items(tx, utility),
        start=start,
        end=end,
        amount=amount,
        unit=unit,
        quality=quality,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await store.add_reading(tx, new, of=of)
    return new


async def _items(tx: AsyncConnection, utility: Utility) -> Collection[str]:
    form = form_of_utility(utility)
    if isinstance(form.items, Items):
        catalogue = await factors.catalogue_of(tx, await factors.adopted_edition(tx))
        return catalogue.keys(CATEGORY_BY_UTILITY[utility])
    return form.items


async def _premises(tx: AsyncConnection, principal: Principal, capability: Capability, key: str) -> Premises:
    """Those premises, under lock, where the principal may do this at their operator."""
    found = await store.by_id(tx, key)
    if found is None:
        raise NotFound(kind="premises", key=key)
    await permitted(tx, principal, capability, location_id=found.location_id)
    await store.lock(tx, found.id)
    return found
