"""SQL of scope 2: loads from the lines, and the market-based figure of final versions."""

from collections.abc import Mapping, Sequence
from decimal import MAX_PREC, Decimal, localcontext

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.emission_factor import Place
from inventory.domain.inventory import Inventory
from inventory.domain.scope2 import Basis, Excess, Load, MarketBased, Part
from inventory.tables import scope2_part
from quantities import Quantity, Unit

__all__ = ["freeze", "frozen_of", "loads_of"]

_EXCESS = "excess"

_LOADS = text(
    "SELECT r.inventory_id, r.location_id, l.country, d.grid, r.unit,"
    # One by a factor that an entity has of its own is hidden from those who have the site since: its figure is not.
    " coalesce(c.explanation, 'A factor of an entity''s own.') AS explanation, sum(r.amount) AS amount,"
    " sum(r.co2e_kg) AS co2e_kg FROM activity_record r LEFT JOIN coefficient c ON c.id = r.coefficient_id"
    " JOIN location l ON l.id = r.location_id JOIN location_detail d ON d.location_id = r.location_id"
    " WHERE r.inventory_id = ANY(:ids) AND r.category = 'grid_electricity'"
    " AND r.coefficient_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6"
)


_ADD_TOTALS = text(
    "INSERT INTO inventory_market_total (inventory_id, location_id, scope, category, optional, co2e_kg)"
    " SELECT t.inventory_id, t.location_id, t.scope, t.category, t.optional,"
    # A site whose lines are of nothing has no part.
    " CASE WHEN t.category = 'grid_electricity' THEN coalesce(m.co2e_kg, 0) ELSE t.co2e_kg END"
    " FROM inventory_total t LEFT JOIN unnest(CAST(:sites AS text[]), CAST(:co2e_kg AS numeric[]))"
    " AS m (location_id, co2e_kg) ON m.location_id = t.location_id"
    " WHERE t.inventory_id = :inventory_id AND t.scope = 2"
)


async def loads_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Sequence[Load]]:
    """What each inventory took from the grid, by site and factor; of lines of nothing there is no load."""
    found: dict[str, list[Load]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in await tx.execute(_LOADS, {"ids": list(inventory_ids)}):
        kwh = Quantity(row.amount, row.unit).to(Unit.KILOWATT_HOUR).value
        if kwh:
            found[row.inventory_id].append(
                Load(
                    location_id=row.location_id,
                    place=Place(country=row.country, grid=row.grid),
                    kwh=kwh,
                    co2e_kg=row.co2e_kg,
                    explanation=row.explanation,
                )
            )
    return found


async def freeze(tx: AsyncConnection, of: Inventory, found: MarketBased) -> None:
    """Keep the market-based figure of a version that is about to be final, part by part and in its totals.

    Heat, steam and cooling have no instruments: by the market they are what they are by the place.
    """
    rows = [
        {
            "inventory_id": of.id,
            "part": number,
            "location_id": part.location_id,
            "kwh": part.kwh,
            "co2e_kg": part.co2e_kg,
            "basis": part.basis.value,
            "instrument_id": part.instrument_id,
            "explanation": part.explanation,
        }
        for number, part in enumerate(found.parts)
    ]
    rows += [
        {
            "inventory_id": of.id,
            "part": number,
            "location_id": of.location_id,
            "kwh": excess.kwh,
            "co2e_kg": None,
            "basis": _EXCESS,
            "instrument_id": excess.instrument_id,
            "explanation": excess.explanation,
        }
        for number, excess in enumerate(found.excess, start=len(rows))
    ]
    if rows:
        await tx.execute(insert(scope2_part), rows)
    by_site: dict[str, Decimal] = {}
    with localcontext(prec=MAX_PREC):
        for part in found.parts:
            by_site[part.location_id] = by_site.get(part.location_id, Decimal(0)) + part.co2e_kg
    await tx.execute(
        _ADD_TOTALS,
        {"inventory_id": of.id, "sites": list(by_site), "co2e_kg": list(by_site.values())},
    )


async def frozen_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, MarketBased]:
    """The market-based figures that were kept, as far as the caller may see the sites."""
    rows = await tx.execute(
        select(scope2_part)
        .where(scope2_part.c.inventory_id.in_(inventory_ids))
        .order_by(scope2_part.c.inventory_id, scope2_part.c.part)
    )
    parts: dict[str, list[Part]] = {inventory_id: [] for inventory_id in inventory_ids}
    excess: dict[str, list[Excess]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in rows:
        if row.basis == _EXCESS:
            excess[row.inventory_id].append(
                Excess(instrument_id=row.instrument_id, kwh=row.kwh, explanation=row.explanation)
            )
            continue
        parts[row.inventory_id].append(
            Part(
                location_id=row.location_id,
                kwh=row.kwh,
                co2e_kg=row.co2e_kg,
                basis=Basis(row.basis),
                instrument_id=row.instrument_id,
                explanation=row.explanation,
            )
        )
    return {
        inventory_id: MarketBased(parts=tuple(parts[inventory_id]), excess=tuple(excess[inventory_id]))
        for inventory_id in inventory_ids
    }
