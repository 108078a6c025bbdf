"""SQL of the share of renewable electricity: what is kept of final versions."""

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.inventory import Inventory
from inventory.domain.renewable_share import RenewableShare, ShareFinding, ShareGap
from inventory.tables import inventory_renewable_share

__all__ = ["keep", "kept_of"]


async def keep(tx: AsyncConnection, of: Inventory, finding: ShareFinding, *, open_to_all: bool) -> None:
    """The share of a version that is about to be final."""
    found = finding.found
    await tx.execute(
        insert(inventory_renewable_share).values(
            inventory_id=of.id,
            location_id=of.location_id,
            own_kwh=None if found is None else found.own_kwh,
            purchased_kwh=None if found is None else found.purchased_kwh,
            grid_kwh=None if found is None else found.grid_kwh,
            unknown_kwh=None if found is None else found.unknown_kwh,
            total_kwh=None if found is None else found.total_kwh,
            sources=[] if found is None else list(found.sources),
            unknown_places=[] if found is None else list(found.unknown_places),
            gap=finding.gap,
            explanation=finding.explanation,
            open_to_all=open_to_all,
        )
    )


async def kept_of(tx: AsyncConnection, inventory_ids: Sequence[str]) -> Mapping[str, ShareFinding]:
    """Shares of final versions, as far as the caller may see them."""
    rows = await tx.execute(
        select(inventory_renewable_share).where(inventory_renewable_share.c.inventory_id.in_(inventory_ids))
    )
    return {
        row.inventory_id: ShareFinding(
            found=None
            if row.total_kwh is None
            else RenewableShare(
                own_kwh=row.own_kwh,
                purchased_kwh=row.purchased_kwh,
                grid_kwh=row.grid_kwh,
                total_kwh=row.total_kwh,
                unknown_kwh=row.unknown_kwh,
                sources=tuple(row.sources),
                unknown_places=tuple(row.unknown_places),
            ),
            gap=None if row.gap is None else ShareGap(row.gap),
            explanation=row.explanation,
        )
        for row in rows
    }
