"""Instruments for electricity are recorded, and taken back by a cancellation."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access
from inventory.domain.errors import InstrumentAlreadyClaimed
from inventory.domain.instrument import Instrument, InstrumentKind, instrument_to_record
from inventory.store import instruments, inventories, locations
from inventory.usecases.imports import open_inventory

__all__ = ["cancel_instrument", "record_instrument"]


async def record_instrument(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    kind: InstrumentKind,
    market: str,
    source: str,
    amount: Decimal,
    unit: str,
    co2e_kg_per_kwh: Decimal,
    reference: str,
    redeemed_on: date,
    evidence: str,
) -> Instrument:
    """State an instrument that covers what a location and all under it took from the grid in a year.

    Refuses, in this order: as `permitted`; InventoryYearOutOfRange; InventoryIsFinal or WrongState; as
    `domain.instrument.instrument_to_record`; InstrumentAlreadyClaimed.
    """
    place = await permitted(tx, principal, access.RECORD_INSTRUMENT, location_id=location_id)
    inventory = await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)
    inventory.require_accepts_data()
    places = await locations.places_under(tx, place.path)
    new = instrument_to_record(
        instrument_id=new_id(),
        location_id=location_id,
        markets={market for place in places.values() for market in place if market},
        year=year,
        kind=kind,
        market=market,
        source=source,
        amount=amount,
        unit=unit,
        co2e_kg_per_kwh=co2e_kg_per_kwh,
        reference=reference,
        redeemed_on=redeemed_on,
        evidence=evidence,
        by=principal.person,
        at=now,
    )
    if not await instruments.add(tx, new):
        raise InstrumentAlreadyClaimed(
            subject=new.reference,
            found=f"an instrument with this reference for {year}",
            expected="a reference that no other instrument has that year",
            message=f"The reference {new.reference} is claimed already for {year}; an instrument carries one claim.",
        )
    return new


async def cancel_instrument(
    tx: AsyncConnection, *, principal: Principal, now: datetime, instrument_id: str, reason: str
) -> Instrument:
    """Take an instrument back by a correcting entry. Final inventories keep the figure that they had with it.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; as `Instrument.cancel`.
    """
    found = await instruments.for_update(tx, instrument_id)
    if found is None:
        raise NotFound(kind="instrument", key=instrument_id)
    await permitted(tx, principal, access.CANCEL_INSTRUMENT, location_id=found.location_id)
    newest = await inventories.newest_for_update(tx, location_id=found.location_id, year=found.year)
    if newest is not None:
        newest.require_accepts_data()
    taken_back = found.cancel(reason=reason, by=principal.person, at=now)
    if taken_back.cancelled is not None:
        await instruments.save_cancellation(tx, taken_back, taken_back.cancelled)
    return taken_back
