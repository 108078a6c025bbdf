"""Lines that are proxies leave a draft: each with a correction that keeps it whole."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.ids import new_id
from inventory.domain.correction import CorrectionAction, RecordCorrection
from inventory.domain.inventory import Inventory
from inventory.store import corrections, proxies
from quantities.person import Person

__all__ = ["give_way", "take_out"]


async def give_way(
    tx: AsyncConnection, *, by: Person, now: datetime, draft: Inventory, import_id: str, file_name: str
) -> None:
    """Proxies of a source leave as a whole when records of it come in."""
    # open: a part of use cases that have asked for the right
    lines = await proxies.displaced(tx, inventory_id=draft.id, import_id=import_id)
    await take_out(tx, lines, by=by, now=now, draft=draft, reason=f"this proxy gives way to records of {file_name}")


async def take_out(
    tx: AsyncConnection, lines: Iterable[int], *, by: Person, now: datetime, draft: Inventory, reason: str
) -> None:
    """Lines of a draft, with why they left."""
    # open: as above
    for record_id in lines:
        line = await corrections.line_of(tx, inventory_id=draft.id, record_id=record_id)
        if line is None:
            continue
        await corrections.take_out(tx, line.id)
        left = RecordCorrection(
            id=new_id(),
            inventory_id=draft.id,
            location_id=line.location_id,
            category=line.category,
            action=CorrectionAction.REMOVED,
            record_id=None,
            replaced=line.whole,
            reason=reason,
            by=by,
            at=now,
        )
        await corrections.add(tx, left)
