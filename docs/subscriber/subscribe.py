"""Hear of credits bought and retired at your places; stop it, start it again, miss nothing.

Arguments: URL of NATS, URL of the issuer, your client id. The client's secret is in the variable CLIENT_SECRET.
"""

import asyncio
import base64
import json
import os
import sys
from urllib.parse import urlencode
from urllib.request import urlopen

import nats

FACTS = ("lichen.offsets.credits_purchased.v1", "lichen.offsets.credits_retired.v1")


def fresh_token(issuer: str, client: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": os.environ["CLIENT_SECRET"]}
    with urlopen(f"{issuer}/protocol/openid-connect/token", urlencode(form).encode(), timeout=10) as answer:  # noqa: S310
        return json.load(answer)["access_token"]


def own_name(token: str) -> str:
    """Consumer and inbox are named by the `sub` of the token."""
    return "outside-" + json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sub"]


async def listen(url: str, token: str) -> None:
    """Until NATS ends the connection, a minute later at the latest: it wants a fresh look at what you may read."""
    own = own_name(token)
    client = await nats.connect(
        url, token=token, inbox_prefix=f"_INBOX_{own}", allow_reconnect=False, connect_timeout=5
    )
    subscription = await client.jetstream().pull_subscribe_bind(consumer=own, stream="evt-offsets")
    while client.is_connected:
        try:
            messages = await subscription.fetch(1, timeout=5)
        except nats.errors.TimeoutError:
            continue
        for message in messages:  # at least once: keep ce-id, drop what you have had
            if message.headers["ce-type"] in FACTS:
                print(message.headers["ce-id"], message.headers["ce-type"], message.data.decode(), flush=True)
            await message.ack()


async def main(url: str, issuer: str, client: str) -> None:
    while True:
        try:
            await listen(url, fresh_token(issuer, client))
        except nats.errors.ConnectionClosedError:
            continue
        except (nats.errors.Error, OSError) as error:
            print(f"not let in, again in 5 s: {error}", file=sys.stderr, flush=True)
            await asyncio.sleep(5)


asyncio.run(main(*sys.argv[1:4]))
