"""Milliseconds that others wait while a large file is taken in, against the same in quiet.

A user of another location asks for 20 records through the gateway, again and again, one answer after the other, while
the service takes 300,000 rows in for unon; p99 of it, against p99 of as long a time without an import.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from inventory.domain.inventory import State
from lichen import sample
from lichen.personas import Tokens
from lichen.platform import Platform
from tools.bench.importing import file_of
from tools.bench.listing import LOCATION, QUERY
from tools.bench.measure import Measure, Reference

__all__ = ["list_beside_import"]

TEAM = "unon-technical"
ASKS = "unon-chair"
QUIET_S = 15.0
CORRECT = """mutation ($input: CorrectInventoryInput!) { correctInventory(input: $input) { __typename
    ... on Inventory { id } ... on Refusal { code } } }"""
VERSION = "query ($id: ID!, $year: Int!) { location(id: $id) { inventory(year: $year) { id state } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    client: httpx.AsyncClient
    gateway: str
    files: str
    tokens: Tokens

    async def ask(self, query: str, by: str, **variables: Any) -> dict[str, Any]:
        answer = await self.client.post(
            self.gateway, json={"query": query, "variables": variables}, headers=self.headers(by)
        )
        said = answer.json()
        if said.get("errors"):
            message = f"the gateway says {said['errors']}"
            raise RuntimeError(message)
        data: dict[str, Any] = said["data"]
        return data

    def headers(self, by: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens.of(by)}"}


@asynccontextmanager
async def prepare(platform: Platform) -> AsyncIterator[Setting]:
    """With a draft that takes data: the next version of what the main job made final."""
    async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
        setting = Setting(
            client=client,
            gateway=platform.gateway_url,
            files=f"http://127.0.0.1:{platform.ports['inventory']}/files/imports",
            tokens=Tokens(issuer=platform.issuer_url),
        )
        found = (await setting.ask(VERSION, TEAM, id=LOCATION, year=sample.YEAR))["location"]["inventory"]
        if found["state"] == State.FINAL:
            given = {"inventoryId": found["id"], "reason": "bench", "idempotencyKey": uuid.uuid4().hex}
            corrected = await setting.ask(CORRECT, TEAM, input=given)
            if corrected["correctInventory"]["__typename"] != "Inventory":
                message = f"no version to import into: {corrected}"
                raise RuntimeError(message)
        yield setting


async def beside_import(setting: Setting) -> float:
    content = file_of(uuid.uuid4().hex[:8])
    order = {"location": LOCATION, "year": str(sample.YEAR), "name": "bench.csv"}
    sent = await setting.client.post(setting.files, params=order, content=content, headers=setting.headers(TEAM))
    job_id = sent.json()["id"]
    state: dict[str, Any] = {"state": "QUEUED"}

    async def until_over() -> None:
        nonlocal state
        while state["state"] in {"QUEUED", "CHECKING", "WRITING"}:
            await asyncio.sleep(0.5)
            answer = await setting.client.get(f"{setting.files}/{job_id}", headers=setting.headers(TEAM))
            state = answer.json()

    over = asyncio.create_task(until_over())
    waits = []
    while not over.done():
        waits.append(await _wait_for_one(setting))
    await over
    if state["state"] != "DONE":
        message = f"the import is {state}"
        raise RuntimeError(message)
    return _p99(waits)


async def in_quiet(setting: Setting) -> float:
    ends = time.perf_counter() + QUIET_S
    waits = []
    while time.perf_counter() < ends:
        waits.append(await _wait_for_one(setting))
    return _p99(waits)


async def _wait_for_one(setting: Setting) -> float:
    began = time.perf_counter()
    await setting.ask(QUERY, ASKS, id=LOCATION)
    return (time.perf_counter() - began) * 1000


def _p99(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.99)]


list_beside_import = Measure(
    name="list_beside_import",
    unit="ms p99",
    higher_is_better=False,
    prepare=prepare,
    ours=beside_import,
    references=(Reference(against="the same list in quiet", run=in_quiet),),
    runs=3,
    warm_up_runs=0,
)
