"""SQL of premises: the buildings, who is in them, and what their meters say."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import DataQuality, Period
from inventory.domain.premises import MeterReading, Premises, Tenancy, Utility
from inventory.tables import meter_reading, premises, tenancy
from quantities import Quantity
from quantities.person import Person

__all__ = [
    "add",
    "add_reading",
    "add_tenancy",
    "by_id",
    "by_ids",
    "known",
    "known_reading",
    "known_tenancy",
    "lock",
    "of_location",
    "reading_by_id",
    "readings_ever",
    "readings_of",
    "readings_of_meter",
    "readings_page",
    "tenancies_of",
    "tenancy_by_id",
]

AnyRow = Row[*tuple[Any, ...]]


async def lock(tx: AsyncConnection, premises_id: str) -> None:
    """Decisions on these premises wait for each other until the transaction ends; the tables' triggers take it too."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('premises ' || :id))"), {"id": premises_id})


def _premises(row: AnyRow) -> Premises:
    return Premises(
        id=row.id,
        location_id=row.location_id,
        name=row.name,
        gross_area_m2=row.gross_area_m2,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        registered_by=Person(subject=row.registered_by_subject, name=row.registered_by),
        registered_at=row.registered_at,
    )


async def add(tx: AsyncConnection, new: Premises) -> bool:
    """Whether they are new: False where the operator has premises of that name."""
    statement = upsert(premises).values(
        id=new.id,
        location_id=new.location_id,
        name=new.name,
        gross_area_m2=new.gross_area_m2,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        registered_by=new.registered_by.name,
        registered_by_subject=new.registered_by.subject,
        registered_at=new.registered_at,
    )
    return bool((await tx.execute(statement.on_conflict_do_nothing())).rowcount)


async def by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Premises | None]:
    rows = await tx.execute(select(premises).where(premises.c.id.in_(ids)))
    found = {row.id: _premises(row) for row in rows}
    return [found.get(premises_id) for premises_id in ids]


async def by_id(tx: AsyncConnection, premises_id: str) -> Premises | None:
    (found,) = await by_ids(tx, [premises_id])
    return found


async def known(tx: AsyncConnection, premises_id: str) -> Premises:
    """Those premises; they are there."""
    return _premises((await tx.execute(select(premises).where(premises.c.id == premises_id))).one())


