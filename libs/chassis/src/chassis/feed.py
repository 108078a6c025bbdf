"""A service's own events as they happen, for subscribers: one reader of the stream a process, however many listen.

The reader keeps the newest events in memory. A listener is a position in the stream and nothing else: it takes from
memory what comes after its position, at its own speed, and one that is further behind (slow, or resuming) reads the
stream itself, a few events at a time. So memory is bounded, and nothing is lost or repeated when NATS goes away.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis.ids import made_at, new_id
from chassis.jetstream import NATS_TROUBLE, stream_name
from chassis.telemetry import log
from contracts.envelope import Envelope, EnvelopeMalformed

__all__ = ["Feed", "FeedEvent", "StreamReplaced"]

KEPT = 1_000
"""Events in memory, each without its figures: about 1 MB."""
CHUNK = 50
"""Events that a listener reads of the stream at a time."""
READERS_MAX = 8
"""Listeners that read the stream at the same time: after a restart all of them come back at once."""
WAIT_S = 5.0
RETRY_S = 1.0
INACTIVE_S = 30.0
CLOCK_SKEW = timedelta(minutes=1)
"""Between the clocks of services and NATS: so much earlier a reading by time begins."""


class StreamReplaced(RuntimeError):
    """The stream is not the one that positions were given for: it was wiped or restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """What subscribers are told of an event, and where it is in the stream."""

    sequence: int
    envelope: Envelope
    ids: Mapping[str, str]
    """The ids in its payload, by field name: what it is about."""


