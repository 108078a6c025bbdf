"""SQL of instruments for electricity."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.instrument import Cancellation, Instrument, InstrumentKind
from inventory.tables import instrument, instrument_cancellation
from quantities import Quantity
from quantities.person import Person

__all__ = ["add", "by_id", "for_update", "of_location_years", "page", "people", "save_cancellation"]

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


async def of_location_years(tx: AsyncConnection, keys: Sequence[tuple[str, int]]) -> Sequence[Instrument]:
    """Every instrument of these locations and years, in the order of recording."""
    found = _WHOLE.where(tuple_(instrument.c.location_id, instrument.c.year).in_(keys)).order_by(instrument.c.id)
    return [_instrument(row) for row in await tx.execute(found)]


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


async def people(tx: AsyncConnection, *, location_id: str, year: int) -> Sequence[Person]:
    """All who recorded or cancelled instruments of a location and year."""
    of = _WHOLE.where(instrument.c.location_id == location_id, instrument.c.year == year)
    found = [_instrument(row) for row in await tx.execute(of)]
    return [item.recorded_by for item in found] + [item.cancelled.by for item in found if item.cancelled is not None]
