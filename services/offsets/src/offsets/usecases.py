"""What *offsets* does: one plain function a verb. Check the right, load, decide, store, say what happened."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from offsets import access, outgoing, store
from offsets.domain import credit
from offsets.domain import purchase as purchases
from offsets.domain.credit import CreditBatch, Retirement
from offsets.domain.need import OffsetNeed
from offsets.domain.purchase import Purchase
from offsets.domain.statement import state_neutrality

__all__ = [
    "approve_purchase",
    "batch_by_id",
    "purchase_by_id",
    "record_delivery",
    "refuse_purchase",
    "request_purchase",
    "retire_credits",
    "retirement_by_id",
    "take_in_need",
]


async def request_purchase(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    tonnes: int,
    justification: str,
) -> Purchase:
    """Ask for credits. Refuses: as `permitted`; as `domain.purchase.request_purchase`."""
    await permitted(tx, principal, access.REQUEST_PURCHASE, location_id=location_id)
    purchase = purchases.request_purchase(
        purchase_id=new_id(),
        location_id=location_id,
        year=year,
        tonnes=tonnes,
        justification=justification,
        by=principal.person,
        at=now,
    )
    await store.add_purchase(tx, purchase)
    await outbox.add(tx, outgoing.purchase_requested(purchase), now=now)
    return purchase


async def approve_purchase(tx: AsyncConnection, *, principal: Principal, now: datetime, purchase_id: str) -> Purchase:
    """Let a purchase go ahead. Refuses: NotFound; as `permitted`; as `Purchase.approve`."""
    requested = await _purchase_for_step(tx, purchase_id)
    await permitted(tx, principal, access.APPROVE_PURCHASE, location_id=requested.location_id)
    approved = requested.approve(by=principal.person, at=now)
    await store.add_step(tx, approved)
    await outbox.add(tx, outgoing.purchase_approved(approved), now=now)
    return approved


async def refuse_purchase(
    tx: AsyncConnection, *, principal: Principal, now: datetime, purchase_id: str, reason: str
) -> Purchase:
    """End a purchase, saying why. Refuses: NotFound; as `permitted`; as `Purchase.refuse`."""
    requested = await _purchase_for_step(tx, purchase_id)
    await permitted(tx, principal, access.REFUSE_PURCHASE, location_id=requested.location_id)
    refused = requested.refuse(by=principal.person, at=now, reason=reason)
    await store.add_step(tx, refused)
    return refused


async def record_delivery(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    purchase_id: str,
    registry: str,
    project: str,
    vintage: int,
    serial_first: int,
    serial_last: int,
    price_per_tonne: Decimal,
    currency: str,
) -> CreditBatch:
    """Enter what was bought into the ledger.

    Refuses, in this order: NotFound; as `permitted`; as `domain.credit.deliver`; SerialsAlreadyHeld.
    """
    approved = await _purchase_for_step(tx, purchase_id)
    await permitted(tx, principal, access.RECORD_DELIVERY, location_id=approved.location_id)
    delivered, batch = credit.deliver(
        approved,
        batch_id=new_id(),
        registry=registry,
        project=project,
        vintage=vintage,
        serial_first=serial_first,
        serial_last=serial_last,
        price_per_tonne=price_per_tonne,
        currency=currency,
        by=principal.person,
        at=now,
    )
    await store.add_step(tx, delivered)
    await store.add_batch(tx, batch)
    await outbox.add(tx, outgoing.credits_purchased(batch), now=now)
    return batch


async def retire_credits(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    batch_id: str,
    tonnes: int,
) -> Retirement:
    """Take the lowest free serials of a batch out of circulation, for a location and year, and state what that covers.

    Refuses, in this order: as `permitted`; NotFound; as `domain.credit.retire`; SerialsAlreadyRetired.
    """
    place = await permitted(tx, principal, access.RETIRE_CREDITS, location_id=location_id)
    # Always the batch first, then the position: two retirements never wait for each other in a ring.
    batch = await store.batch_for_retirement(tx, batch_id)
    if batch is None:
        raise NotFound(kind="credit batch", key=batch_id)
    purchase = await purchase_by_id(tx, batch.purchase_id)
    await store.lock_position(tx, location_id=location_id, year=year)
    need = await store.newest_need(tx, location_id=location_id, year=year)
    retirement = credit.retire(
        batch,
        retirement_id=new_id(),
        purchase=purchase,
        location_id=location_id,
        lineage=place.lineage,
        year=year,
        need=need,
        tonnes=tonnes,
        by=principal.person,
        at=now,
    )
    await store.add_retirement(tx, retirement)
    await outbox.add(tx, outgoing.credits_retired(retirement), now=now)
    await _state_neutrality(tx, now=now, location_id=location_id, year=year)
    return retirement


async def take_in_need(tx: AsyncConnection, *, now: datetime, need: OffsetNeed) -> None:
    """Keep what a final inventory leaves to offset; where credits are retired for it, state what they cover now.

    An older version that arrives late is kept and changes no statement.
    """
    # open: a consequence of an event, not a person's request
    await store.lock_position(tx, location_id=need.location_id, year=need.year)
    before = await store.newest_need(tx, location_id=need.location_id, year=need.year)
    if not await store.add_need(tx, need):
        return
    if before is None or before.inventory_version < need.inventory_version:
        await _state_neutrality(tx, now=now, location_id=need.location_id, year=need.year)


async def _state_neutrality(tx: AsyncConnection, *, now: datetime, location_id: str, year: int) -> None:
    """Supersede the last statement; under the position's lock. Where nothing is retired there is nothing to state."""
    need = await store.newest_need(tx, location_id=location_id, year=year)
    retired_tonnes = await store.retired_tonnes(tx, location_id=location_id, year=year)
    if need is None or not retired_tonnes:
        return
    statement = state_neutrality(
        statement_id=new_id(),
        need=need,
        retired_tonnes=retired_tonnes,
        previous=await store.newest_statement(tx, location_id=location_id, year=year),
        at=now,
    )
    await store.add_statement(tx, statement)
    await outbox.add(tx, outgoing.neutrality_statement_issued(statement), now=now)


async def purchase_by_id(tx: AsyncConnection, purchase_id: str) -> Purchase:
    """Refuses: NotFound."""
    # open: row security shows what the caller may see
    (found,) = await store.purchases(tx, [purchase_id])
    if found is None:
        raise NotFound(kind="purchase", key=purchase_id)
    return found


async def batch_by_id(tx: AsyncConnection, batch_id: str) -> CreditBatch:
    """Refuses: NotFound."""
    # open: as above
    (found,) = await store.batches(tx, [batch_id])
    if found is None:
        raise NotFound(kind="credit batch", key=batch_id)
    return found


async def retirement_by_id(tx: AsyncConnection, retirement_id: str) -> Retirement:
    """Refuses: NotFound."""
    # open: as above
    (found,) = await store.retirements(tx, [retirement_id])
    if found is None:
        raise NotFound(kind="retirement", key=retirement_id)
    return found


async def _purchase_for_step(tx: AsyncConnection, purchase_id: str) -> Purchase:
    found = await store.purchase_for_step(tx, purchase_id)
    if found is None:
        raise NotFound(kind="purchase", key=purchase_id)
    return found
