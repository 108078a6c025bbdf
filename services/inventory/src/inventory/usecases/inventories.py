"""What *inventory* does: one plain function a verb. Check the right, load, decide, store, say what happened."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access as rights
from chassis import locations as register
from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access, catalogue, outgoing, spreadsheet
from inventory.domain import disclosure
from inventory.domain.activity_data import ActivityData
from inventory.domain.emission_factor import Place
from inventory.domain.errors import ImportRefused, LocationAlreadyRegistered, NothingToSubmit
from inventory.domain.fuel_stock import FuelStock, fuel_stock_to_record
from inventory.domain.inventory import Denominators, Inventory, Line, State, indicators
from inventory.domain.location import Location, LocationProfile, location_to_register
from inventory.domain.method import GWP_SET_NAME, named_indicators
from inventory.domain.quantification import Coefficient, multiply, resolve_coefficient
from inventory.domain.workbook import Reference, read_rows
from inventory.store import corrections, fuel_stocks, instruments, inventories, locations, records, scope2
from inventory.store.records import ActivityImport
from inventory.usecases.scope2 import worked_out
from quantities import GwpSet

__all__ = [
    "approve_inventory",
    "import_activity_data",
    "open_inventory",
    "record_fuel_stock",
    "register_location",
    "return_inventory",
    "set_location_profile",
    "submit_inventory",
    "take_in",
]


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


async def set_location_profile(
    tx: AsyncConnection, *, principal: Principal, now: datetime, profile: LocationProfile
) -> LocationProfile:
    """Denominators of a location and year. Refuses: as `permitted`."""
    await permitted(tx, principal, access.SET_LOCATION_PROFILE, location_id=profile.location_id)
    await locations.set_profile(tx, profile, by=principal.name, at=now)
    return profile


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
        fuels=catalogue.fuels(),
        capacity=capacity,
        stock=stock,
        unit=unit,
        as_of=as_of,
        by=principal.person,
        at=now,
    )
    await fuel_stocks.add(tx, stated)
    return stated


async def import_activity_data(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    file_name: str,
    content: bytes,
) -> ActivityImport:
    """Take in a file of activity data, whole or not at all, and quantify it. The same file again changes nothing.

    Refuses, in this order: as `permitted`; InventoryIsFinal or WrongState; as `spreadsheet.read_spreadsheet`;
    ImportRefused with every problem of every row.
    """
    await permitted(tx, principal, access.IMPORT_ACTIVITY_DATA, location_id=location_id)
    inventory = await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)
    content_hash = sha256(content).hexdigest()
    earlier = await records.import_by_hash(tx, inventory_id=inventory.id, content_hash=content_hash)
    if earlier is not None:
        return earlier
    inventory.require_accepts_data()
    return await take_in(
        tx,
        principal=principal,
        now=now,
        inventory=inventory,
        file_name=file_name,
        content=content,
        content_hash=content_hash,
    )


async def take_in(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    inventory: Inventory,
    file_name: str,
    content: bytes,
    content_hash: str,
) -> ActivityImport:
    """Lines of a file into an inventory that accepts data. Refuses: as `import_activity_data`, from the file on."""
    # open: a part of use cases that have asked for the right
    place = await register.place(tx, inventory.location_id)
    if place is None:
        raise NotFound(kind="location", key=inventory.location_id)
    places = await locations.places_under(tx, place.path)
    reference = Reference(
        places={code: Place(country=country, grid=grid) for code, (country, grid) in places.items()},
        year=inventory.year,
        catalogue=catalogue.emission_factors(),
        gwp_set=GwpSet.named(GWP_SET_NAME),
        airports=catalogue.airports(),
        airports_by_city=catalogue.airports_by_city(),
    )
    activities, problems = read_rows(spreadsheet.read_spreadsheet(content), reference=reference)
    if problems:
        raise ImportRefused(file_name=file_name, problems=problems)
    new = ActivityImport(
        id=new_id(),
        inventory_id=inventory.id,
        location_id=inventory.location_id,
        file_name=file_name,
        content_hash=content_hash,
        row_count=len(activities),
        imported_by=principal.person,
        imported_at=now,
    )
    await records.add_import(tx, new)
    await records.add_lines(tx, _quantified(activities, reference=reference), of=inventory, import_id=new.id)
    return new


def _quantified(activities: Sequence[ActivityData], *, reference: Reference) -> list[Line]:
    """Each activity with its emissions; one coefficient for each distinct question."""
    coefficients: dict[tuple[object, ...], Coefficient | None] = {}
    lines = []
    for activity in activities:
        place = reference.places[activity.location_id]
        question = (activity.category, activity.key, activity.amount.unit, place, activity.period)
        if question not in coefficients:
            coefficients[question] = resolve_coefficient(
                category=activity.category,
                key=activity.key,
                unit=activity.amount.unit,
                place=place,
                period=activity.period,
                catalogue=reference.catalogue,
                gwp_set=reference.gwp_set,
            )
        coefficient = coefficients[question]
        found = None if coefficient is None else multiply(coefficient, amount=activity.amount)
        lines.append(Line(activity=activity, quantification=found))
    return lines


async def open_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, location_id: str, year: int
) -> Inventory:
    """The newest version, or the first one when there is none yet."""
    newest = await inventories.newest_for_update(tx, location_id=location_id, year=year)
    if newest is not None:
        return newest
    first = Inventory(id=new_id(), location_id=location_id, year=year, version=1, state=State.DRAFT, steps=())
    if await inventories.add(tx, first, gwp_set=GWP_SET_NAME, by=principal.person, at=now):
        return first
    # Somebody opened it meanwhile.
    return await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)


async def submit_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, location_id: str, year: int
) -> Inventory:
    """Hand the inventory to the local steering group.

    Refuses: as `permitted`; NothingToSubmit; as `Inventory.submit`.
    """
    await permitted(tx, principal, access.SUBMIT_INVENTORY, location_id=location_id)
    newest = await inventories.newest_for_update(tx, location_id=location_id, year=year)
    if newest is None:
        raise NothingToSubmit(
            subject=f"{location_id} {year}",
            found="no inventory",
            expected="one with activity data",
            message=f"There is no inventory of {location_id} for {year}; import activity data first.",
        )
    count = await inventories.record_count(tx, newest.id)
    submitted = newest.submit(by=principal.person, at=now, record_count=count)
    await inventories.save_step(tx, submitted)
    await outbox.add(tx, outgoing.inventory_submitted(submitted), now=now)
    return submitted


async def return_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, inventory_id: str, reasons: str
) -> Inventory:
    """Give it back with reasons. Refuses: NotFound; as `permitted`; as `Inventory.return_`."""
    submitted = await _inventory(tx, inventory_id)
    await permitted(tx, principal, access.RETURN_INVENTORY, location_id=submitted.location_id)
    returned = submitted.return_(by=principal.person, at=now, reasons=reasons)
    await inventories.save_step(tx, returned)
    return returned


async def approve_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, inventory_id: str
) -> Inventory:
    """Make it final, with its indicators and its scope 2 by the market.

    Refuses: NotFound; as `permitted`; as `Inventory.approve`.
    """
    submitted = await _inventory(tx, inventory_id)
    await permitted(tx, principal, access.APPROVE_INVENTORY, location_id=submitted.location_id)
    entered_by = [
        *await corrections.enterers(tx, inventory_id),
        *await instruments.people(tx, location_id=submitted.location_id, year=submitted.year),
    ]
    final = submitted.approve(by=principal.person, at=now, entered_by=entered_by)
    market = await worked_out(tx, [submitted])
    await scope2.freeze(tx, submitted, market[submitted.id])
    (totals,) = await inventories.totals_of(tx, [final.id])
    profile = await locations.profile_of(tx, location_id=final.location_id, year=final.year)
    found = indicators(
        await inventories.amounts(tx, final.id),
        totals=totals,
        by=Denominators(
            floor_area_m2=profile.floor_area_m2 if profile else None, personnel=profile.personnel if profile else None
        ),
    )
    named = named_indicators(found, totals=totals)
    # An event is read by many: it says what is open to all.
    told = disclosure.open_to_all(named, sites=await inventories.sites_by_category(tx, final.id))
    await inventories.add_indicators(tx, final, named, open_to_all=told)
    await inventories.add_sites(tx, final)
    await inventories.save_step(tx, final)
    await outbox.add(tx, outgoing.inventory_finalised(final, totals=totals, indicators=told), now=now)
    return final


async def _inventory(tx: AsyncConnection, inventory_id: str) -> Inventory:
    found = await inventories.for_update(tx, inventory_id)
    if found is None:
        raise NotFound(kind="inventory", key=inventory_id)
    return found
