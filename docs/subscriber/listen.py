"""Hear of a location's credits; stop it, start it again, miss nothing.

Arguments: gateway, issuer, client id, secret, location.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

KEPT = Path("last-event.txt")  # the id of the last event that was dealt with
EVENTS = """subscription($location: ID!, $after: ID) { offsetEvents(locationId: $location, after: $after) {
  id type occurredAt retirement { year amount { value unit } serialFirst serialLast } } }"""


async def listen(gateway: str, issuer: str, client: str, secret: str, location: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    token = httpx.post(f"{issuer}/protocol/openid-connect/token", data=form).raise_for_status().json()["access_token"]
    after = KEPT.read_text() if KEPT.exists() else None
    async with connect(gateway.replace("http", "ws", 1), subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        query = {"query": EVENTS, "variables": {"location": location, "after": after}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": query}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "next" and message["payload"].get("data"):
                event = message["payload"]["data"]["offsetEvents"]
                print(json.dumps(event), flush=True)
                KEPT.write_text(event["id"])
            elif message["type"] != "connection_ack":
                print(message, file=sys.stderr)
                return  # the right ended, or a service restarts


async def main() -> None:
    while True:
        with suppress(ConnectionClosed):
            await listen(*sys.argv[1:6])
        # With a new token, after the last event.
        await asyncio.sleep(5)


asyncio.run(main())
