"""Hear of credits bought and retired. Stop it and start it again as you like: nothing is missed.

    python subscribe.py nats://127.0.0.1:4222 my-system
"""

import asyncio
import sys

import nats
from nats.errors import TimeoutError as NothingYet
from nats.js.api import AckPolicy, ConsumerConfig

FACTS = ["evt.offsets.credits_purchased.v1.>", "evt.offsets.credits_retired.v1.>"]  # of one place: ….v1.secretariat.unon.>


async def main(url: str, name: str) -> None:
    client = await nats.connect(url)
    config = ConsumerConfig(durable_name=name, filter_subjects=FACTS, ack_policy=AckPolicy.EXPLICIT)
    subscription = await client.jetstream().pull_subscribe("", durable=name, stream="evt-offsets", config=config)
    while True:
        try:
            messages = await subscription.fetch(50, timeout=5)
        except NothingYet:
            continue
        for message in messages:  # at least once: keep ce-id, and drop what you have had
            print(message.headers["ce-id"], message.headers["ce-type"], message.data.decode(), flush=True)
            await message.ack()


asyncio.run(main(sys.argv[1], sys.argv[2]))
