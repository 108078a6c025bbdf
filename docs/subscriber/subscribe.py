"""Hear of credits bought and retired; stop it, start it again, miss nothing. Arguments: URL of NATS, your name."""

import asyncio
import sys
from contextlib import suppress

import nats
from nats.js.api import AckPolicy, ConsumerConfig

FACTS = [f"evt.offsets.credits_{done}.v1.>" for done in ("purchased", "retired")]  # of a place: ….v1.secretariat.unon.>


async def main(url: str, name: str) -> None:
    stream = (await nats.connect(url)).jetstream()
    config = ConsumerConfig(durable_name=name, filter_subjects=FACTS, ack_policy=AckPolicy.EXPLICIT, ack_wait=5)
    subscription = await stream.pull_subscribe("", durable=name, stream="evt-offsets", config=config)
    while True:
        with suppress(nats.errors.TimeoutError):
            for message in await subscription.fetch(1, timeout=5):  # at least once: keep ce-id, drop what you have had
                print(message.headers["ce-id"], message.headers["ce-type"], message.data.decode(), flush=True)
                await message.ack()


asyncio.run(main(*sys.argv[1:3]))
