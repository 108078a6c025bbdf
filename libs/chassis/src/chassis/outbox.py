"""Events enter the outbox in the transaction of the change that they tell of: both are committed, or neither."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import telemetry
from chassis.ids import new_id
from chassis.locations import LocationUnknown, place
from chassis.tables import outbox, outbox_position
from contracts.fact import Fact
from contracts.message import EventMessage

__all__ = ["add", "publish_again"]


async def add(tx: AsyncConnection, fact: Fact, *, now: datetime) -> str:
    """Write the event; returns its id. Refuses: LocationUnknown when the fact's location is not in the register."""
    where = await place(tx, fact.location_id)
    if where is None:
        raise LocationUnknown(fact.location_id)
    statement = insert(outbox_position).values(aggregate_id=fact.aggregate_id(), version=1)
    version = await tx.scalar(
        statement.on_conflict_do_update(
            index_elements=[outbox_position.c.aggregate_id], set_={"version": outbox_position.c.version + 1}
        ).returning(outbox_position.c.version)
    )
    event_id = new_id()
    message = EventMessage.of(
        fact,
        event_id=event_id,
        location_path=where.path,
        occurred_at=now,
        aggregate_version=int(version or 1),
        traceparent=telemetry.traceparent(),
    )
    await tx.execute(
        insert(outbox).values(
            event_id=event_id,
            subject=message.subject,
            headers=message.headers,
            payload=message.payload,
            created_at=now,
        )
    )
    return event_id


async def publish_again(tx: AsyncConnection, *, since: datetime) -> int:
    """Mark every event created since then as unsent; consumers' inboxes drop what they have had. Returns the count."""
    result = await tx.execute(text("UPDATE outbox SET sent_at = NULL WHERE created_at >= :since"), {"since": since})
    return result.rowcount
