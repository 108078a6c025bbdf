"""How well an inventory is known: what is stated, and the intervals that follow."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from inventory import access
from inventory.domain.inventory import Inventory, State
from inventory.domain.uncertainty import (
    Gap,
    Part,
    PartUncertainty,
    StatedPercents,
    UncertaintyStatement,
    parts_open_to_all,
    uncertainty_to_state,
)
from inventory.store import inventories, uncertainties
from inventory.store.uncertainties import LineSum, Official
from inventory.uncertainty.propagation import Bundle, FactorGroup, grouped, propagated
from inventory.usecases.versions import version_to_change

__all__ = ["factor_groups", "keep_uncertainty", "state_uncertainty", "stated_percents_of", "uncertainty_of"]


async def state_uncertainty(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    inventory_id: str,
    category: str | None,
    quality: str | None,
    factor_id: str | None,
    percent: Decimal,
    reason: str,
) -> UncertaintyStatement:
    """State a percent for lines of a draft, there already or to come, or for a factor that they use.

    It holds for this version and for those that correct it, until another statement for the same lines or factor.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; as
    `domain.uncertainty.uncertainty_to_state`.
    """
    draft = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.STATE_UNCERTAINTY, location_id=draft.location_id)
    draft.require_accepts_data()
    stated = uncertainty_to_state(
        statement_id=new_id(),
        inventory_id=draft.id,
        location_id=draft.location_id,
        category=category,
        quality=quality,
        factor_id=factor_id,
        percent=percent,
        reason=reason,
        used=await uncertainties.factors_used(tx, draft.id),
        by=principal.person,
        at=now,
    )
    await uncertainties.add(tx, stated)
    return stated


async def stated_percents_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Sequence[StatedPercents]:
    """What is stated for each version, by itself and by those that it corrects."""
    found = await uncertainties.statements_of(tx, inventory_ids)
    return [StatedPercents.of(found[inventory_id]) for inventory_id in inventory_ids]


async def uncertainty_of(
    tx: AsyncConnection, inventory_ids: Sequence[str]
) -> Sequence[Sequence[PartUncertainty] | None]:
    """Intervals of each version by error propagation: as kept of final ones, as they stand of others.

    None of versions that the caller does not see. A part whose lines the caller sees only some of has none.
    """
    versions = {item.id: item for item in await inventories.by_ids(tx, inventory_ids) if item is not None}
    final = [item.id for item in versions.values() if item.state == State.FINAL]
    kept, official = await uncertainties.kept_of(tx, final), await uncertainties.official_of(tx, final)
    standing = await _worked_out(tx, [item for item in versions if item not in official])
    both = standing | {
        inventory_id: _with_withheld(kept.get(inventory_id, ()), official=official[inventory_id])
        for inventory_id in final
    }
    return [both.get(inventory_id) for inventory_id in inventory_ids]


async def keep_uncertainty(tx: AsyncConnection, final: Inventory) -> None:
    """The intervals of a version that is about to be final, each with who may see it."""
    (sums,) = (await uncertainties.sums_of(tx, [final.id])).values()
    (stated,) = await stated_percents_of(tx, [final.id])
    (official,) = (await uncertainties.official_of(tx, [final.id])).values()
    found = _parts(sums, stated=stated, official=official)
    open_to_all = parts_open_to_all(found, sites=_sites(sums, stated=stated))
    await uncertainties.keep(tx, final, found, open_to_all=open_to_all)


async def factor_groups(tx: AsyncConnection, inventory_id: str) -> tuple[Sequence[FactorGroup], float] | None:
    """What a simulation of the total draws from, and the total in kg; None where the caller does not see every line."""
    (sums,) = (await uncertainties.sums_of(tx, [inventory_id])).values()
    (stated,) = await stated_percents_of(tx, [inventory_id])
    (official,) = (await uncertainties.official_of(tx, [inventory_id])).values()
    if not _is_whole(Part(), sums=sums, official=official):
        return None
    bundles = [_bundle(item, stated=stated) for item in sums if Part().holds(item.part)]
    return grouped(bundles), float(_official_kg(Part(), official=official))


async def _worked_out(tx: AsyncConnection, inventory_ids: Sequence[str]) -> dict[str, Sequence[PartUncertainty]]:
    if not inventory_ids:
        return {}
    sums = await uncertainties.sums_of(tx, inventory_ids)
    statements = await uncertainties.statements_of(tx, inventory_ids)
    official = await uncertainties.official_of(tx, inventory_ids)
    return {
        inventory_id: _parts(
            sums[inventory_id],
            stated=StatedPercents.of(statements[inventory_id]),
            official=official[inventory_id],
        )
        for inventory_id in inventory_ids
    }


def _parts_within(official: Mapping[Part, Official]) -> list[Part]:
    """The total, its scopes, and every category; there is no total where all is optional."""
    counted = [part for part in official if not part.is_optional]
    scopes = sorted({part.scope for part in counted if part.scope is not None})
    categories = sorted(official, key=lambda part: (part.is_optional, part.scope, part.category))
    return [*([Part()] if counted else []), *(Part(scope=scope) for scope in scopes), *categories]


def _parts(
    sums: Sequence[LineSum], *, stated: StatedPercents, official: Mapping[Part, Official]
) -> list[PartUncertainty]:
    return [_part(part, sums=sums, stated=stated, official=official) for part in _parts_within(official)]


def _part(
    part: Part, *, sums: Sequence[LineSum], stated: StatedPercents, official: Mapping[Part, Official]
) -> PartUncertainty:
    if not _is_whole(part, sums=sums, official=official):
        return PartUncertainty(part=part, covered_percent=None, interval=None, gap=Gap.RECORDS_NOT_SHOWN)
    groups = grouped(_bundle(item, stated=stated) for item in sums if part.holds(item.part))
    interval = propagated(groups, all_co2e_kg=float(_official_kg(part, official=official)))
    if interval is None:
        gap = Gap.NO_EMISSIONS if groups else Gap.NOT_STATED
        return PartUncertainty(part=part, covered_percent=Decimal(0), interval=None, gap=gap)
    return PartUncertainty(part=part, covered_percent=interval.covered_percent, interval=interval, gap=None)


def _with_withheld(found: Sequence[PartUncertainty], *, official: Mapping[Part, Official]) -> list[PartUncertainty]:
    """With a word for each part whose interval is not for the caller."""
    shown = {item.part: item for item in found}
    return [
        shown.get(part) or PartUncertainty(part=part, covered_percent=None, interval=None, gap=Gap.RECORDS_NOT_SHOWN)
        for part in _parts_within(official)
    ]


def _is_whole(part: Part, *, sums: Sequence[LineSum], official: Mapping[Part, Official]) -> bool:
    seen = sum(item.records for item in sums if part.holds(item.part))
    return seen == sum(item.records for of, item in official.items() if part.holds(of))


def _official_kg(part: Part, *, official: Mapping[Part, Official]) -> Decimal:
    return sum((item.co2e_kg for of, item in official.items() if part.holds(of)), start=Decimal(0))


def _bundle(item: LineSum, *, stated: StatedPercents) -> Bundle:
    category = item.part.category
    amount = (
        None if category is None else stated.of_activity(category=category, quality=item.quality, own=item.own_percent)
    )
    factor = stated.of_factor(item.factor_id, published=item.published_percent)
    return Bundle(
        co2e_kg=item.co2e_kg,
        squares=item.squares,
        factor_id=item.factor_id,
        amount_percent=None if amount is None else float(amount.percent),
        factor_percent=None if factor is None else float(factor.percent),
    )


def _sites(sums: Sequence[LineSum], *, stated: StatedPercents) -> dict[Part, tuple[int, int]]:
    """How many sites emitted some of each category by lines that are known, and how many by others."""
    sites: dict[Part, tuple[set[str], set[str]]] = {}
    for item in sums:
        known, unknown = sites.setdefault(item.part, (set(), set()))
        bundle = _bundle(item, stated=stated)
        is_known = bundle.amount_percent is not None and bundle.factor_percent is not None
        if item.co2e_kg:
            (known if is_known else unknown).add(item.location_id)
    return {part: (len(known), len(unknown)) for part, (known, unknown) in sites.items()}
