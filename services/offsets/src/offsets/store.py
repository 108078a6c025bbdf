"""Every SQL statement of *offsets*. Row security narrows each to what the transaction may see."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, Row, Select, Table, and_, func, insert, select, text
from sqlalchemy.dialects.postgresql import Range, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from offsets.domain.credit import CreditBatch, Retirement, SerialRange, Series
from offsets.domain.errors import SerialsAlreadyHeld, SerialsAlreadyRetired
from offsets.domain.need import OffsetNeed
from offsets.domain.position import OffsetPosition
from offsets.domain.purchase import Action, Purchase, PurchaseStep
from offsets.domain.statement import NeutralityStatement, Status
from offsets.tables import (
    credit_batch,
    neutrality_statement,
    offset_need,
    purchase,
    purchase_step,
    retirement,
    serial_series,
)
from quantities.person import Person

__all__ = [
    "add_batch",
    "add_need",
    "add_purchase",
    "add_retirement",
    "add_statement",
    "add_step",
    "batch_for_retirement",
    "batches",
    "batches_by_purchase",
    "batches_page",
    "lock_position",
    "lock_series",
    "newest_need",
    "newest_statement",
    "positions",
    "purchase_for_step",
    "purchases",
    "purchases_page",
    "retired_tonnes",
    "retirements",
    "retirements_page",
    "statements",
]

Item = TypeVar("Item")

_EXCLUSION_VIOLATION = "23P01"


async def _lock(tx: AsyncConnection, key: str) -> None:
    """Until the transaction ends, nobody else holds this key. FOR UPDATE would need the right to update."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def _is_exclusion(error: IntegrityError) -> bool:
    return getattr(error.orig, "sqlstate", None) == _EXCLUSION_VIOLATION


def _by_id(ids: Sequence[str], found: Iterable[tuple[str, Item]]) -> list[Item | None]:
    items = dict(found)
    return [items.get(key) for key in ids]


def _first_of_each(
    source: Table | Select[Any], location_ids: Sequence[str], *, limit: int, after: str | None, year: int | None = None
) -> Select[Any]:
    """For each location its first `limit` rows with an id above `after`."""
    rows: FromClause = source if isinstance(source, Table) else source.subquery()
    wanted: list[ColumnElement[bool]] = [rows.c.location_id.in_(location_ids)]
    wanted += [rows.c.id > after] if after else []
    wanted += [rows.c.year == year] if year is not None else []
    place = func.row_number().over(partition_by=rows.c.location_id, order_by=rows.c.id).label("place")
    ranked = select(rows, place).where(and_(*wanted)).subquery()
    return (
        select(*(ranked.c[column.name] for column in rows.c))
        .where(ranked.c.place <= limit)
        .order_by(ranked.c.location_id, ranked.c.id)
    )


def _per_location(
    location_ids: Sequence[str], items: Iterable[Item], *, at: Callable[[Item], str]
) -> Sequence[Sequence[Item]]:
    found: dict[str, list[Item]] = {location_id: [] for location_id in location_ids}
    for item in items:
        found[at(item)].append(item)
    return [found[location_id] for location_id in location_ids]


# Needs.


async def lock_position(tx: AsyncConnection, *, location_id: str, year: int) -> None:
    """One change of a location and year at a time: its needs, its retired tonnes, its statements."""
    await _lock(tx, f"position {location_id} {year}")


async def add_need(tx: AsyncConnection, new: OffsetNeed) -> bool:
    """Whether it is new: an inventory version leaves its need once."""
    statement = upsert(offset_need).values(**asdict(new)).on_conflict_do_nothing()
    return bool((await tx.execute(statement)).rowcount)


