"""Durable pull consumers: one per producer; acknowledged after commit, retried with backoff, then dead-lettered."""

import asyncio

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from chassis.inbox import Arrival, EventUnreadable, Inbox
from chassis.jetstream import NATS_TROUBLE, stream_name
from chassis.telemetry import log

__all__ = ["consume"]

ATTEMPTS_MAX = 10
BACKOFF_S = (0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
ACK_WAIT_S = 30
FETCH_MAX = 100
FETCH_WAIT_S = 5
RETRY_S = 1.0


async def consume(client: Client, inbox: Inbox, *, service: str, producer: str) -> None:
    """Until cancelled: take in what the producer's stream holds, from its first message on."""
    while True:
        try:
            subscription = await client.jetstream().pull_subscribe(
                subject=f"evt.{producer}.>",
                durable=service,
                stream=stream_name(producer),
                config=ConsumerConfig(
                    durable_name=service,
                    deliver_policy=DeliverPolicy.ALL,
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=ACK_WAIT_S,
                    max_deliver=-1,
                    max_ack_pending=FETCH_MAX,
                ),
            )
            while True:
                await _take_some(subscription, inbox)
        except NATS_TROUBLE as error:
            log.debug("consumer waits", producer=producer, error=type(error).__name__)
            await asyncio.sleep(RETRY_S)


async def _take_some(subscription: JetStreamContext.PullSubscription, inbox: Inbox) -> None:
    try:
        messages = await subscription.fetch(FETCH_MAX, timeout=FETCH_WAIT_S)
    except NatsTimeoutError:
        return
    for message in messages:
        await _take_one(message, inbox)


async def _take_one(message: Msg, inbox: Inbox) -> None:
    arrival = Arrival(subject=message.subject, headers=message.headers or {}, payload=message.data)
    attempts = message.metadata.num_delivered
    try:
        await inbox.take(arrival)
    except EventUnreadable as error:
        await _bury(message, inbox, arrival, reason=str(error), attempts=attempts)
    except Exception as error:  # noqa: BLE001 - the outermost edge: any failure is retried, then kept with its reason
        if attempts >= ATTEMPTS_MAX:
            await _bury(message, inbox, arrival, reason=f"{type(error).__name__}: {error}", attempts=attempts)
            return
        log.info("event will be tried again", subject=message.subject, reason=type(error).__name__, attempt=attempts)
        await message.nak(delay=BACKOFF_S[min(attempts, len(BACKOFF_S)) - 1])
    else:
        await message.ack_sync()


async def _bury(message: Msg, inbox: Inbox, arrival: Arrival, *, reason: str, attempts: int) -> None:
    try:
        await inbox.bury(arrival, reason=reason, attempts=attempts)
    except Exception:  # noqa: BLE001 - the database is away too: JetStream keeps the message
        await message.nak(delay=BACKOFF_S[-1])
    else:
        await message.ack_sync()
