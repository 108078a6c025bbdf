"""A service that listens, inside the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chassis.service import Service
    from chassis.settings import ServiceSettings

__all__ = ["served"]


@asynccontextmanager
async def served(
    service: "Service", settings: "ServiceSettings", *, send_buffer_bytes: int | None = None
) -> AsyncIterator[str]:
    """The address of its WebSockets. Leaving stops it as SIGTERM would."""
    from chassis.service import create_server  # noqa: PLC0415 - only where there is a service

    listening = socket.create_server(("127.0.0.1", 0))
    if send_buffer_bytes is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    server = create_server(service, settings)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(0.01)
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/graphql"
    finally:
        server.should_exit = True
        await serving