async def of_location(tx: AsyncConnection, *, location_id: str, limit: int, after: str | None) -> Sequence[Premises]:
    """What the location operates, or is or was in, by id."""
    within = select(tenancy.c.premises_id).where(tenancy.c.tenant_id == location_id)
    statement = (
        select(premises)
        .where(or_(premises.c.location_id == location_id, premises.c.id.in_(within)))
        .order_by(premises.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(premises.c.id > after)
    return [_premises(row) for row in await tx.execute(statement)]


def _tenancy(row: AnyRow) -> Tenancy:
    return Tenancy(
        id=row.id,
        premises_id=row.premises_id,
        tenant_id=row.tenant_id,
        outside_party=row.outside_party,
        net_area_m2=row.net_area_m2,
        occupancy=row.occupancy,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        replaces_id=row.replaces_id,
        reason=row.reason,
        set_by=Person(subject=row.set_by_subject, name=row.set_by),
        set_at=row.set_at,
        holds=row.holds,
    )


async def add_tenancy(tx: AsyncConnection, new: Tenancy, *, of: Premises) -> None:
    """With it, the one that it replaces holds no more."""
    if new.replaces_id is not None:
        await tx.execute(update(tenancy).where(tenancy.c.id == new.replaces_id).values(holds=False))
    await tx.execute(
        insert(tenancy).values(
            id=new.id,
            premises_id=of.id,
            location_id=of.location_id,
            tenant_id=new.tenant_id,
            outside_party=new.outside_party,
            net_area_m2=new.net_area_m2,
            occupancy=new.occupancy,
            valid_from=new.valid_from,
            valid_to=new.valid_to,
            replaces_id=new.replaces_id,
            reason=new.reason,
            set_by=new.set_by.name,
            set_by_subject=new.set_by.subject,
            set_at=new.set_at,
        )
    )


async def tenancy_by_id(tx: AsyncConnection, tenancy_id: str) -> Tenancy | None:
    row = (await tx.execute(select(tenancy).where(tenancy.c.id == tenancy_id))).one_or_none()
    return None if row is None else _tenancy(row)


async def known_tenancy(tx: AsyncConnection, tenancy_id: str) -> Tenancy:
    """That tenancy; it is there."""
    return _tenancy((await tx.execute(select(tenancy).where(tenancy.c.id == tenancy_id))).one())


async def tenancies_of(tx: AsyncConnection, premises_ids: Sequence[str]) -> Sequence[Sequence[Tenancy]]:
    """Of each premises those that the caller may see, in the order in which they were set; replaced ones too."""
    rows = await tx.execute(select(tenancy).where(tenancy.c.premises_id.in_(premises_ids)).order_by(tenancy.c.id))
    found: dict[str, list[Tenancy]] = {premises_id: [] for premises_id in premises_ids}
    for row in rows:
        found[row.premises_id].append(_tenancy(row))
    return [found[premises_id] for premises_id in premises_ids]


def _reading(row: AnyRow) -> MeterReading:
    return MeterReading(
        id=row.id,
        premises_id=row.premises_id,
        meter=row.meter,
        utility=Utility(row.utility),
        item=row.item,
        period=Period(start=row.period_start, end=row.period_end),
        amount=Quantity(row.amount, row.unit),
        quality=DataQuality(row.quality),
        supersedes_id=row.supersedes_id,
        reason=row.reason,
        recorded_by=Person(subject=row.recorded_by_subject, name=row.recorded_by),
        recorded_at=row.recorded_at,
        holds=row.holds,
    )


async def add_reading(tx: AsyncConnection, new: MeterReading, *, of: Premises) -> None:
    """With it, the one that it supersedes holds no more."""
    if new.supersedes_id is not None:
        await tx.execute(update(meter_reading).where(meter_reading.c.id == new.supersedes_id).values(holds=False))
    await tx.execute(
        insert(meter_reading).values(
            id=new.id,
            premises_id=of.id,
            location_id=of.location_id,
            meter=new.meter,
            utility=new.utility,
            category=new.category,
            item=new.item,
            period_start=new.period.start,
            period_end=new.period.end,
            amount=new.amount.value,
            unit=new.amount.unit.value,
            quality=new.quality,
            supersedes_id=new.supersedes_id,
            reason=new.reason,
            recorded_by=new.recorded_by.name,
            recorded_by_subject=new.recorded_by.subject,
            recorded_at=new.recorded_at,
        )
    )


async def reading_by_id(tx: AsyncConnection, reading_id: str) -> MeterReading | None:
    row = (await tx.execute(select(meter_reading).where(meter_reading.c.id == reading_id))).one_or_none()
    return None if row is None else _reading(row)


async def known_reading(tx: AsyncConnection, reading_id: str) -> MeterReading:
    """That reading; it is there."""
    return _reading((await tx.execute(select(meter_reading).where(meter_reading.c.id == reading_id))).one())


async def readings_of_meter(tx: AsyncConnection, *, premises_id: str, meter: str) -> Sequence[MeterReading]:
    """Those that hold, by their days."""
    rows = await tx.execute(
        select(meter_reading)
        .where(meter_reading.c.premises_id == premises_id, meter_reading.c.meter == meter, meter_reading.c.holds)
        .order_by(meter_reading.c.period_start)
    )
    return [_reading(row) for row in rows]


_OF_YEARS = text(
    "SELECT a.year, r.* FROM unnest(CAST(:premises AS text[]), CAST(:years AS integer[])) AS a (premises_id, year)"
    " JOIN meter_reading r ON r.premises_id = a.premises_id AND r.holds"
    " AND r.period_start < make_date(a.year + 1, 1, 1) AND r.period_end > make_date(a.year, 1, 1)"
    " ORDER BY r.utility, r.meter, r.period_start"
)


async def readings_of(tx: AsyncConnection, of: Sequence[tuple[str, int]]) -> Sequence[Sequence[MeterReading]]:
    """Of each (premises, year), those that hold and have a day in it, by utility, meter and days."""
    asked = sorted(set(of))
    rows = await tx.execute(
        _OF_YEARS, {"premises": [premises_id for premises_id, _ in asked], "years": [year for _, year in asked]}
    )
    found: dict[tuple[str, int], list[MeterReading]] = {key: [] for key in asked}
    for row in rows:
        found[row.premises_id, row.year].append(_reading(row))
    return [found[key] for key in of]


async def readings_ever(tx: AsyncConnection, premises_id: str) -> Sequence[MeterReading]:
    """Superseded ones too."""
    rows = await tx.execute(select(meter_reading).where(meter_reading.c.premises_id == premises_id))
    return [_reading(row) for row in rows]


async def readings_page(
    tx: AsyncConnection, *, premises_id: str, limit: int, after: str | None
) -> Sequence[MeterReading]:
    """Every reading that the caller may see, in the order of recording; superseded ones too."""
    statement = (
        select(meter_reading)
        .where(meter_reading.c.premises_id == premises_id)
        .order_by(meter_reading.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(meter_reading.c.id > after)
    return [_reading(row) for row in await tx.execute(statement)]
