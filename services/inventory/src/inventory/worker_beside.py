"""The service's side of its import worker: begun where a job waits, ended with the service.

The worker itself (`worker`) is another process, and is begun without what only a service needs: it would take longer
to load than many a file to import.
"""

import asyncio
import json
import sys
from collections.abc import Mapping

from chassis.service import Runtime
from chassis.telemetry import log
from inventory.config import InventorySettings
from inventory.store import import_jobs

__all__ = ["work_off_imports"]

LOOK_S = 1.0
"""Between looks for a job that waits."""


async def work_off_imports(runtime: Runtime) -> None:
    """Begin a worker wherever a job waits, one at a time, for as long as the service runs."""
    root = runtime.settings.root_location
    evidence = runtime.settings.evidence if isinstance(runtime.settings, InventorySettings) else {}
    while True:
        async with runtime.database.transaction([root]) as tx:
            waits = await import_jobs.any_to_claim(tx)
        if waits:
            url = runtime.settings.database_url.get_secret_value()
            await _worked_off({"database_url": url, "root": root, "evidence": evidence})
        else:
            await asyncio.sleep(LOOK_S)


async def _worked_off(told: Mapping[str, object]) -> None:
    """One worker, until it has nothing left to do; it does not outlive us."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inventory", "work-off-imports", stdin=asyncio.subprocess.PIPE
    )
    if worker.stdin is None:
        message = "a worker is told what to work on by its input"
        raise RuntimeError(message)
    try:
        # The input stays open: its end tells the worker that we are gone.
        worker.stdin.write(json.dumps(told).encode() + b"\n")
        await worker.stdin.drain()
        code = await worker.wait()
        if code != 0:
            log.warning("import worker went away", code=code)
            await asyncio.sleep(LOOK_S)
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
