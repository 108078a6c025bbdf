"""Scope 2 by the market, from the lines and the instruments of inventories."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category, Period
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import FactorMissing
from inventory.domain.inventory import Inventory, State
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.quantification import Coefficient, resolve_coefficient
from inventory.domain.scope2 import RESIDUAL_MIX, MarketBased, market_based
from inventory.store import factors, instruments, inventories, scope2
from quantities import GwpSet, Unit

__all__ = ["market_based_of", "worked_out"]


async def market_based_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[MarketBased | None]:
    """Scope 2 by the market: as it was kept of final versions, as it stands now of all others; None of unknown ones."""
    found = {item.id: item for item in await inventories.by_ids(tx, inventory_ids) if item is not None}
    kept = await scope2.frozen_of(tx, [item.id for item in found.values() if item.state == State.FINAL])
    standing = await worked_out(tx, [item for item in found.values() if item.id not in kept])
    both = {**kept, **standing}
    return [both.get(inventory_id) for inventory_id in inventory_ids]


async def worked_out(tx: AsyncConnection, of: Sequence[Inventory]) -> dict[str, MarketBased]:
    """Scope 2 by the market of each inventory, from its lines and instruments as they are now."""
    loads = await scope2.loads_of(tx, [item.id for item in of])
    bought = await instruments.of_location_years(tx, [(item.location_id, item.year) for item in of])
    return {
        item.id: market_based(
            loads[item.id],
            instruments=[found for found in bought if found.location_id == item.location_id],
            year=item.year,
            residual_mix=partial(
                _residual_mix, year=item.year, catalogue=await factors.catalogue_of(tx, item.factor_edition)
            ),
        )
        for item in of
    }


def _residual_mix(place: Place, *, year: int, catalogue: Catalogue) -> Coefficient | None:
    try:
        return resolve_coefficient(
            category=Category.GRID_ELECTRICITY,
            key=RESIDUAL_MIX,
            unit=Unit.KILOWATT_HOUR,
            place=place,
            period=Period(start=date(year, 1, 1), end=date(year + 1, 1, 1)),
            catalogue=catalogue,
            gwp_set=GwpSet.named(GWP_SET_NAME),
        )
    except FactorMissing:
        return None
