"""Shares of shared premises go into inventories: once, and again when what they rest on has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import access as rights
from chassis import locations as register
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access
from inventory.domain.correction import CorrectionAction, RecordCorrection
from inventory.domain.errors import NoShareToTake, ShareOutsideInventory, ShareTakenElsewhere
from inventory.domain.inventory import YEARS, Inventory
from inventory.domain.premises import MeterReading, Premises, Tenancy
from inventory.domain.premises_share import Share, by_year, share_out, tenant_share
from inventory.domain.taken_share import (
    TakenShare,
    as_file,
    changes,
    require_not_billed,
    successors,
    why_replaced,
)
from inventory.store import corrections, inventories, taken_shares
from inventory.store import premises as store
from inventory.usecases.imports import open_inventory, take_in

__all__ = ["PremisesShares", "current_shares_of", "premises_shares", "shares_out_of_date", "take_premises_share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PremisesShares:
    """Shares of premises of a year that are in inventories, as far as the caller sees them."""

    id: str
    premises_id: str
    year: int
    shares: Sequence[TakenShare]


async def take_premises_share(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    premises_id: str,
    year: int,
    location_id: str | None,
    inventory_of: str | None,
) -> PremisesShares:
    """Put shares of what the premises' meters counted in a year into inventories; what is in already stays.

    Of one tenant, or of the operator; without one, of every tenant and the operator at which the principal may. Into
    the location's own inventory, or into the one of a location above it. A share whose reading was superseded or whose
    tenancy was replaced leaves, and the present one takes its place.

    Refuses, in this order: NotFound for premises; as `permitted` at the location, then at whose inventory it is;
    ShareOutsideInventory; NoShareToTake; ShareTakenElsewhere; InventoryIsFinal or WrongState where something changes;
    ShareAlreadyBilled; ImportRefused where a line can't be quantified.
    """
    of = await store.by_id(tx, premises_id)
    if of is None:
        raise NotFound(kind="premises", key=premises_id)
    await store.lock(tx, of.id)
    (tenancies,) = await store.tenancies_of(tx, [of.id])
    sites = [location_id] if location_id is not None else await _sites(tx, principal, of, tenancies, under=inventory_of)
    found = False
    for site in sites:
        place = await permitted(tx, principal, access.TAKE_PREMISES_SHARE, location_id=site)
        whose = inventory_of or site
        if whose != site:
            await permitted(tx, principal, access.TAKE_PREMISES_SHARE, location_id=whose)
            if whose not in place.lineage:
                raise ShareOutsideInventory(
                    subject=site,
                    found=f"the inventory of {whose}",
                    expected=f"that of {site}, or of a location above it",
                    message=f"{site} is not part of the inventory of {whose}.",
                )
        shares = await _shares_of(tx, of, tenancies, site=site, year=year)
        if await _take(tx, of, shares, principal=principal, now=now, site=site, whose=whose, year=year):
            found = True
    if not found:
        raise NoShareToTake(
            subject=of.name,
            found=f"no reading of {year} in which {location_id or 'a location of yours'} has a part",
            expected="a reading of days on which it was a tenant, or the operator",
            message=f"{location_id or 'No location of yours'} has no share of {of.name} in {year}.",
        )
    return await premises_shares(tx, f"{of.id}:{year}")


async def premises_shares(tx: AsyncConnection, key: str) -> PremisesShares:
    """Those of premises and a year."""
    # open: reads what row security shows
    premises_id, _, year = key.rpartition(":")
    found = await taken_shares.of_premises(tx, premises_id=premises_id, year=int(year))
    return PremisesShares(id=key, premises_id=premises_id, year=int(year), shares=found)


async def current_shares_of(tx: AsyncConnection, keys: Sequence[tuple[str, str, int]]) -> Sequence[dict[str, Share]]:
    """By reading, the shares as they are now of each (premises, site, year); of what the caller sees."""
    # open: reads what row security shows
    ids = sorted({premises_id for premises_id, _, _ in keys})
    known = {item.id: item for item in await store.by_ids(tx, ids) if item is not None}
    tenancies = dict(zip(ids, await store.tenancies_of(tx, ids), strict=True))
    of_years = [(premises_id, year) for premises_id, _, year in keys if premises_id in known and year in YEARS]
    readings = dict(zip(of_years, await store.readings_of(tx, of_years), strict=True))
    found = {
        (premises_id, site, year): {
            share.part.reading.id: share
            for share in _shares(
                known[premises_id], tenancies[premises_id], readings[premises_id, year], site=site, year=year
            )
        }
        for premises_id, site, year in set(keys)
        if (premises_id, year) in readings
    }
    return [found.get(key, {}) for key in keys]


async def shares_out_of_date(tx: AsyncConnection, inventory_id: str) -> Sequence[tuple[str, TakenShare]]:
    """Those of a version that would be others if they were taken now, each with the name of its premises."""
    # open: reads what row security shows
    (taken,) = await taken_shares.of_inventories(tx, [inventory_id])
    now = await current_shares_of(tx, [(share.premises_id, share.location_id, share.year) for share in taken])
    late = [share for share, of in zip(taken, now, strict=True) if not share.is_current(of.get(share.reading_id))]
    places = await store.by_ids(tx, [share.premises_id for share in late])
    return [(share.premises_id if of is None else of.name, share) for share, of in zip(late, places, strict=True)]


async def _sites(
    tx: AsyncConnection, principal: Principal, of: Premises, tenancies: Sequence[Tenancy], *, under: str | None
) -> Sequence[str]:
    """Tenants, and the operator, at which the principal may take shares; of one inventory, if it is given."""
    there = sorted({item.tenant_id for item in tenancies if item.tenant_id is not None} | {of.location_id})
    places = await register.places(tx, there)
    return [
        site
        for site, place in zip(there, places, strict=True)
        if place is not None
        and rights.can(principal, access.TAKE_PREMISES_SHARE, place)
        and (under is None or under in place.lineage)
    ]


async def _shares_of(
    tx: AsyncConnection, of: Premises, tenancies: Sequence[Tenancy], *, site: str, year: int
) -> Sequence[Share]:
    """Of one site, as they are now. Who sees the operator's rows sees all tenancies, and so what they leave."""
    if year not in YEARS:
        return []
    (readings,) = await store.readings_of(tx, [(of.id, year)])
    return _shares(of, tenancies, readings, site=site, year=year)


