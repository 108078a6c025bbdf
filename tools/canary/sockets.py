"""Subscriptions over graphql-transport-ws: everything that a socket says, from its opening to its end."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

__all__ = ["PROTOCOL", "listen"]

PROTOCOL = Subprotocol("graphql-transport-ws")
OPEN_S = 10
SILENT_S = 5.0
"""What is still under way when listening should end is heard until nothing comes for this long,"""
TAIL_S = 10.0
"""and no longer than this: an old stream can go on for minutes."""


async def listen(
    url: str, *, token: str | None, document: str, variables: Mapping[str, Any], until: asyncio.Event
) -> list[str]:
    """Subscribe, and keep each message as it came; the last one is how the socket was closed, if it was."""
    heard: list[str] = []
    try:
        async with connect(
            url.replace("http", "ws", 1),
            subprotocols=[PROTOCOL],
            open_timeout=OPEN_S,
        ) as socket:
            payload = {} if token is None else {"authorization": f"Bearer {token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            heard.append(str(await asyncio.wait_for(socket.recv(), OPEN_S)))
            question = {"query": document, "variables": dict(variables)}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": question}))
            ends_at: float | None = None
            while not _is_over(heard[-1]):
                try:
                    heard.append(str(await asyncio.wait_for(socket.recv(), SILENT_S)))
                except TimeoutError:
                    if until.is_set():
                        break
                if until.is_set():
                    ends_at = ends_at or time.monotonic() + TAIL_S
                    if time.monotonic() > ends_at:
                        break
    except ConnectionClosed as closed:
        heard.append(f"closed: {closed}")
    except (WebSocketException, TimeoutError, OSError) as failed:
        heard.append(f"not opened: {failed}")
    return heard


def _is_over(message: str) -> bool:
    """Whether nothing follows: the operation was refused, or is complete."""
    return json.loads(message).get("type") in {"error", "complete"}
