"""Files of activity data, taken in whole or not at all, and quantified."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations as register
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access, catalogue, spreadsheet
from inventory.domain.activity_data import ActivityData
from inventory.domain.emission_factor import Place
from inventory.domain.errors import ImportRefused
from inventory.domain.inventory import Inventory, Line, State
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.quantification import Coefficient, multiply, resolve_coefficient
from inventory.domain.workbook import Reference, read_rows
from inventory.store import factors, inventories, locations, records
from inventory.store.records import ActivityImport
from quantities import GwpSet

__all__ = ["import_activity_data", "open_inventory", "take_in"]


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
        catalogue=await factors.catalogue_of(tx, inventory.factor_edition),
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
    first = Inventory(
        id=new_id(),
        location_id=location_id,
        year=year,
        version=1,
        state=State.DRAFT,
        steps=(),
        factor_edition=await factors.adopted_edition(tx),
    )
    if await inventories.add(tx, first, gwp_set=GWP_SET_NAME, by=principal.person, at=now):
        return first
    # Somebody opened it meanwhile.
    return await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)
