"""Scope 2 by the market, from the lines and the instruments of inventories."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.instrument import Instrument
from inventory.domain.inventory import Inventory, State
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.scope2 import MarketBased, kwh_by_instrument, market_based, residual_mix_of
from inventory.store import instruments, inventories, scope2
from inventory.usecases.factors import factors_at
from quantities import GwpSet

__all__ = ["market_based_of", "worked_out"]


async def market_based_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[MarketBased | None]:
    """Scope 2 by the market: as it was kept of final versions, as it stands now of all others; None of unknown ones."""
    found = {item.id: item for item in await inventories.by_ids(tx, inventory_ids) if item is not None}
    kept = await scope2.frozen_of(tx, [item.id for item in found.values() if item.state == State.FINAL])
    standing = await worked_out(tx, [item for item in found.values() if item.id not in kept])
    both = {**kept, **standing}
    return [both.get(inventory_id) for inventory_id in inventory_ids]


async def worked_out(tx: AsyncConnection, of: Sequence[Inventory]) -> dict[str, MarketBased]:
    """Scope 2 by the market of each inventory, from its lines and instruments as they are now.

    An instrument of a site below counts where the site's lines are; never twice, where both inventories have some: what
    a final one has of it is out, and of drafts the one further down comes first.
    """
    loads = await scope2.loads_of(tx, [item.id for item in of])
    bought = await instruments.within(tx, [(item.location_id, item.year) for item in of])
    found = {}
    for item in of:
        own = [each for each in bought[item.location_id, item.year] if _counts(each, of=item)]
        below = {each.id: each.location_id for each in own if each.location_id != item.location_id}
        covered = await instruments.covered_sites(tx, set(below.values()))
        chosen, places = await factors_at(
            tx, {load.location_id for load in loads[item.id]}, edition=item.factor_edition
        )
        found[item.id] = market_based(
            [replace(load, place=places[load.location_id]) for load in loads[item.id]],
            instruments=own,
            year=item.year,
            residual_mix=partial(
                residual_mix_of,
                year=item.year,
                catalogue=chosen,
                gwp_set=GwpSet.named(GWP_SET_NAME),
            ),
            sites={instrument_id: covered[location_id] for instrument_id, location_id in below.items()},
            elsewhere=await _elsewhere(tx, own, of=item),
        )
    return found


def _counts(each: Instrument, *, of: Inventory) -> bool:
    """What was recorded below after the inventory was handed in is not a part of what is approved."""
    submitted = of.steps[-1].at if of.state == State.SUBMITTED else None
    return submitted is None or each.recorded_at <= submitted


async def _elsewhere(tx: AsyncConnection, own: Sequence[Instrument], *, of: Inventory) -> dict[str, Decimal]:
    """KWh of each instrument that count in inventories of other locations."""
    used = [
        (instrument_id, kwh)
        for instrument_id, location_id, kwh in await instruments.used_in_final(tx, [each.id for each in own])
        if location_id != of.location_id
    ]
    where = {each.location_id for each in own if each.location_id != of.location_id}
    for draft in await inventories.first_drafts_between(tx, above=of.location_id, sites=where, year=of.year):
        parts = (await worked_out(tx, [draft]))[draft.id].parts
        used += [(part.instrument_id, part.kwh) for part in parts if part.instrument_id is not None]
    return kwh_by_instrument(used)
