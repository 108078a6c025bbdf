"""Proxies for small offices: made with their formula, replaced as a whole, and gone when real data come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access, catalogue
from inventory.domain.proxy import ProxyEstimate, as_file, per_person_of, proxies_for, require_proxy_allowed
from inventory.store import locations, proxies
from inventory.store.personnel import person_years_of, personnel_of
from inventory.usecases.imports import open_inventory, take_in
from inventory.usecases.proxy_lines import take_out

__all__ = ["SmallOfficeEstimate", "estimate_small_office", "small_office_estimate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallOfficeEstimate:
    """Proxies that were made together."""

    id: str
    """Of the import whose lines they are."""
    estimates: Sequence[ProxyEstimate]


async def estimate_small_office(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    site_id: str | None,
    category: str,
    comparable_ids: Sequence[str],
    reason: str,
) -> SmallOfficeEstimate:
    """Put proxies for a source of a small office into the draft of a location and year; earlier ones of it leave.

    By what comparable offices used a person in their final inventory of the year before; without such offices, by a
    published figure.

    Refuses, in this order: as `permitted`; InventoryYearOutOfRange; InventoryIsFinal or WrongState; NotFound for a site
    elsewhere; as `domain.proxy.require_proxy_allowed`; as `domain.proxy.per_person_of`; ImportRefused where it can't be
    quantified.
    """
    place = await permitted(tx, principal, access.ESTIMATE_SMALL_OFFICE, location_id=location_id)
    draft = await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)
    draft.require_accepts_data()
    site = location_id if site_id is None else site_id
    (office,) = await locations.by_ids(tx, [site])
    if office is None or site not in await locations.places_under(tx, place.path):
        raise NotFound(kind="location", key=site)
    of, personnel = require_proxy_allowed(
        location_id=site,
        category=category,
        personnel=(await personnel_of(tx, [site], year=year)).get(site),
        has_records=await proxies.has_records(tx, inventory_id=draft.id, location_id=site, category=category),
        reason=reason,
    )
    found = per_person_of(
        of,
        location_id=site,
        comparable_ids=comparable_ids,
        uses=await proxies.comparable_uses(tx, comparable_ids, category=of, year=year - 1),
        personnel=await person_years_of(tx, comparable_ids, year=year - 1),
        year=year - 1,
        published=catalogue.per_person(),
    )
    made = proxies_for(
        found,
        location_id=site,
        personnel=personnel,
        year=year,
        opened=office.valid_from,
        closed=office.valid_to,
        reason=reason,
    )
    earlier = await proxies.of_source(tx, inventory_id=draft.id, location_id=site, category=of.value)
    await take_out(tx, earlier, by=principal.person, now=now, draft=draft, reason="another proxy takes its place")
    content = as_file(made)
    taken = await take_in(
        tx,
        principal=principal,
        now=now,
        inventory=draft,
        file_name=f"proxies for {of} of {site}",
        content=content,
        # The same proxies may be made again after real data were taken out.
        content_hash=sha256(content + new_id().encode()).hexdigest(),
    )
    await proxies.add(tx, made, of=draft, taken=taken, comparable_ids=comparable_ids)
    return await small_office_estimate(tx, taken.id)


async def small_office_estimate(tx: AsyncConnection, import_id: str) -> SmallOfficeEstimate:
    """Proxies that were made together."""
    # open: reads what row security shows
    return SmallOfficeEstimate(id=import_id, estimates=await proxies.of_import(tx, import_id))