async def newest_need(tx: AsyncConnection, *, location_id: str, year: int) -> OffsetNeed | None:
    row = (
        await tx.execute(
            select(offset_need)
            .where(offset_need.c.location_id == location_id, offset_need.c.year == year)
            .order_by(offset_need.c.inventory_version.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else OffsetNeed(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented mapping


async def positions(tx: AsyncConnection, location_ids: Sequence[str], *, year: int) -> Sequence[OffsetPosition | None]:
    """For each location its need by the newest inventory version, what is retired, and the newest statement."""
    need = (
        select(offset_need)
        .ext(distinct_on(offset_need.c.location_id))
        .where(offset_need.c.location_id.in_(location_ids), offset_need.c.year == year)
        .order_by(offset_need.c.location_id, offset_need.c.inventory_version.desc())
        .subquery()
    )
    retired = (
        select(retirement.c.location_id, _tonnes_of(retirement).label("tonnes"))
        .where(retirement.c.location_id.in_(location_ids), retirement.c.year == year)
        .group_by(retirement.c.location_id)
        .subquery()
    )
    statement = (
        select(neutrality_statement)
        .ext(distinct_on(neutrality_statement.c.location_id))
        .where(neutrality_statement.c.location_id.in_(location_ids), neutrality_statement.c.year == year)
        .order_by(neutrality_statement.c.location_id, neutrality_statement.c.number.desc())
        .subquery()
    )
    rows = await tx.execute(
        select(
            *need.c,
            func.coalesce(retired.c.tonnes, 0).label("retired_tonnes"),
            *(column.label(f"statement_{column.name}") for column in statement.c),
        )
        .outerjoin_from(need, retired, retired.c.location_id == need.c.location_id)
        .outerjoin(statement, statement.c.location_id == need.c.location_id)
    )
    return _by_id(location_ids, ((row.location_id, _position(row._mapping)) for row in rows))  # noqa: SLF001 - as above


def _position(values: Any) -> OffsetPosition:
    stated = {column.name: values[f"statement_{column.name}"] for column in neutrality_statement.c}
    return OffsetPosition(
        need=OffsetNeed(**{column.name: values[column.name] for column in offset_need.c}),
        retired_tonnes=int(values["retired_tonnes"]),
        statement=_statement(stated) if stated["id"] is not None else None,
    )


# Purchases.


async def add_purchase(tx: AsyncConnection, new: Purchase) -> None:
    await tx.execute(
        insert(purchase).values(
            id=new.id,
            location_id=new.location_id,
            year=new.year,
            tonnes=new.tonnes,
            justification=new.justification,
            requested_by_subject=new.requested_by.subject,
            requested_by=new.requested_by.name,
            requested_at=new.requested_at,
        )
    )


async def purchase_for_step(tx: AsyncConnection, purchase_id: str) -> Purchase | None:
    """The purchase as it stands now; nobody else takes a step on it until this transaction ends."""
    await _lock(tx, f"purchase {purchase_id}")
    (found,) = await purchases(tx, [purchase_id])
    return found


async def add_step(tx: AsyncConnection, changed: Purchase) -> None:
    """Keep the last step."""
    last = changed.steps[-1]
    await tx.execute(
        insert(purchase_step).values(
            purchase_id=changed.id,
            step=len(changed.steps),
            location_id=changed.location_id,
            action=last.action,
            by_subject=last.by.subject,
            by=last.by.name,
            at=last.at,
            reason=last.reason,
        )
    )


async def purchases(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Purchase | None]:
    rows = (await tx.execute(select(purchase).where(purchase.c.id.in_(ids)))).all()
    return _by_id(ids, ((item.id, item) for item in await _with_steps(tx, rows)))


async def purchases_page(
    tx: AsyncConnection, location_ids: Sequence[str], *, limit: int, after: str | None
) -> Sequence[Sequence[Purchase]]:
    """For each location its first `limit` purchases with an id above `after`."""
    rows = (await tx.execute(_first_of_each(purchase, location_ids, limit=limit, after=after))).all()
    return _per_location(location_ids, await _with_steps(tx, rows), at=lambda item: item.location_id)


async def _with_steps(tx: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Purchase]:
    if not rows:
        return []
    steps: dict[str, list[PurchaseStep]] = {row.id: [] for row in rows}
    found = await tx.execute(
        select(purchase_step).where(purchase_step.c.purchase_id.in_(list(steps))).order_by(purchase_step.c.step)
    )
    for row in found:
        by = Person(subject=row.by_subject, name=row.by)
        steps[row.purchase_id].append(PurchaseStep(action=Action(row.action), by=by, at=row.at, reason=row.reason))
    return [
        Purchase(
            id=row.id,
            location_id=row.location_id,
            year=row.year,
            tonnes=row.tonnes,
            justification=row.justification,
            requested_by=Person(subject=row.requested_by_subject, name=row.requested_by),
            requested_at=row.requested_at,
            steps=tuple(steps[row.id]),
        )
        for row in rows
    ]


# The credits ledger.


def _tonnes_of(table: Table) -> Any:
    """Sum of the tonnes in `serials`: one serial is one tonne."""
    return func.coalesce(func.sum(func.upper(table.c.serials) - func.lower(table.c.serials)), 0)


async def _series_no(tx: AsyncConnection, series: Series) -> int:
    registry_key, project_key, vintage = series.key
    key = {"registry_key": registry_key, "project_key": project_key, "vintage": vintage}
    await tx.execute(upsert(serial_series).values(**key).on_conflict_do_nothing())
    found = await tx.scalar(
        select(serial_series.c.series_no).where(*(serial_series.c[name] == value for name, value in key.items()))
    )
    if found is None:
        message = f"series {series} is neither there nor could it be added"
        raise RuntimeError(message)
    return int(found)


async def lock_series(tx: AsyncConnection, series_no: int) -> None:
    """One deliverer of a series at a time: two that insert overlapping ranges at once would wait for each other."""
    await _lock(tx, f"series {series_no}")


async def add_batch(tx: AsyncConnection, new: CreditBatch) -> None:
    """Refuses: SerialsAlreadyHeld, when any batch of any location has one of the serials."""
    series_no = await _series_no(tx, new.series)
    await lock_series(tx, series_no)
    try:
        await tx.execute(
            insert(credit_batch).values(
                id=new.id,
                purchase_id=new.purchase_id,
                location_id=new.location_id,
                year=new.year,
                **asdict(new.series),
                series_no=series_no,
                serials=_range(new.serials),
                price_per_tonne=new.price_per_tonne,
                currency=new.currency,
                delivered_at=new.delivered_at,
            )
        )
    except IntegrityError as error:
        if not _is_exclusion(error):
            raise
        # Which batch, and whose, stays unsaid: it may be another location's.
        raise SerialsAlreadyHeld(
            subject=f"{new.series} {new.serials}",
            found="serials that the ledger holds already",
            expected="serials that it has never held",
            message=f"Some of {new.series} {new.serials} are in the ledger already; a credit is bought once.",
        ) from None


def _batches() -> Select[Any]:
    retired = (
        select(_tonnes_of(retirement))
        .where(retirement.c.batch_id == credit_batch.c.id)
        .scalar_subquery()
        .label("retired_tonnes")
    )
    return select(credit_batch, retired)


def _batch(row: Row[Any]) -> CreditBatch:
    return CreditBatch(
        id=row.id,
        purchase_id=row.purchase_id,
        location_id=row.location_id,
        year=row.year,
        series=_series(row),
        serials=_serials(row.serials),
        price_per_tonne=row.price_per_tonne,
        currency=row.currency,
        delivered_at=row.delivered_at,
        retired_tonnes=int(row.retired_tonnes),
    )


async def batch_for_retirement(tx: AsyncConnection, batch_id: str) -> CreditBatch | None:
    """The batch as it stands now; nobody else retires from it until this transaction ends."""
    await _lock(tx, f"batch {batch_id}")
    (found,) = await batches(tx, [batch_id])
    return found


async def batches(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[CreditBatch | None]:
    rows = await tx.execute(_batches().where(credit_batch.c.id.in_(ids)))
    return _by_id(ids, ((row.id, _batch(row)) for row in rows))


async def batches_by_purchase(tx: AsyncConnection, purchase_ids: Sequence[str]) -> Sequence[CreditBatch | None]:
    rows = await tx.execute(_batches().where(credit_batch.c.purchase_id.in_(purchase_ids)))
    return _by_id(purchase_ids, ((row.purchase_id, _batch(row)) for row in rows))


async def batches_page(
    tx: AsyncConnection, location_ids: Sequence[str], *, limit: int, after: str | None
) -> Sequence[Sequence[CreditBatch]]:
    """For each location its first `limit` batches with an id above `after`."""
    rows = await tx.execute(_first_of_each(_batches(), location_ids, limit=limit, after=after))
    return _per_location(location_ids, (_batch(row) for row in rows), at=lambda item: item.location_id)


async def add_retirement(tx: AsyncConnection, new: Retirement) -> None:
    """Refuses: SerialsAlreadyRetired. Serials that no batch holds are a bug, and the database's error says so."""
    series_no = await tx.scalar(select(credit_batch.c.series_no).where(credit_batch.c.id == new.batch_id))
    try:
        await tx.execute(
            insert(retirement).values(
                id=new.id,
                batch_id=new.batch_id,
                location_id=new.location_id,
                year=new.year,
                **asdict(new.series),
                series_no=series_no,
                serials=_range(new.serials),
                retired_by_subject=new.retired_by.subject,
                retired_by=new.retired_by.name,
                retired_at=new.retired_at,
            )
        )
    except IntegrityError as error:
        if not _is_exclusion(error):
            raise
        raise SerialsAlreadyRetired(
            subject=f"{new.series} {new.serials}",
            found="serials that are retired already",
            expected="serials that never were",
            message=f"Some of {new.series} {new.serials} are retired already; retirement happens once.",
        ) from None


async def retired_tonnes(tx: AsyncConnection, *, location_id: str, year: int) -> int:
    """tCO2e retired for a location and year."""
    found = await tx.scalar(
        select(_tonnes_of(retirement)).where(retirement.c.location_id == location_id, retirement.c.year == year)
    )
    return int(found or 0)


def _retirement(row: Row[Any]) -> Retirement:
    return Retirement(
        id=row.id,
        batch_id=row.batch_id,
        location_id=row.location_id,
        year=row.year,
        series=_series(row),
        serials=_serials(row.serials),
        retired_by=Person(subject=row.retired_by_subject, name=row.retired_by),
        retired_at=row.retired_at,
    )


async def retirements(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Retirement | None]:
    rows = await tx.execute(select(retirement).where(retirement.c.id.in_(ids)))
    return _by_id(ids, ((row.id, _retirement(row)) for row in rows))


async def retirements_page(
    tx: AsyncConnection, location_ids: Sequence[str], *, limit: int, after: str | None, year: int | None
) -> Sequence[Sequence[Retirement]]:
    """For each location its first `limit` retirements (of that year, or all) with an id above `after`."""
    rows = await tx.execute(_first_of_each(retirement, location_ids, limit=limit, after=after, year=year))
    return _per_location(location_ids, (_retirement(row) for row in rows), at=lambda item: item.location_id)


def _range(serials: SerialRange) -> Range[int]:
    return Range(serials.first, serials.last, bounds="[]")


def _serials(found: Range[int]) -> SerialRange:
    # PostgreSQL gives every range of integers as [first, last + 1).
    if found.lower is None or found.upper is None:
        message = "a serial range has two ends"
        raise ValueError(message)
    return SerialRange(first=found.lower, last=found.upper - 1)


def _series(row: Row[Any]) -> Series:
    return Series(registry=row.registry, project=row.project, vintage=row.vintage)


# Statements.


def _statement(values: Any) -> NeutralityStatement:
    return NeutralityStatement(**{**values, "status": Status(values["status"])})


async def add_statement(tx: AsyncConnection, new: NeutralityStatement) -> None:
    await tx.execute(insert(neutrality_statement).values(**asdict(new)))


async def newest_statement(tx: AsyncConnection, *, location_id: str, year: int) -> NeutralityStatement | None:
    row = (
        await tx.execute(
            select(neutrality_statement)
            .where(neutrality_statement.c.location_id == location_id, neutrality_statement.c.year == year)
            .order_by(neutrality_statement.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else _statement(row._mapping)  # noqa: SLF001 - as above


async def statements(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[NeutralityStatement | None]:
    rows = await tx.execute(select(neutrality_statement).where(neutrality_statement.c.id.in_(ids)))
    return _by_id(ids, ((row.id, _statement(row._mapping)) for row in rows))  # noqa: SLF001 - as above
