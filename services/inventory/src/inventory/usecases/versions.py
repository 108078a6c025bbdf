"""Versions of inventories, as use cases change them."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.refusals import NotFound
from inventory.domain.inventory import Inventory
from inventory.store import inventories

__all__ = ["version_to_change"]


async def version_to_change(tx: AsyncConnection, inventory_id: str) -> Inventory:
    """That version; other changes of it wait until the transaction ends. Refuses: NotFound."""
    # open: a part of use cases that ask for the right where the inventory is
    found = await inventories.for_update(tx, inventory_id)
    if found is None:
        raise NotFound(kind="inventory", key=inventory_id)
    return found
