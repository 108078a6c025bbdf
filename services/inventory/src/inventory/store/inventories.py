"""SQL of inventories: their versions, steps, totals and indicators."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import MAX_PREC, Decimal, localcontext
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, func, insert, literal, select, union, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location_closure
from inventory.domain.activity_data import Category
from inventory.domain.edition import CURRENT
from inventory.domain.inventory import Action, Cause, Correction, Inventory, State, Step, Totals
from inventory.domain.method import Indicator
from inventory.tables import (
    activity_record,
    inventory,
    inventory_coverage,
    inventory_final_total,
    inventory_gas_total,
    inventory_indicator,
    inventory_market_total,
    inventory_site,
    inventory_step,
    inventory_total,
    source_statement,
)
from quantities.person import Person

__all__ = [
    "add",
    "add_final_totals",
    "add_indicators",
    "add_sites",
    "by_id",
    "by_ids",
    "by_location_years",
    "corrections_of",
    "first_drafts_between",
    "for_update",
    "indicators_of",
    "newest_final_under",
    "newest_for_update",
    "newest_id",
    "newest_version",
    "of_location",
    "record_count",
    "save_step",
    "sites_by_category",
    "totals_of",
    "version_of",
]

AnyRow = Row[*tuple[Any, ...]]

_HEAD = select(inventory)


async def _whole(tx: AsyncConnection, heads: Sequence[AnyRow]) -> list[Inventory]:
    steps: dict[str, list[Step]] = {row.id: [] for row in heads}
    found = await tx.execute(
        select(inventory_step)
        .where(inventory_step.c.inventory_id.in_(steps))
        .order_by(inventory_step.c.inventory_id, inventory_step.c.step)
    )
    for row in found:
        steps[row.inventory_id].append(
            Step(
                action=Action(row.action),
                by=Person(subject=row.by_subject, name=row.by),
                at=row.at,
                reasons=row.reasons,
            )
        )
    return [
        Inventory(
            id=row.id,
            location_id=row.location_id,
            year=row.year,
            version=row.version,
            state=State(row.state),
            steps=tuple(steps[row.id]),
            factor_edition=row.factor_edition,
            correction=_correction(row),
        )
        for row in heads
    ]


def _correction(row: AnyRow) -> Correction | None:
    if row.corrects_id is None:
        return None
    return Correction(
        corrects_id=row.corrects_id,
        cause=Cause(row.cause),
        reason=row.reason,
        opened_by=Person(subject=row.opened_by_subject, name=row.opened_by),
    )


async def newest_for_update(tx: AsyncConnection, *, location_id: str, year: int) -> Inventory | None:
    """The newest version, locked until the transaction ends."""
    heads = (
        await tx.execute(
            _HEAD.where(inventory.c.location_id == location_id, inventory.c.year == year)
            .order_by(inventory.c.version.desc())
            .limit(1)
            .with_for_update()
        )
    ).all()
    return (await _whole(tx, heads))[0] if heads else None


async def for_update(tx: AsyncConnection, inventory_id: str) -> Inventory | None:
    """That version, locked until the transaction ends."""
    heads = (await tx.execute(_HEAD.where(inventory.c.id == inventory_id).with_for_update())).all()
    return (await _whole(tx, heads))[0] if heads else None


async def by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Inventory | None]:
    heads = (await tx.execute(_HEAD.where(inventory.c.id.in_(ids)))).all()
    found = {item.id: item for item in await _whole(tx, heads)}
    return [found.get(inventory_id) for inventory_id in ids]


async def by_location_years(tx: AsyncConnection, keys: Sequence[tuple[str, int]]) -> Sequence[Inventory | None]:
    """The newest visible version of each (location, year)."""
    heads = (
        await tx.execute(
            _HEAD.ext(distinct_on(inventory.c.location_id, inventory.c.year))
            .where(
                inventory.c.location_id.in_({location_id for location_id, _ in keys}),
                inventory.c.year.in_({year for _, year in keys}),
            )
            .order_by(inventory.c.location_id, inventory.c.year, inventory.c.version.desc())
        )
    ).all()
    found = {(item.location_id, item.year): item for item in await _whole(tx, heads)}
    return [found.get(key) for key in keys]


async def first_drafts_between(
    tx: AsyncConnection, *, above: str, sites: Collection[str], year: int
) -> Sequence[Inventory]:
    """Inventories that were never final, of these sites and of what is above them, all of them under one location."""
    if not sites:
        return []
    under = select(location_closure.c.descendant_id).where(location_closure.c.ancestor_id == above)
    over = select(location_closure.c.ancestor_id).where(location_closure.c.descendant_id.in_(sites))
    heads = (
        await tx.execute(
            _HEAD.where(
                inventory.c.year == year,
                inventory.c.state != State.FINAL,
                inventory.c.corrects_id.is_(None),
                inventory.c.location_id != above,
                inventory.c.location_id.in_(under),
                inventory.c.location_id.in_(over),
            ).order_by(inventory.c.id)
        )
    ).all()
    return await _whole(tx, heads)


async def version_of(
    tx: AsyncConnection, *, location_id: str, year: int, version: int | None, as_of: datetime | None
) -> Inventory | None:
    """That version; or the newest one, by what was final at an instant where one is given."""
    statement = _HEAD.where(inventory.c.location_id == location_id, inventory.c.year == year)
    if version is not None:
        statement = statement.where(inventory.c.version == version)
    if as_of is not None:
        statement = statement.where(inventory.c.final_at <= as_of)
    heads = (await tx.execute(statement.order_by(inventory.c.version.desc()).limit(1))).all()
    return next(iter(await _whole(tx, heads)), None)


async def newest_id(tx: AsyncConnection, *, location_id: str, year: int) -> str | None:
    """The newest version, as it is now."""
    found: str | None = await tx.scalar(
        select(inventory.c.id)
        .where(inventory.c.location_id == location_id, inventory.c.year == year)
        .order_by(inventory.c.version.desc())
        .limit(1)
    )
    return found


async def newest_version(tx: AsyncConnection, *, location_id: str, year: int) -> int:
    """Its number. There is one."""
    newest = await tx.execute(
        select(inventory.c.version)
        .where(inventory.c.location_id == location_id, inventory.c.year == year)
        .order_by(inventory.c.version.desc())
        .limit(1)
    )
    return int(newest.scalar_one())


async def corrections_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[Inventory | None]:
    """The version that corrects each, None for the newest."""
    heads = (await tx.execute(_HEAD.where(inventory.c.corrects_id.in_(inventory_ids)))).all()
    found = {item.correction.corrects_id: item for item in await _whole(tx, heads) if item.correction}
    return [found.get(inventory_id) for inventory_id in inventory_ids]


async def of_location(tx: AsyncConnection, *, location_id: str, limit: int, after: str | None) -> Sequence[Inventory]:
    """Every version of a location by id, which is the order in which they were opened."""
    statement = _HEAD.where(inventory.c.location_id == location_id).order_by(inventory.c.id).limit(limit)
    if after is not None:
        statement = statement.where(inventory.c.id > after)
    return await _whole(tx, (await tx.execute(statement)).all())


async def newest_final_under(
    tx: AsyncConnection, *, location_id: str, year: int | None, limit: int, after: str | None
) -> Sequence[Inventory]:
    """Final versions that no final one follows, at a location and under it, where every line may be read; by id."""
    later = inventory.alias("later")
    followed = select(later.c.id).where(later.c.corrects_id == inventory.c.id, later.c.state == State.FINAL)
    under = select(location_closure.c.descendant_id)
    setting = func.nullif(func.current_setting("app.sensitive_roots", literal(value=True)), "")
    readable = under.where(location_closure.c.ancestor_id == func.any(func.string_to_array(setting, ",")))
    # Lines of a site that has moved away since may be hidden from who reads all at the location: sums would lack them.
    seen = select(func.count()).where(
        activity_record.c.inventory_id == inventory.c.id, activity_record.c.coefficient_id.is_not(None)
    )
    counted = select(func.coalesce(func.sum(inventory_total.c.records), 0)).where(
        inventory_total.c.inventory_id == inventory.c.id
    )
    statement = (
        _HEAD.where(
            inventory.c.state == State.FINAL,
            ~followed.exists(),
            seen.scalar_subquery() == counted.scalar_subquery(),
            inventory.c.location_id.in_(under.where(location_closure.c.ancestor_id == location_id)),
            inventory.c.location_id.in_(readable),
        )
        .order_by(inventory.c.id)
        .limit(limit)
    )
    if year is not None:
        statement = statement.where(inventory.c.year == year)
    if after is not None:
        statement = statement.where(inventory.c.id > after)
    return await _whole(tx, (await tx.execute(statement)).all())


async def add(tx: AsyncConnection, new: Inventory, *, gwp_set: str, by: Person, at: datetime) -> bool:
    """Whether it is new: False where somebody opened one meanwhile."""
    correction = new.correction
    statement = upsert(inventory).values(
        id=new.id,
        location_id=new.location_id,
        year=new.year,
        version=new.version,
        state=new.state,
        gwp_set=gwp_set,
        method_edition=CURRENT.name,
        factor_edition=new.factor_edition,
        opened_by=by.name,
        opened_by_subject=by.subject,
        opened_at=at,
        corrects_id=correction.corrects_id if correction else None,
        cause=correction.cause if correction else None,
        reason=correction.reason if correction else None,
    )
    return bool((await tx.execute(statement.on_conflict_do_nothing())).rowcount)


async def save_step(tx: AsyncConnection, changed: Inventory) -> None:
    """Its newest step, and the state that follows."""
    step = changed.steps[-1]
    await tx.execute(
        insert(inventory_step).values(
            inventory_id=changed.id,
            step=len(changed.steps),
            location_id=changed.location_id,
            action=step.action,
            by=step.by.name,
            by_subject=step.by.subject,
            at=step.at,
            reasons=step.reasons,
        )
    )
    final_at = step.at if changed.state == State.FINAL else None
    await tx.execute(
        update(inventory).where(inventory.c.id == changed.id).values(state=changed.state, final_at=final_at)
    )


async def add_sites(tx: AsyncConnection, final: Inventory) -> None:
    """Where something of it was recorded, or of the version that it takes the place of."""
    of = [final.id] if final.correction is None else [final.id, final.correction.corrects_id]
    kept = [
        # Totals know no line that counts no emission.
        select(table.c.location_id).where(table.c.inventory_id.in_(of))
        for table in (inventory_total, inventory_coverage, source_statement)
    ]
    found = union(*kept).subquery()
    sites = select(
        literal(final.id),
        found.c.location_id,
        literal(final.location_id),
        literal(final.year),
        literal(final.version),
    )
    columns = ["inventory_id", "location_id", "of_location_id", "year", "version"]
    await tx.execute(insert(inventory_site).from_select(columns, sites))


async def add_final_totals(tx: AsyncConnection, final: Inventory) -> None:
    """Its totals over all its sites, as they stay."""
    of = inventory_total.c
    summed = (
        select(
            of.inventory_id,
            of.scope,
            of.category,
            of.optional,
            func.sum(of.co2e_kg),
            func.sum(of.biogenic_co2_kg),
            func.sum(of.records),
        )
        .where(of.inventory_id == final.id)
        .group_by(of.inventory_id, of.scope, of.category, of.optional)
        # Read in this order, they need no sorting.
        .order_by(of.category)
    )
    await tx.execute(insert(inventory_final_total).from_select(list(inventory_final_total.c.keys()), summed))


async def record_count(tx: AsyncConnection, inventory_id: str) -> int:
    count = await tx.scalar(
        select(func.count()).select_from(activity_record).where(activity_record.c.inventory_id == inventory_id)
    )
    return int(count or 0)


async def totals_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[Totals]:
    """Totals of each inventory, from the rollup; by gas where the caller may see the lines."""
    rows = (
        await tx.execute(
            select(
                inventory_total.c.inventory_id,
                inventory_total.c.scope,
                inventory_total.c.category,
                inventory_total.c.optional,
                func.sum(inventory_total.c.co2e_kg).label("co2e_kg"),
                func.sum(inventory_total.c.biogenic_co2_kg).label("biogenic_co2_kg"),
            )
            .where(inventory_total.c.inventory_id.in_(inventory_ids))
            .group_by(
                inventory_total.c.inventory_id,
                inventory_total.c.scope,
                inventory_total.c.category,
                inventory_total.c.optional,
            )
        )
    ).all()
    gases = await _kg_by_gas(tx, inventory_ids)
    market = await _market_kg(tx, inventory_ids)
    return [
        _totals(
            [row for row in rows if row.inventory_id == inventory_id],
            gases.get(inventory_id, {}),
            market.get(inventory_id),
        )
        for inventory_id in inventory_ids
    ]


async def _kg_by_gas(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, dict[str, Decimal]]:
    rows = await tx.execute(
        select(inventory_gas_total.c.inventory_id, inventory_gas_total.c.gas, func.sum(inventory_gas_total.c.kg))
        .where(inventory_gas_total.c.inventory_id.in_(inventory_ids), ~inventory_gas_total.c.optional)
        .group_by(inventory_gas_total.c.inventory_id, inventory_gas_total.c.gas)
    )
    found: dict[str, dict[str, Decimal]] = {}
    for inventory_id, gas, kg in rows:
        found.setdefault(inventory_id, {})[gas] = kg
    return found


async def _market_kg(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, Decimal]:
    """Scope 2 by the market-based method, of final versions."""
    rows = await tx.execute(
        select(inventory_market_total.c.inventory_id, func.sum(inventory_market_total.c.co2e_kg))
        .where(inventory_market_total.c.inventory_id.in_(inventory_ids))
        .group_by(inventory_market_total.c.inventory_id)
    )
    return {inventory_id: kg for inventory_id, kg in rows}  # noqa: C416 - rows are no pairs to the type checker


def _totals(rows: Sequence[AnyRow], kg_by_gas: Mapping[str, Decimal], market_kg: Decimal | None) -> Totals:
    by_scope: dict[int, Decimal] = {}
    by_category: dict[Category, Decimal] = {}
    optional: dict[Category, Decimal] = {}
    # The database has every digit of the lines; a sum in Python's 28 would have fewer.
    with localcontext(prec=MAX_PREC):
        for row in rows:
            if row.optional:
                optional[Category(row.category)] = row.co2e_kg
                continue
            by_scope[row.scope] = by_scope.get(row.scope, Decimal(0)) + row.co2e_kg
            by_category[Category(row.category)] = row.co2e_kg
        return Totals(
            co2e_kg=sum(by_scope.values(), start=Decimal(0)),
            co2e_kg_by_scope=MappingProxyType(by_scope),
            co2e_kg_by_category=MappingProxyType(by_category),
            kg_by_gas=MappingProxyType(dict(kg_by_gas)),
            optional_co2e_kg=sum(optional.values(), start=Decimal(0)),
            optional_co2e_kg_by_category=MappingProxyType(optional),
            biogenic_co2_kg=sum((row.biogenic_co2_kg for row in rows), start=Decimal(0)),
            scope2_market_co2e_kg=market_kg,
        )


async def sites_by_category(tx: AsyncConnection, inventory_id: str) -> Mapping[Category, int]:
    """How many locations used some of each category."""
    rows = await tx.execute(
        select(activity_record.c.category, func.count(activity_record.c.location_id.distinct()).label("sites"))
        .where(activity_record.c.inventory_id == inventory_id, activity_record.c.amount > 0)
        .group_by(activity_record.c.category)
    )
    return {Category(row.category): row.sites for row in rows}


async def add_indicators(
    tx: AsyncConnection, of: Inventory, found: Sequence[Indicator], *, open_to_all: Sequence[Indicator]
) -> None:
    """All that were found; those that are not open to all are shown to the capability alone."""
    if found:
        await tx.execute(
            insert(inventory_indicator),
            [
                {
                    "inventory_id": of.id,
                    "location_id": of.location_id,
                    "indicator": item.name,
                    "value": item.value,
                    "unit": item.unit,
                    "open_to_all": item in open_to_all,
                }
                for item in found
            ],
        )


async def indicators_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[Sequence[Indicator]]:
    rows = await tx.execute(
        select(inventory_indicator)
        .where(inventory_indicator.c.inventory_id.in_(inventory_ids))
        .order_by(inventory_indicator.c.indicator)
    )
    found: dict[str, list[Indicator]] = {inventory_id: [] for inventory_id in inventory_ids}
    for row in rows:
        found[row.inventory_id].append(Indicator(name=row.indicator, value=row.value, unit=row.unit))
    return [found[inventory_id] for inventory_id in inventory_ids]


async def by_id(tx: AsyncConnection, inventory_id: str) -> Inventory:
    """That version; it is there."""
    (found,) = await by_ids(tx, [inventory_id])
    if found is None:
        raise LookupError(inventory_id)
    return found