def _shares(
    of: Premises, tenancies: Sequence[Tenancy], readings: Sequence[MeterReading], *, site: str, year: int
) -> Sequence[Share]:
    parts = [part for reading in readings for part in by_year(reading) if part.year == year]
    if site == of.location_id:
        remainders = [share_out(part, of, tenancies)[-1] for part in parts]
        return [share for share in remainders if share.numerator]
    own = [item for item in tenancies if item.tenant_id == site]
    return [share for part in parts if (share := tenant_share(part, of, own)) is not None]


async def _take(
    tx: AsyncConnection,
    of: Premises,
    shares: Sequence[Share],
    *,
    principal: Principal,
    now: datetime,
    site: str,
    whose: str,
    year: int,
) -> bool:
    """Whether the site has shares in that inventory, or had."""
    newest = await inventories.newest_for_update(tx, location_id=whose, year=year)
    taken = []
    if newest is not None:
        (every,) = await taken_shares.of_inventories(tx, [newest.id])
        taken = [line for line in every if (line.premises_id, line.location_id) == (of.id, site)]
    if not shares and not taken:
        return False
    elsewhere = await taken_shares.taken_elsewhere(
        tx, premises_id=of.id, year=year, location_id=site, of_location_id=whose
    )
    if elsewhere is not None:
        raise ShareTakenElsewhere(
            subject=f"{site} {year}",
            found=f"shares of {of.name} in the inventory of {elsewhere}",
            expected="one inventory that has them",
            message=f"The shares of {site} in {of.name} are in the inventory of {elsewhere} for {year} already.",
        )
    coming, leaving = changes(taken, shares)
    if coming or leaving:
        draft = newest or await open_inventory(tx, principal=principal, now=now, location_id=whose, year=year)
        draft.require_accepts_data()
        await _exchange(tx, of, coming, leaving, draft=draft, principal=principal, now=now, site=site)
    return True


async def _exchange(
    tx: AsyncConnection,
    of: Premises,
    coming: Sequence[Share],
    leaving: Sequence[TakenShare],
    *,
    draft: Inventory,
    principal: Principal,
    now: datetime,
    site: str,
) -> None:
    """Lines that leave are kept with the reason, as every other correction of a draft."""
    left = [(line, await corrections.line_of(tx, inventory_id=draft.id, record_id=line.record_id)) for line in leaving]
    if leaving:
        await taken_shares.take_out(tx, [line.record_id for line in leaving])
    lines: dict[str, int] = {}
    if coming:
        require_not_billed(coming, await taken_shares.billed_lines(tx, inventory_id=draft.id, location_id=site))
        content = as_file(of, coming)
        made = await take_in(
            tx,
            principal=principal,
            now=now,
            inventory=draft,
            file_name=f"shares of {of.name}",
            content=content,
            # The same shares may come again after they were taken out.
            content_hash=sha256(content + new_id().encode()).hexdigest(),
            are_shares=True,
        )
        lines = await taken_shares.add(tx, coming, of=draft, import_id=made.id, by=principal.person, at=now)
    instead = successors(await store.readings_ever(tx, of.id))
    for line, old in left:
        reading = instead.get(line.reading_id)
        record_id = lines.get(line.reading_id if reading is None else reading.id)
        await corrections.add(
            tx,
            RecordCorrection(
                id=new_id(),
                inventory_id=draft.id,
                location_id=site,
                category=line.category,
                action=CorrectionAction.REMOVED if record_id is None else CorrectionAction.CHANGED,
                record_id=record_id,
                replaced=None if old is None else old.whole,
                reason=why_replaced(line, by=reading),
                by=principal.person,
                at=now,
            ),
        )
