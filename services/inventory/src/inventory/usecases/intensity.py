"""Intensity: what it is stated by, and the figures of a version."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from inventory import access
from inventory.domain import disclosure
from inventory.domain.activity_data import Period
from inventory.domain.denominator import (
    Denominator,
    DenominatorKind,
    DenominatorStatement,
    Topic,
    days_open,
    denominator_of,
    denominator_to_state,
)
from inventory.domain.intensity import Intensity, ResourceUse, intensities, resource_use
from inventory.domain.inventory import Inventory, State, Totals
from inventory.domain.method import Indicator, named_indicators
from inventory.store import denominators, inventories, locations
from inventory.store import intensities as store

__all__ = ["intensities_of", "keep_intensities", "state_denominator"]


async def state_denominator(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    kind: DenominatorKind,
    topic: Topic | None,
    value: Decimal,
    valid_from: date,
    valid_to: date | None,
    source: str,
) -> DenominatorStatement:
    """State staff, personnel or floor area of a location, in persons or m², for some days. Earlier statements stay.

    What is final keeps what it was stated by. Refuses: as `permitted`; as `domain.denominator.denominator_to_state`.
    """
    await permitted(tx, principal, access.STATE_DENOMINATOR, location_id=location_id)
    stated = denominator_to_state(
        DenominatorStatement(
            id=new_id(),
            location_id=location_id,
            kind=kind,
            topic=topic,
            value=value,
            valid_from=valid_from,
            valid_to=valid_to,
            source=source.strip(),
            by=principal.person,
            at=now,
        )
    )
    await denominators.add(tx, stated)
    return stated


async def intensities_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[Sequence[Intensity] | None]:
    """Intensities of each version: as kept of final ones, as they stand of others; None where there is none."""
    versions = {item.id: item for item in await inventories.by_ids(tx, inventory_ids) if item is not None}
    kept = await store.kept_of(tx, [item.id for item in versions.values() if item.state == State.FINAL])
    standing = {
        inventory_id: stated
        for inventory_id, (_, stated) in (
            await _worked_out(tx, [item for item in versions.values() if item.id not in kept])
        ).items()
    }
    both = {**kept, **standing}
    return [both.get(inventory_id) for inventory_id in inventory_ids]


async def keep_intensities(
    tx: AsyncConnection, final: Inventory, *, totals: Totals, renewable_share_percent: Decimal | None
) -> Sequence[Indicator]:
    """Indicators of a version that is about to be final, and what they are stated by; those that everyone is told."""
    ((use, stated),) = (await _worked_out(tx, [final], totals=[totals])).values()
    named = named_indicators(use, stated=stated, renewable_share_percent=renewable_share_percent)
    # An event is read by many: it says what is open to all.
    told = disclosure.open_to_all(named, sites=await inventories.sites_by_category(tx, final.id))
    await inventories.add_indicators(tx, final, named, open_to_all=told)
    await store.keep(tx, final, stated)
    return told


async def _worked_out(
    tx: AsyncConnection, of: Sequence[Inventory], *, totals: Sequence[Totals] | None = None
) -> dict[str, tuple[ResourceUse, Sequence[Intensity]]]:
    if not of:
        return {}
    ids = [item.id for item in of]
    recorded = await store.recorded_of(tx, ids)
    stated = await denominators.of_locations(tx, {item.location_id for item in of})
    known = await inventories.totals_of(tx, ids) if totals is None else totals
    places = await locations.by_ids(tx, [item.location_id for item in of])
    found: dict[str, tuple[ResourceUse, Sequence[Intensity]]] = {}
    for item, place, sums in zip(of, places, known, strict=True):
        amounts, hidden = recorded[item.id]
        use = resource_use(amounts, totals=sums, hidden=hidden)
        opened, closed = (date.min, None) if place is None else (place.valid_from, place.valid_to)
        period = days_open(item.year, opened=opened, closed=closed)

        def denominator(
            kind: DenominatorKind,
            topic: Topic,
            of: Sequence[DenominatorStatement] = stated[item.location_id],
            period: Period = period,
        ) -> Denominator:
            return denominator_of(of, kind=kind, topic=topic, period=period)

        found[item.id] = (use, intensities(use, denominator=denominator))
    return found
