"""Events come in: each effect exactly once, in order within its aggregate, in one transaction with its inbox row."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from opentelemetry.trace import SpanKind
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit.entry import Entry
from chassis.audit.writing import append
from chassis.database import Database
from chassis.tables import dead_letter, inbox, inbox_position
from chassis.telemetry import log, span
from contracts.audit import AuditSealed
from contracts.envelope import Envelope, EnvelopeMalformed
from contracts.fact import Fact
from contracts.message import EventMessage

__all__ = ["EventUnreadable", "GapInEvents", "Handler", "Inbox", "Outcome"]

Handler = Callable[[AsyncConnection, Any, datetime], Awaitable[None]]
"""Takes the transaction, the fact and the time."""


class GapInEvents(RuntimeError):
    """An earlier event of the aggregate has not arrived: this one waits."""


class EventUnreadable(ValueError):
    """Not an event of ours, or not of the shape that its type promises: waiting would not help."""


class Outcome(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    NOT_OURS = "not ours"


class Inbox:
    """One service's way in for the facts that it handles."""

    def __init__(self, database: Database, handlers: Mapping[type[Fact], Handler], *, root: str) -> None:
        self._database = database
        self._root = root
        self._by_type = {fact.type(): (fact, handler) for fact, handler in handlers.items()}
        self.producers = sorted({fact.producer for fact in handlers})

    async def take(self, arrival: EventMessage) -> Outcome:
        """Apply the event once. Refuses, in order: EventUnreadable; GapInEvents; whatever the handler raises."""
        try:
            envelope = Envelope.read(arrival.headers)
        except EnvelopeMalformed as error:
            raise EventUnreadable(str(error)) from error
        producer = envelope.source.rpartition("/")[2]
        if not arrival.subject.startswith(f"evt.{producer}.") or not arrival.subject.endswith(
            f".{envelope.location_path}._"
        ):
            message = f"envelope of {envelope.source} at {envelope.location_path} came on {arrival.subject}"
            raise EventUnreadable(message)
        known = self._by_type.get(envelope.type)
        fact = _read_fact(known[0], arrival.payload, envelope) if known else None
        now = datetime.now(UTC)
        with span(f"consume {envelope.type}", kind=SpanKind.CONSUMER, carrier=arrival.headers):
            async with self._database.transaction([self._root]) as tx:
                if not await _first_time(tx, envelope, now):
                    return Outcome.DUPLICATE
                await _advance(tx, producer, envelope)
                if known is None or fact is None:
                    return Outcome.NOT_OURS
                await known[1](tx, fact, now)
                if not isinstance(fact, AuditSealed):
                    # A seal's own row is its record; an entry for it would be sealed in turn, and so on for ever.
                    entry = Entry.of_event(envelope, location_id=fact.location_id, payload=arrival.payload, at=now)
                    await append(tx, entry)
            log.info("event taken in", type=envelope.type, event_id=envelope.event_id)
        return Outcome.APPLIED

    async def bury(self, arrival: EventMessage, *, reason: str, attempts: int) -> None:
        """Keep what could not be taken in, with the reason, for an operator."""
        lowered = {name.lower(): value for name, value in arrival.headers.items()}
        async with self._database.transaction(()) as tx:
            await tx.execute(
                insert(dead_letter).values(
                    event_id=lowered.get("ce-id"),
                    subject=arrival.subject,
                    headers=dict(arrival.headers),
                    payload=arrival.payload,
                    reason=reason,
                    attempts=attempts,
                    died_at=datetime.now(UTC),
                )
            )
        log.error("event dead-lettered", subject=arrival.subject, reason=reason, attempts=attempts)

    async def replay(self) -> int:
        """Try every dead letter again, oldest first; returns how many were applied. What fails again stays."""
        applied = 0
        async with self._database.transaction(()) as tx:
            rows = (
                await tx.execute(
                    select(dead_letter).where(dead_letter.c.replayed_at.is_(None)).order_by(dead_letter.c.id)
                )
            ).all()
        for row in rows:
            try:
                outcome = await self.take(EventMessage(subject=row.subject, headers=row.headers, payload=row.payload))
            except Exception as error:  # noqa: BLE001 - one that fails again must not hold up the others
                log.warning("dead letter failed again", id=row.id, error=type(error).__name__, reason=str(error))
                continue
            async with self._database.transaction(()) as tx:
                await tx.execute(
                    text("UPDATE dead_letter SET replayed_at = :now WHERE id = :id"),
                    {"now": datetime.now(UTC), "id": row.id},
                )
            applied += outcome is Outcome.APPLIED
        return applied


def _read_fact(fact: type[Fact], payload: bytes, envelope: Envelope) -> Fact:
    try:
        read = fact.model_validate_json(payload)
    except ValidationError as error:
        message = (
            f"payload is not a {fact.__name__}: {error.error_count()} problem(s), first {error.errors()[0]['loc']}"
        )
        raise EventUnreadable(message) from error
    if envelope.location_path.rpartition(".")[2] != read.location_id:
        message = f"payload of {read.location_id} came in an envelope of {envelope.location_path}"
        raise EventUnreadable(message)
    return read


async def _first_time(tx: AsyncConnection, envelope: Envelope, now: datetime) -> bool:
    result = await tx.execute(
        insert(inbox).values(event_id=envelope.event_id, type=envelope.type, handled_at=now).on_conflict_do_nothing()
    )
    return bool(result.rowcount)


async def _advance(tx: AsyncConnection, producer: str, envelope: Envelope) -> None:
    where = (inbox_position.c.producer == producer) & (inbox_position.c.aggregate_id == envelope.aggregate_id)
    last = await tx.scalar(select(inbox_position.c.version).where(where).with_for_update()) or 0
    if envelope.aggregate_version > last + 1:
        message = f"{envelope.aggregate_id}: event {envelope.aggregate_version} came, {last + 1} has not"
        raise GapInEvents(message)
    statement = insert(inbox_position).values(
        producer=producer, aggregate_id=envelope.aggregate_id, version=envelope.aggregate_version
    )
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[inbox_position.c.producer, inbox_position.c.aggregate_id],
            set_={"version": text(f"greatest({inbox_position.name}.version, excluded.version)")},
        )
    )
