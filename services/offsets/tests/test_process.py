"""The service as a process: it serves without NATS and stops cleanly."""

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import httpx

from embedded.ports import free_port

if TYPE_CHECKING:
    from services.offsets.tests.conftest import Offsets


async def test_the_service_serves_without_nats_and_ends_with_code_0_when_told_to(offsets: "Offsets") -> None:
    port = free_port()
    settings = {
        "LICHEN_ENV": "local",
        "LICHEN_PORT": str(port),
        "LICHEN_DATABASE_URL": offsets.urls.serving,
        "LICHEN_NATS_URL": offsets.settings.nats_url,
        "LICHEN_ISSUER": offsets.settings.issuer,
        "LICHEN_AUDIENCE": offsets.settings.audience,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "offsets", "serve", env=os.environ | settings)
    try:
        async with asyncio.timeout(30), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            while not await _is_ready(client):
                assert process.returncode is None
            answer = await client.post("/graphql", json={"query": '{ purchase(id: "none") { id } }'})
            process.send_signal(signal.SIGTERM)
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()

    assert (answer.json(), code) == ({"data": {"purchase": None}}, 0)


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        answer = await client.get("/health/ready")
    except httpx.ConnectError:
        return False
    return answer.status_code == 200
