"""Inventories by another edition of factors: what each would be, and what it is restated to."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.method import GWP_SET_NAME
from inventory.domain.restatement import Comparison, Requantified, compare, requantify
from inventory.store import restatements
from inventory.usecases.factors import factors_at
from quantities import GwpSet

__all__ = ["compared_by", "requantified_by"]


async def requantified_by(
    tx: AsyncConnection, inventory_ids: Sequence[str], *, edition: str
) -> Mapping[str, Sequence[Requantified]]:
    """What the lines of each version ask, with the answers of that edition. Refuses: FactorEditionUnknown."""
    # open: a part of use cases that have asked for the right
    questions = await restatements.questions_of(tx, inventory_ids)
    sites = {item.location_id for every in questions.values() for item in every}
    chosen, places = await factors_at(tx, sites, edition=edition)
    gwp_set = GwpSet.named(GWP_SET_NAME)
    return {
        inventory_id: requantify(every, places=places, catalogue=chosen, gwp_set=gwp_set)
        for inventory_id, every in questions.items()
    }


async def compared_by(tx: AsyncConnection, inventory_ids: Sequence[str], *, edition: str) -> Mapping[str, Comparison]:
    """Each version as it is, and as it would be by that edition; for who sees all of its lines.

    Refuses: FactorEditionUnknown.
    """
    # open: as above
    kept = await restatements.kept_by_category(tx, inventory_ids)
    requantified = await requantified_by(tx, inventory_ids, edition=edition)
    return {inventory_id: compare(kept[inventory_id], requantified[inventory_id]) for inventory_id in inventory_ids}