class Feed:
    """The stream of one producer, by place."""

    def __init__(self, producer: str, *, kept: int = KEPT) -> None:
        self._producer = producer
        self._kept = kept
        self._client: Client | None = None
        self._events: list[FeedEvent] = []
        self._first = 0
        """From this sequence on, every event is in memory."""
        self._last: int | None = None
        """Sequence of the newest message that the reader has seen; None before it could look."""
        self._incarnation = 0
        self._changed = asyncio.Event()
        self._reading = asyncio.Semaphore(READERS_MAX)

    async def run(self, client: Client) -> None:
        """Until cancelled: follow the stream, from where it was left."""
        self._client = client
        try:
            while True:
                try:
                    await self._follow(client)
                except NATS_TROUBLE as error:
                    log.debug("feed waits", producer=self._producer, error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
        finally:
            self._client = None

    async def now(self) -> int:
        """The position of the newest event, as soon as NATS can be asked."""
        while self._last is None:
            await self._changed.wait()
        return self._last

    async def since(self, instant: datetime, *, path: str) -> int:
        """A position before all that happened at the place from that instant on; some earlier events may follow it."""
        # Looked at first: what comes in while we read must not be passed over.
        seen = await self.now()
        chunk = await self._read(path, start=instant - CLOCK_SKEW, most=1)
        return seen if chunk.first is None else chunk.first - 1

    async def after(self, event_id: str, *, path: str) -> int | None:
        """The position of an event of the place; None where the stream has none with this id."""
        created = made_at(event_id)
        start: int | datetime | None = None if created is None else created - CLOCK_SKEW
        while start is not None:
            chunk = await self._read(path, start=start, most=CHUNK)
            for event in chunk.events:
                if event.envelope.event_id == event_id:
                    return event.sequence
            start = None if chunk.complete else chunk.last + 1
        return None

    async def events(self, position: int, *, path: str) -> AsyncGenerator[FeedEvent, None]:
        """Every event of the place and below it after that position, in the order of the stream, without end.

        Refuses: StreamReplaced.
        """
        incarnation = self._incarnation
        while True:
            changed = self._changed
            seen = await self.now()
            if incarnation != self._incarnation:
                raise StreamReplaced(stream_name(self._producer))
            if position + 1 < self._first:
                chunk = await self._read(path, start=position + 1, most=CHUNK)
                for event in chunk.events:
                    yield event
                # What the reader had seen before was in the stream by then.
                position = max(chunk.last, seen) if chunk.complete else chunk.last
                continue
            index = bisect_right(self._events, position, key=lambda event: event.sequence)
            if index == len(self._events):
                await changed.wait()
                continue
            event = self._events[index]
            position = event.sequence
            if f"{event.envelope.location_path}.".startswith(f"{path}."):
                yield event

    async def _follow(self, client: Client) -> None:
        """Take in message after message; returns when one was missed."""
        jetstream = client.jetstream()
        stream = stream_name(self._producer)
        last = await self._left_at(jetstream, stream)
        async with _reader(jetstream, stream, f"evt.{self._producer}.>", start=last + 1) as reader:
            taken = 0
            while True:
                try:
                    (message,) = await reader.subscription.fetch(1, timeout=WAIT_S)
                except NatsTimeoutError:
                    # Nothing came, or the consumer is gone: then this raises.
                    await jetstream.consumer_info(stream, reader.name)
                    continue
                if message.metadata.sequence.consumer != taken + 1:
                    return
                taken += 1
                self._take(message)

    async def _left_at(self, jetstream: JetStreamContext, stream: str) -> int:
        newest = (await jetstream.stream_info(stream)).state.last_seq
        if self._last is not None and self._last <= newest:
            return self._last
        if self._last is not None:
            log.warning("the stream was replaced", stream=stream, was=self._last, found=newest)
            self._incarnation += 1
            self._events.clear()
        self._first = newest + 1
        self._see(newest)
        return newest

    def _take(self, message: Msg) -> None:
        event = _event(message)
        if event is not None:
            self._events.append(event)
            if len(self._events) > 2 * self._kept:
                del self._events[: self._kept]
                self._first = self._events[0].sequence
        self._see(message.metadata.sequence.stream)

    def _see(self, sequence: int) -> None:
        self._last = sequence
        self._changed.set()
        self._changed = asyncio.Event()

    async def _read(self, path: str, *, start: int | datetime, most: int) -> "_Chunk":
        """The next events of the place, as soon as NATS gives them."""
        while True:
            if self._client is not None:
                try:
                    async with self._reading:
                        return await self._read_once(self._client, path, start=start, most=most)
                except NATS_TROUBLE as error:
                    log.debug("listener waits", producer=self._producer, error=type(error).__name__)
            await asyncio.sleep(RETRY_S)

    async def _read_once(self, client: Client, path: str, *, start: int | datetime, most: int) -> "_Chunk":
        subject = f"evt.{self._producer}.*.*.{path}.>"
        async with _reader(client.jetstream(), stream_name(self._producer), subject, start=start) as reader:
            if reader.pending == 0:
                return _Chunk(events=[], first=None, last=0, complete=True)
            messages = await reader.subscription.fetch(min(reader.pending, most), timeout=WAIT_S)
        # Those that came without a gap: what was lost on the way is read with the next.
        whole = [message for number, message in enumerate(messages, start=1) if _number(message) == number]
        if not whole:
            raise NatsTimeoutError
        return _Chunk(
            events=[event for event in map(_event, whole) if event is not None],
            first=whole[0].metadata.sequence.stream,
            last=whole[-1].metadata.sequence.stream,
            complete=len(whole) == reader.pending,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Some events that follow each other at a place."""

    events: list[FeedEvent]
    first: int | None
    """Sequence of the first; None where there is none."""
    last: int
    complete: bool
    """Whether there were no more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """A consumer for one reading."""

    name: str
    subscription: JetStreamContext.PullSubscription
    pending: int
    """Messages that it had before it at first."""


@asynccontextmanager
async def _reader(
    jetstream: JetStreamContext, stream: str, subject: str, *, start: int | datetime
) -> AsyncIterator[_Reader]:
    """Nothing is acknowledged, and it goes away by itself where we can't take it away."""
    by_time = isinstance(start, datetime)
    config = ConsumerConfig(
        name=f"feed-{new_id()}",
        filter_subject=subject,
        deliver_policy=DeliverPolicy.BY_START_TIME if by_time else DeliverPolicy.BY_START_SEQUENCE,
        opt_start_time=start if isinstance(start, datetime) else None,
        opt_start_seq=None if isinstance(start, datetime) else start,
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=INACTIVE_S,
    )
    made = await jetstream.add_consumer(stream, config)
    try:
        subscription = await jetstream.pull_subscribe_bind(consumer=made.name, stream=stream)
        try:
            yield _Reader(name=made.name, subscription=subscription, pending=made.num_pending or 0)
        finally:
            with suppress(*NATS_TROUBLE):
                await subscription.unsubscribe()
    finally:
        with suppress(*NATS_TROUBLE):
            await jetstream.delete_consumer(stream, made.name)


def _number(message: Msg) -> int:
    """Its place among all that its consumer gave."""
    return message.metadata.sequence.consumer


def _event(message: Msg) -> FeedEvent | None:
    try:
        envelope = Envelope.read(message.headers)
        payload = orjson.loads(message.data)
    except (EnvelopeMalformed, orjson.JSONDecodeError) as error:
        log.warning("not an event: nobody is told", subject=message.subject, reason=str(error))
        return None
    ids = {name: value for name, value in payload.items() if name.endswith("_id") and isinstance(value, str)}
    return FeedEvent(sequence=message.metadata.sequence.stream, envelope=envelope, ids=ids)
