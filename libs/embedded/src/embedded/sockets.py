"""A client of graphql-transport-ws for tests, one step a call."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

__all__ = ["PROTOCOL", "Socket", "connected"]

PROTOCOL = Subprotocol("graphql-transport-ws")
DEADLINE_S = 20


class Socket:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Any:
        """The next message."""
        return json.loads(await asyncio.wait_for(self.connection.recv(), DEADLINE_S))

    async def start(self, **payload: Any) -> None:
        await self.send(type="connection_init", payload=payload)
        await self._expect("connection_ack")

    async def subscribe(self, query: str, number: str = "1", **variables: Any) -> None:
        await self.send(id=number, type="subscribe", payload={"query": query, "variables": variables})

    async def event(self) -> Any:
        """What the one root field of the next event has."""
        payload = (await self._expect("next"))["payload"]
        if "errors" in payload:
            raise AssertionError(payload["errors"])
        (found,) = payload["data"].values()
        return found

    async def refusal(self) -> Any:
        """Code of the error that ends a subscription."""
        return (await self._expect("error"))["payload"][0]["extensions"]["code"]

    async def closing(self) -> tuple[int, str]:
        """Code and reason by which the server closes, whatever it sends before."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise
            return closed.rcvd.code, closed.rcvd.reason

    async def _expect(self, kind: str) -> Any:
        message = await self.receive()
        if message["type"] != kind:
            raise AssertionError(message)
        return message


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Socket]:
    async with connect(url, **{"subprotocols": [PROTOCOL]} | options) as connection:
        yield Socket(connection)
