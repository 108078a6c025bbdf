"""The share of renewable electricity of an inventory, by the method's rule."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory import catalogue
from inventory.domain.activity_data import Category
from inventory.domain.disclosure import is_sensitive
from inventory.domain.intensity import IntensityGap, Recorded, generator_kwh
from inventory.domain.inventory import Inventory, State
from inventory.domain.renewable_share import GridUse, ShareFinding, ShareGap, finding, renewable_share
from inventory.domain.scope2 import MarketBased
from inventory.domain.vocabulary import RENEWABLE_SOURCES
from inventory.store import instruments, inventories, locations
from inventory.store import renewable_shares as store
from inventory.store.intensities import recorded_of
from inventory.usecases.scope2 import worked_out
from quantities import Quantity, Unit, convertible

__all__ = ["keep_renewable_share", "renewable_share_of"]

_DIGITS = 80
_PERCENT_DIGITS = 28


async def renewable_share_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[ShareFinding | None]:
    """The share of each version: as kept of final ones, as it stands of others; None of unknown ones."""
    versions = {item.id: item for item in await inventories.by_ids(tx, inventory_ids) if item is not None}
    final = [item.id for item in versions.values() if item.state == State.FINAL]
    kept = dict(await store.kept_of(tx, final))
    for inventory_id in final:
        # It is not for the caller; or it became final before shares were kept.
        kept.setdefault(inventory_id, ShareFinding(found=None, gap=ShareGap.RECORDS_NOT_SHOWN))
    drafts = [item for item in versions.values() if item.id not in kept]
    standing = await _worked_out(tx, drafts, market=await worked_out(tx, drafts) if drafts else {})
    both = {**kept, **standing}
    return [both.get(inventory_id) for inventory_id in inventory_ids]


async def keep_renewable_share(tx: AsyncConnection, final: Inventory, *, market: MarketBased) -> Decimal | None:
    """Keep the share of a version that is about to be final; the share in percent, None where it is missing."""
    found = (await _worked_out(tx, [final], market={final.id: market}))[final.id]
    sites = await inventories.sites_by_category(tx, final.id)
    fuel = Category.GENERATOR_FUEL
    # All other electricity is told: what is left of the total was made of fuel.
    closed = fuel in sites and is_sensitive(fuel, sites=sites[fuel])
    await store.keep(tx, final, found, open_to_all=not closed)
    share = None if found.found is None or found.gap is not None else found.found.share
    with localcontext(prec=_PERCENT_DIGITS):
        return None if share is None else 100 * share


async def _worked_out(
    tx: AsyncConnection, of: Sequence[Inventory], *, market: Mapping[str, MarketBased]
) -> dict[str, ShareFinding]:
    if not of:
        return {}
    recorded = await recorded_of(tx, [item.id for item in of])
    source_of = await instruments.sources(tx, [found for item in of for found in market[item.id].instrument_ids])
    sites = list({part.location_id for item in of for part in market[item.id].parts})
    countries = {place.id: place.country for place in await locations.by_ids(tx, sites) if place is not None}
    return {
        item.id: _share(
            *recorded[item.id], market=market[item.id], source_of=source_of, countries=countries, year=item.year
        )
        for item in of
    }


def _share(
    recorded: Sequence[Recorded],
    hidden: frozenset[Category],
    *,
    market: MarketBased,
    source_of: Mapping[str, str],
    countries: Mapping[str, str | None],
    year: int,
) -> ShareFinding:
    if hidden & {Category.GRID_ELECTRICITY, Category.GENERATOR_FUEL}:
        return ShareFinding(found=None, gap=ShareGap.RECORDS_NOT_SHOWN)
    generators = generator_kwh(recorded)
    if generators.gap == IntensityGap.NOT_CONVERTIBLE:
        return ShareFinding(found=None, gap=ShareGap.NOT_CONVERTIBLE, explanation=generators.explanation)
    with localcontext(prec=_DIGITS):
        own = sum((_kwh(item.amount) for item in recorded if item.category == Category.ON_SITE_RENEWABLES), Decimal(0))
        renewable, other = Decimal(0), Decimal(0)
        grids: list[GridUse] = []
        for part in market.parts:
            if part.instrument_id is not None:
                is_renewable = source_of.get(part.instrument_id) in RENEWABLE_SOURCES
                renewable += part.kwh if is_renewable else Decimal(0)
                other += Decimal(0) if is_renewable else part.kwh
                continue
            grids.append(_grid(part.kwh, country=countries.get(part.location_id), year=year))
    return finding(
        renewable_share(
            own_kwh=own,
            generator_kwh=Decimal(0) if generators.value is None else generators.value,
            purchased_renewable_kwh=renewable,
            purchased_other_kwh=other,
            grids=grids,
        )
    )


def _grid(kwh: Decimal, *, country: str | None, year: int) -> GridUse:
    average = None if country is None else catalogue.grid_averages().get(country)
    if average is None or not average.stands_for(year):
        return GridUse(country=country, kwh=kwh, renewable_share=None, source=None)
    return GridUse(country=country, kwh=kwh, renewable_share=average.share, source=average.cited)


def _kwh(amount: Quantity) -> Decimal:
    if not convertible(amount.unit, to=Unit.KILOWATT_HOUR):
        message = f"own electricity in {amount.unit}"
        raise ValueError(message)
    return amount.to(Unit.KILOWATT_HOUR).value
