"""SQL of instruments for electricity."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location_closure
from inventory.domain.instrument import Cancellation, Instrument, InstrumentKind
from inventory.tables import instrument, instrument_cancellation
from quantities import Quantity
from quantities.person import Person

__all__ = [
    "add",
    "by_id",
    "covered_sites",
    "for_update",
    "lock_within",
    "page",
    "people",
    "recorders",
    "save_cancellation",
    "sources",
    "used_in_final",
    "within",
]

_WHOLE = select(
    instrument,
    instrument_cancellation.c.reason,
    instrument_cancellation.c.cancelled_by,
    instrument_cancellation.c.cancelled_by_subject,
    instrument_cancellation.c.cancelled_at,
).outerjoin(instrument_cancellation, instrument_cancellation.c.instrument_id == instrument.c.id)


def _instrument(row: Row[*tuple[Any, ...]]) -> Instrument:
    cancelled = None
    if row.cancelled_at is not None:
        who = Person(subject=row.cancelled_by_subject, name=row.cancelled_by)
        cancelled = Cancellation(reason=row.reason, by=who, at=row.cancelled_at)
    return Instrument(
        id=row.id,
        location_id=row.location_id,
        year=row.year,
        kind=InstrumentKind(row.kind),
        market=row.market,
        source=row.source,
        amount=Quantity(row.amount, row.unit),
        co2e_kg_per_kwh=row.co2e_kg_per_kwh,
        reference=row.reference,
        redeemed_on=row.redeemed_on,
        evidence=row.evidence,
        recorded_by=Person(subject=row.recorded_by_subject, name=row.recorded_by),
        recorded_at=row.recorded_at,
        cancelled=cancelled,
    )


async def add(tx: AsyncConnection, new: Instrument) -> bool:
    """Whether its claim is new: False where another one that holds, anywhere, has its reference in that year."""
    statement = upsert(instrument).values(
        id=new.id,
        location_id=new.location_id,
        year=new.year,
        kind=new.kind,
        market=new.market,
        source=new.source,
        amount=new.amount.value,
        unit=new.amount.unit.value,
        co2e_kg_per_kwh=new.co2e_kg_per_kwh,
        reference=new.reference,
        redeemed_on=new.redeemed_on,
        evidence=new.evidence,
        recorded_by=new.recorded_by.name,
        recorded_by_subject=new.recorded_by.subject,
        recorded_at=new.recorded_at,
    )
    return bool((await tx.execute(statement.on_conflict_do_nothing())).rowcount)


async def save_cancellation(tx: AsyncConnection, item: Instrument, cancelled: Cancellation) -> None:
    await tx.execute(
        insert(instrument_cancellation).values(
            instrument_id=item.id,
            location_id=item.location_id,
            reason=cancelled.reason,
            cancelled_by=cancelled.by.name,
            cancelled_by_subject=cancelled.by.subject,
            cancelled_at=cancelled.at,
        )
    )
    await tx.execute(update(instrument).where(instrument.c.id == item.id).values(holds=False))


async def for_update(tx: AsyncConnection, instrument_id: str) -> Instrument | None:
    """That instrument, locked until the transaction ends."""
    statement = _WHOLE.where(instrument.c.id == instrument_id).with_for_update(of=instrument)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _instrument(row)


async def by_id(tx: AsyncConnection, instrument_id: str) -> Instrument:
    """That instrument; it is there."""
    return _instrument((await tx.execute(_WHOLE.where(instrument.c.id == instrument_id))).one())


async def sources(tx: AsyncConnection, ids: Sequence[str]) -> Mapping[str, str]:
    """Of the energy, by id."""
    rows = await tx.execute(select(instrument.c.id, instrument.c.source).where(instrument.c.id.in_(ids)))
    return {row.id: row.source for row in rows}


async def within(
    tx: AsyncConnection, keys: Sequence[tuple[str, int]]
) -> Mapping[tuple[str, int], Sequence[Instrument]]:
    """Every instrument of each location, and all under it, and year, in the order of recording."""
    above = location_closure.c.ancestor_id
    rows = await tx.execute(
        _WHOLE.add_columns(above)
        .join(location_closure, location_closure.c.descendant_id == instrument.c.location_id)
        .where(tuple_(above, instrument.c.year).in_(keys))
        .order_by(instrument.c.id)
    )
    found: dict[tuple[str, int], list[Instrument]] = {key: [] for key in keys}
    for row in rows:
        found[row.ancestor_id, row.year].append(_instrument(row))
    return found


async def lock_within(tx: AsyncConnection, *, location_id: str, year: int) -> None:
    """Two inventories that an instrument may count in become final one after the other."""
    below = select(location_closure.c.descendant_id).where(location_closure.c.ancestor_id == location_id)
    await tx.execute(
        select(instrument.c.id)
        .where(instrument.c.location_id.in_(below), instrument.c.year == year)
        .order_by(instrument.c.id)
        .with_for_update()
    )


async def covered_sites(tx: AsyncConnection, location_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Each location with everything under it."""
    rows = await tx.execute(
        select(location_closure.c.ancestor_id, location_closure.c.descendant_id).where(
            location_closure.c.ancestor_id.in_(location_ids)
        )
    )
    found: dict[str, set[str]] = {location_id: {location_id} for location_id in location_ids}
    for above, below in rows:
        found[above].add(below)
    return {location_id: frozenset(sites) for location_id, sites in found.items()}


_USED = text(
    # By what is kept of sites: who has a site sees it, whoever's inventory it is in.
    "SELECT p.instrument_id, s.of_location_id, sum(p.kwh) AS kwh FROM scope2_part p"
    " JOIN inventory_site s ON s.inventory_id = p.inventory_id AND s.location_id = p.location_id"
    " WHERE p.basis = 'instrument' AND p.instrument_id = ANY(:ids) AND NOT EXISTS (SELECT FROM inventory_site n"
    " WHERE n.location_id = s.location_id AND n.of_location_id = s.of_location_id AND n.year = s.year"
    " AND n.version > s.version) GROUP BY 1, 2"
)


async def used_in_final(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[tuple[str, str, Decimal]]:
    """Of each instrument, by the location whose newest final inventory it is in, the kWh that count there."""
    return [(row.instrument_id, row.of_location_id, row.kwh) for row in await tx.execute(_USED, {"ids": list(ids)})]


async def page(
    tx: AsyncConnection, *, location_id: str, year: int, limit: int, after: str | None
) -> Sequence[Instrument]:
    statement = (
        _WHOLE.where(instrument.c.location_id == location_id, instrument.c.year == year)
        .order_by(instrument.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(instrument.c.id > after)
    return [_instrument(row) for row in await tx.execute(statement)]


async def recorders(tx: AsyncConnection, ids: Collection[str]) -> Sequence[Person]:
    rows = await tx.execute(
        select(instrument.c.recorded_by_subject, instrument.c.recorded_by).where(instrument.c.id.in_(ids))
    )
    return [Person(subject=subject, name=name) for subject, name in rows]


async def people(tx: AsyncConnection, *, location_id: str, year: int) -> Sequence[Person]:
    """All who recorded or cancelled instruments of a location and year."""
    of = _WHOLE.where(instrument.c.location_id == location_id, instrument.c.year == year)
    found = [_instrument(row) for row in await tx.execute(of)]
    return [item.recorded_by for item in found] + [item.cancelled.by for item in found if item.cancelled is not None]
