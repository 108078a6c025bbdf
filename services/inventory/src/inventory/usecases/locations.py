"""What is stated of locations: their entry into the register, the fuel that they store."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access as rights
from chassis import locations as register
from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access, outgoing
from inventory.domain.errors import LocationAlreadyRegistered
from inventory.domain.fuel_stock import FuelStock, fuel_stock_to_record, fuels_of
from inventory.domain.location import Location, location_to_register
from inventory.store import factors, fuel_stocks, locations

__all__ = ["record_fuel_stock", "register_location"]


async def register_location(
    tx: AsyncConnection, *, principal: Principal, now: datetime, location: Location, root: str
) -> Location:
    """Enter a location into the register; the same again changes nothing.

    Refuses, in this order: as `permitted` at the parent (the first location is the root, and needs the right at it);
    as `domain.location.location_to_register`; LocationAlreadyRegistered with other facts.
    """
    if location.parent_id is None:
        if location.id != root:
            raise NotFound(kind="parent of location", key=location.id)
        # The register does not have it yet: the right is looked up in the grants alone.
        at_root = register.Place(location_id=root, path=root)
        rights.require(principal, access.REGISTER_LOCATION, at_root, location_id=root)
    else:
        await permitted(tx, principal, access.REGISTER_LOCATION, location_id=location.parent_id)
    new = location_to_register(location)
    if await _is_registered(tx, new):
        return new
    place = await register.register(
        tx,
        location_id=new.id,
        name=new.name,
        kind=new.kind,
        parent_id=new.parent_id,
        country=new.country,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
    )
    if not await locations.add_detail(tx, new):
        # Somebody registered it meanwhile; with other facts, the refusal takes back what was added here.
        await _is_registered(tx, new)
        return new
    await outbox.add(tx, outgoing.location_registered(new, path=place.path), now=now)
    return new


async def _is_registered(tx: AsyncConnection, new: Location) -> bool:
    """Whether the register has exactly this location. Refuses: LocationAlreadyRegistered with other facts."""
    (existing,) = await locations.by_ids(tx, [new.id])
    if existing is not None and existing != new:
        raise LocationAlreadyRegistered(
            subject=new.id,
            found="a location under this code, with other facts",
            expected="a code that was never used",
            message=f"The code {new.id} belongs to another location.",
        )
    return existing is not None


async def record_fuel_stock(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    fuel: str,
    capacity: Decimal,
    stock: Decimal,
    unit: str,
    as_of: date,
) -> FuelStock:
    """State what a site stores of a fuel; nobody but its readers of sensitive data is told.

    Refuses: as `permitted`; as `domain.fuel_stock.fuel_stock_to_record`.
    """
    await permitted(tx, principal, access.RECORD_FUEL_STOCK, location_id=location_id)
    stated = fuel_stock_to_record(
        stock_id=new_id(),
        location_id=location_id,
        fuel=fuel,
        fuels=fuels_of(await factors.catalogue_of(tx, await factors.adopted_edition(tx))),
        capacity=capacity,
        stock=stock,
        unit=unit,
        as_of=as_of,
        by=principal.person,
        at=now,
    )
    await fuel_stocks.add(tx, stated)
    return stated
