"""Durable pull consumers: one per producer; acknowledged after commit, retried with backoff, then dead-lettered.

The producer makes the consumers of those who hear it, and they only take from them. Whoever may make a consumer may
also say where the server delivers to, which is more than reading.
"""

import asyncio
import json
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis.accounts import stream_name
from chassis.inbox import EventUnreadable, Inbox
from chassis.jetstream import NATS_TROUBLE
from chassis.telemetry import log
from contracts.message import EventMessage

__all__ = ["consume", "ensure_consumer"]

ATTEMPTS_MAX = 10
BACKOFF_S = (0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
ACK_WAIT_S = 30
PULL_MAX = 100
PULL_EXPIRES_S = 5.0
PULL_GRACE_S = 2.0
RETRY_S = 1.0
NO_RESPONDERS = "503"
"""Status of a request that nobody hears: the consumer is not there yet."""


async def ensure_consumer(client: Client, *, producer: str, hearer: str) -> None:
    """The consumer from which one service takes all that the producer says, from its first message on."""
    await client.jetstream().add_consumer(
        stream_name(producer),
        ConsumerConfig(
            name=hearer,
            durable_name=hearer,
            filter_subject=f"evt.{producer}.>",
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=PULL_MAX,
        ),
    )


async def consume(client: Client, inbox: Inbox, *, service: str, producer: str) -> None:
    """Until cancelled: take in what the service's consumer of the producer's stream gives, as soon as there is one."""
    subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream_name(producer)}.{service}"
    while True:
        try:
            await _pull(client, inbox, subject=subject)
        except NATS_TROUBLE as error:
            log.debug("consumer waits", producer=producer, error=type(error).__name__)
            await asyncio.sleep(RETRY_S)


async def _pull(client: Client, inbox: Inbox, *, subject: str) -> None:
    """Ask for messages and take each as it comes.

    nats-py's `fetch` gathers a batch before it gives the first message back, which can take all of its time-out.
    """
    replies = await client.subscribe(client.new_inbox())
    request = json.dumps({"batch": PULL_MAX, "expires": int(PULL_EXPIRES_S * 1e9)}).encode()
    try:
        while True:
            await client.publish(subject, request, reply=replies.subject)
            for _ in range(PULL_MAX):
                message = await replies.next_msg(timeout=PULL_EXPIRES_S + PULL_GRACE_S)
                status = (message.headers or {}).get("Status")
                if status == NO_RESPONDERS:
                    raise NoRespondersError
                if status is not None:
                    break
                await _take_one(message, inbox)
    finally:
        # A request that outlives its reader would be served all the same, and its messages wait for ACK_WAIT_S.
        with suppress(*NATS_TROUBLE):
            await replies.unsubscribe()


async def _take_one(message: Msg, inbox: Inbox) -> None:
    arrival = EventMessage(subject=message.subject, headers=message.headers or {}, payload=message.data)
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


async def _bury(message: Msg, inbox: Inbox, arrival: EventMessage, *, reason: str, attempts: int) -> None:
    try:
        await inbox.bury(arrival, reason=reason, attempts=attempts)
    except Exception:  # noqa: BLE001 - the database is away too: JetStream keeps the message
        await message.nak(delay=BACKOFF_S[-1])
    else:
        await message.ack_sync()
