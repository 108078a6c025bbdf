"""The life of an inventory: submitted, returned with reasons, approved."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.access import Principal
from chassis.permission import permitted
from inventory import access, outgoing
from inventory.domain.errors import NothingToSubmit
from inventory.domain.inventory import Inventory
from inventory.store import completeness, corrections, denominators, instruments, inventories, plausibility, scope2
from inventory.usecases.intensity import keep_intensities
from inventory.usecases.plausibility import require_ready
from inventory.usecases.renewable_share import keep_renewable_share
from inventory.usecases.scope2 import worked_out
from inventory.usecases.uncertainty import keep_uncertainty
from inventory.usecases.versions import version_to_change

__all__ = ["approve_inventory", "return_inventory", "submit_inventory"]


async def submit_inventory(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    missing_because: str | None = None,
) -> Inventory:
    """Hand the inventory to the local steering group; `missing_because` says why expected sources are missing.

    Refuses: as `permitted`; NothingToSubmit; as `Inventory.submit`; ExplanationTooShort; SubmissionRefused with all
    that has to be put right, explained or stated before.
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
    # What its state refuses comes first.
    newest.submit(by=principal.person, at=now, record_count=count)
    because = await require_ready(tx, newest, missing_because=missing_because)
    submitted = newest.submit(by=principal.person, at=now, record_count=count, missing_because=because)
    await inventories.save_step(tx, submitted)
    await outbox.add(tx, outgoing.inventory_submitted(submitted), now=now)
    return submitted


async def return_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, inventory_id: str, reasons: str
) -> Inventory:
    """Give it back with reasons. Refuses: NotFound; as `permitted`; as `Inventory.return_`."""
    submitted = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.RETURN_INVENTORY, location_id=submitted.location_id)
    returned = submitted.return_(by=principal.person, at=now, reasons=reasons)
    await inventories.save_step(tx, returned)
    return returned


async def approve_inventory(
    tx: AsyncConnection, *, principal: Principal, now: datetime, inventory_id: str
) -> Inventory:
    """Make it final, with its indicators, its scope 2 by the market and its uncertainty.

    Refuses: NotFound; as `permitted`; as `Inventory.approve`.
    """
    submitted = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.APPROVE_INVENTORY, location_id=submitted.location_id)
    await instruments.lock_within(tx, location_id=submitted.location_id, year=submitted.year)
    market = await worked_out(tx, [submitted])
    entered_by = [
        *await corrections.enterers(tx, inventory_id),
        *await instruments.people(tx, location_id=submitted.location_id, year=submitted.year),
        *await instruments.recorders(tx, market[submitted.id].instrument_ids),
        *await completeness.people(tx, inventory_id),
        *await plausibility.people(tx, inventory_id),
        *await denominators.people(tx, location_id=submitted.location_id, year=submitted.year),
    ]
    final = submitted.approve(by=principal.person, at=now, entered_by=entered_by)
    await scope2.freeze(tx, submitted, market[submitted.id])
    (totals,) = await inventories.totals_of(tx, [final.id])
    renewable = await keep_renewable_share(tx, final, market=market[submitted.id])
    told = await keep_intensities(tx, final, totals=totals, renewable_share_percent=renewable)
    await inventories.add_sites(tx, final)
    await inventories.add_final_totals(tx, final)
    await keep_uncertainty(tx, final)
    await inventories.save_step(tx, final)
    await outbox.add(tx, outgoing.inventory_finalised(final, totals=totals, indicators=told), now=now)
    return final
