"""What a service runs of itself, beside requests and events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from access.main import SERVICE
from chassis import service as processes
from chassis.service import Runtime, create_application
from chassis.settings import ServiceSettings
from chassis.testing import settings_for

DEADLINE_S = 20


@pytest.fixture
def settings(database_for):
    return settings_for(database_for("access").serving)


async def test_a_task_begins_again_when_it_failed_and_ends_before_what_it_uses_is_closed(settings, monkeypatch):
    monkeypatch.setattr(processes, "RETRY_S", 0.01)
    runs: list[Runtime] = []
    happened: list[str] = []
    well = asyncio.Event()

    async def task(runtime: Runtime) -> None:
        runs.append(runtime)
        if len(runs) == 1:
            raise RuntimeError("what it needs is away")
        if len(runs) == 2:
            return
        well.set()
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("task ended")

    @asynccontextmanager
    async def opens(given: ServiceSettings) -> AsyncIterator[str]:
        assert given is settings
        yield "a connection"
        happened.append("closed")

    app = create_application(replace(SERVICE, opens=opens, tasks=(task,)), settings)
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(well.wait(), DEADLINE_S)

    assert [runtime.resources for runtime in runs] == ["a connection"] * 3
    assert happened == ["task ended", "closed"]
