"""Files of activity data, taken in whole or not at all, and quantified."""

import asyncio
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations as register
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access, catalogue, spreadsheet
from inventory.domain.checked_file import Checked
from inventory.domain.errors import ImportRefused
from inventory.domain.inventory import Inventory, State, require_year
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.overlap import overlap_with
from inventory.domain.taken_share import counted_twice
from inventory.domain.workbook import Reference
from inventory.importing import check
from inventory.store import factors, inventories, lines, records, taken_shares
from inventory.store.records import ActivityImport
from inventory.usecases.evidence import keep_import
from inventory.usecases.factors import factors_for
from inventory.usecases.proxy_lines import give_way
from inventory.vault import Vault
from quantities import GwpSet

__all__ = ["import_activity_data", "open_inventory", "reference_for", "take_in"]


async def import_activity_data(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    file_name: str,
    content: bytes,
    vault: Vault,
) -> ActivityImport:
    """Take in a file of activity data, whole or not at all, and quantify it. The same file again changes nothing.

    The file is kept as evidence of the import.

    Refuses, in this order: as `permitted`; InventoryYearOutOfRange; InventoryIsFinal or WrongState; as
    `spreadsheet.open_sheets`; ImportRefused with every problem of every row.
    """
    await permitted(tx, principal, access.IMPORT_ACTIVITY_DATA, location_id=location_id)
    inventory = await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)
    content_hash = sha256(content).hexdigest()
    earlier = await records.import_by_hash(tx, inventory_id=inventory.id, content_hash=content_hash)
    if earlier is not None:
        return earlier
    inventory.require_accepts_data()
    taken = await take_in(
        tx,
        principal=principal,
        now=now,
        inventory=inventory,
        file_name=file_name,
        content=content,
        content_hash=content_hash,
    )
    await keep_import(tx, vault=vault, taken=taken, content=content)
    return taken


async def take_in(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    inventory: Inventory,
    file_name: str,
    content: bytes,
    content_hash: str,
    limits: spreadsheet.Limits = spreadsheet.DEFAULT_LIMITS,
    are_shares: bool = False,
) -> ActivityImport:
    """Lines of a file into an inventory that accepts data. Refuses: as `import_activity_data`, from the file on."""
    # open: a part of use cases that have asked for the right
    place = await register.place(tx, inventory.location_id)
    if place is None:
        raise NotFound(kind="location", key=inventory.location_id)
    reference = await reference_for(tx, place=place, inventory=inventory)
    # Others are answered meanwhile.
    checked = await asyncio.to_thread(
        lambda: check(spreadsheet.open_sheets(content, limits=limits), reference=reference)
    )
    await refuse_overlaps(tx, checked, inventory=inventory, are_shares=are_shares)
    if checked.problems:
        raise ImportRefused(file_name=file_name, problems=checked.problems)
    new = ActivityImport(
        id=new_id(),
        inventory_id=inventory.id,
        location_id=inventory.location_id,
        file_name=file_name,
        content_hash=content_hash,
        row_count=len(checked.lines),
        imported_by=principal.person,
        imported_at=now,
    )
    await records.add_import(tx, new)
    await lines.add_checked(tx, checked, of=inventory, import_id=new.id)
    await give_way(tx, by=principal.person, now=now, draft=inventory, import_id=new.id, file_name=new.file_name)
    return new


async def refuse_overlaps(
    tx: AsyncConnection, checked: Checked, *, inventory: Inventory, are_shares: bool = False, but: str = ""
) -> None:
    """Take out of the file what is of the same days of a meter as a line, or a share, that the inventory has.

    Lines of the import `but` are those of the file itself.
    """
    # open: a part of use cases that have asked for the right
    found = await lines.stored_overlaps(tx, checked.readings(), inventory_id=inventory.id, but=but)
    checked.refuse({new.place: overlap_with(new, earlier=old, meter=meter) for meter, new, old in found})
    if not are_shares:
        (taken,) = await taken_shares.of_inventories(tx, [inventory.id])
        checked.refuse(counted_twice(checked, taken))


async def reference_for(tx: AsyncConnection, *, place: register.Place, inventory: Inventory) -> Reference:
    """What rows of that inventory are checked against."""
    # open: a part of use cases that have asked for the right
    chosen, places = await factors_for(tx, path=place.path, edition=inventory.factor_edition)
    return Reference(
        places=places,
        year=inventory.year,
        catalogue=chosen,
        gwp_set=GwpSet.named(GWP_SET_NAME),
        airports=catalogue.airports(),
        airports_by_city=catalogue.airports_by_city(),
    )


async def open_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, location_id: str, year: int
) -> Inventory:
    """The newest version, or the first one when there is none yet. Refuses: InventoryYearOutOfRange."""
    require_year(year, location_id=location_id)
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
