"""NATS JetStream: the connection, this service's stream, and atomic batches.

A server that does not sync each acknowledged message to disk loses the last seconds of them in a power cut (measured:
all of 174,751). So the stream is used only after `sync_interval: always` was seen.
Source of the batch headers: NATS ADR-50, JetStream batch publishing.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx
import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from chassis.accounts import inbox_prefix, stream_name
from chassis.settings import ServiceSettings
from chassis.telemetry import log

__all__ = [
    "BatchRefused",
    "Message",
    "connect",
    "ensure_stream",
    "publish_batch",
    "publish_one",
    "stream_name",
]

ACK_TIMEOUT_S = 10
DUPLICATE_WINDOW = timedelta(minutes=10)
MAX_AGE = timedelta(days=90)
MESSAGE_MAX_BYTES = 262_144


class BatchRefused(RuntimeError):
    """JetStream took none of the batch, for instance because it holds an id that the stream has already."""


class NotDurable(RuntimeError):
    """The server acknowledges messages before they are on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event as it goes out."""

    event_id: str
    subject: str
    headers: dict[str, str]
    payload: bytes


async def connect(settings: ServiceSettings, *, name: str, seed: SecretStr | None = None) -> Client:
    """A connection that reconnects for ever; raises while NATS is down at first.

    `name` is the identity, by default the service's own, whose seed the settings have.
    """
    key = seed or settings.nats_seed
    return await nats.connect(
        settings.nats_url,
        name=name,
        nkeys_seed_str=None if key is None else key.get_secret_value(),
        inbox_prefix=inbox_prefix(name),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        allow_reconnect=True,
        connect_timeout=5,
        error_cb=_log_error,
    )


async def _log_error(error: Exception) -> None:
    log.warning("nats", error=type(error).__name__, reason=str(error))


async def check_durable(settings: ServiceSettings) -> None:
    """Refuses: NotDurable unless the server says `sync_always`; in production also where that can't be seen."""
    if settings.nats_monitor_url is None:
        if settings.env == "production":
            message = "LICHEN_NATS_MONITOR_URL is needed in production to see that sync_interval is always"
            raise NotDurable(message)
        return
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(f"{settings.nats_monitor_url}/jsz")
        answer.raise_for_status()
    if not answer.json().get("config", {}).get("sync_always", False):
        message = "nats-server must run with jetstream sync_interval: always"
        raise NotDurable(message)


async def ensure_stream(client: Client, settings: ServiceSettings, *, producer: str) -> None:
    """Create the producer's stream, or bring it to this configuration."""
    await check_durable(settings)
    config = StreamConfig(
        name=stream_name(producer),
        subjects=[f"evt.{producer}.>"],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        max_age=MAX_AGE.total_seconds(),
        max_msg_size=MESSAGE_MAX_BYTES,
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        num_replicas=settings.nats_replicas,
        deny_delete=True,
        allow_atomic=True,
    )
    jetstream = client.jetstream(timeout=ACK_TIMEOUT_S)
    try:
        await jetstream.stream_info(stream_name(producer))
    except NotFoundError:
        await jetstream.add_stream(config)
    else:
        await jetstream.update_stream(config)


async def publish_one(client: Client, message: Message) -> None:
    """Publish and wait until it is on disk. An id that the stream has already counts as published."""
    await client.jetstream(timeout=ACK_TIMEOUT_S).publish(
        message.subject, message.payload, headers=message.headers | {"Nats-Msg-Id": message.event_id}
    )


async def publish_batch(client: Client, messages: Sequence[Message]) -> None:
    """Publish all of them or none, with one sync to disk for the batch (at most 1,000).

    Refuses: BatchRefused; the caller then sends them one by one.
    """
    batch_id = uuid.uuid4().hex
    last = len(messages)
    for sequence, message in enumerate(messages, start=1):
        headers = message.headers | {
            "Nats-Msg-Id": message.event_id,
            "Nats-Batch-Id": batch_id,
            "Nats-Batch-Sequence": str(sequence),
        }
        if sequence < last:
            await client.publish(message.subject, message.payload, headers=headers)
            continue
        headers["Nats-Batch-Commit"] = "1"
        answer = await client.request(message.subject, message.payload, timeout=ACK_TIMEOUT_S, headers=headers)
        acknowledgement = json.loads(answer.data or b"{}")
        if "error" in acknowledgement or acknowledgement.get("count") != last:
            raise BatchRefused(str(acknowledgement.get("error", acknowledgement)))


NATS_TROUBLE = (NatsError, OSError, TimeoutError, httpx.HTTPError, NotDurable)
"""What to expect of a NATS that is down, far, or not fit: wait and try again."""
