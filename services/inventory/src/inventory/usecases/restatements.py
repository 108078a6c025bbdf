"""Inventories by another edition of factors: what each would be, and what it is restated to."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.method import GWP_SET_NAME
from inventory.domain.restatement import Comparison, Requantified, compare, requantify
from inventory.store import restatements
from inventory.usecases.factors import factors_at
from quantities import GwpSet

__all__ = ["compared_by", "requantified_by"]


async def requantified_by(tx: AsyncConnection, inventory_id: str, *, edition: str) -> Sequence[Requantified]:
    """What the lines of a version ask, each with the answer of that edition. Refuses: FactorEditionUnknown."""
    # open: a part of use cases that have asked for the right
    questions = await restatements.questions_of(tx, inventory_id)
    chosen, places = await factors_at(tx, {item.location_id for item in questions}, edition=edition)
    return requantify(questions, places=places, catalogue=chosen, gwp_set=GwpSet.named(GWP_SET_NAME))


async def compared_by(tx: AsyncConnection, inventory_id: str, *, edition: str) -> Comparison:
    """A version as it is, and as it would be by that edition; for who sees all of its lines.

    Refuses: FactorEditionUnknown.
    """
    # open: as above
    kept = await restatements.kept_by_category(tx, inventory_id)
    return compare(kept, await requantified_by(tx, inventory_id, edition=edition))
