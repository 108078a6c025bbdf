"""*inventory* as it serves, for the tests of commands; and the commands."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager

from pydantic import SecretStr

from chassis.service import create_server
from embedded.ports import free_port
from inventory.main import SERVICE


@asynccontextmanager
async def serving(inventories, issuer, tmp_path):
    """The service over the database of `inventories`, with tokens of that issuer: its URL."""
    issuer.secret = "secret"
    given = {"issuer": issuer.url, "introspection_secret": SecretStr("secret"), "port": free_port()}
    given["evidence_url"] = (tmp_path / "evidence").as_uri()
    settings = SERVICE.settings(**inventories.settings.model_dump() | given)
    server = create_server(SERVICE, settings)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{settings.port}"
    server.should_exit = True
    await running


async def lichen(*words, cwd, token, **environment):
    """Run the command with that token: exit code, what was said, and what went wrong."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lichen.command", *words, env=os.environ | {"LICHEN_TOKEN": token} | environment, cwd=cwd,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, wrong = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, said.decode(), wrong.decode()
