"""Milliseconds for a list of 20 records with their emissions: through the gateway, against the same rows by raw SQL.

Ours is what a user's program waits for: HTTP, token, federation, GraphQL, rights, JSON. The raw side is one prepared
statement of the serving role under the same row security, on a connection that is open, in a transaction of its own.
Both sides wait for one answer before they ask again.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import orjson

from lichen import sample
from lichen.personas import Tokens
from lichen.platform import Platform
from tools.bench.measure import Measure, Reference

__all__ = ["list_20_rows_gateway"]

REQUESTS = 60
ROWS = 20
LOCATION, PERSONA = "unon", "unon-technical"
QUERY = f"""
query Records($id: ID!) {{ location(id: $id) {{ inventory(year: {sample.YEAR}) {{ activityRecords(first: {ROWS}) {{
  edges {{ node {{
    id category item periodStart periodEnd amount {{ value unit }} quality
    emission {{ scope co2e {{ value unit }} factorId gwpSet }}
  }} }}
}} }} }} }}"""
STATEMENT = f"""
SELECT r.id, r.category, r.item, r.period_start, r.period_end, r.amount, r.unit, r.quality,
       r.scope, r.co2e_kg, c.factor_id, c.gwp_set
  FROM activity_record r LEFT JOIN coefficient c ON c.id = r.coefficient_id
 WHERE r.inventory_id = (SELECT id FROM inventory WHERE location_id = $1 AND year = {sample.YEAR}
                          ORDER BY version DESC LIMIT 1)
 ORDER BY r.id LIMIT {ROWS}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    client: httpx.AsyncClient
    gateway: str
    body: bytes
    connection: "asyncpg.Connection[asyncpg.Record]"
    statement: Any
    """Prepared on the connection."""


@asynccontextmanager
async def prepare(platform: Platform) -> AsyncIterator[Setting]:
    """Refuses: RuntimeError when the two sides do not give the same rows."""
    token = Tokens(issuer=platform.issuer_url).of(PERSONA)
    connection = await asyncpg.connect(platform.database_url("inventory"))
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    try:
        async with httpx.AsyncClient(timeout=30, headers=headers, trust_env=False) as client:
            setting = Setting(
                client=client,
                gateway=platform.gateway_url,
                body=orjson.dumps({"query": QUERY, "variables": {"id": LOCATION}}),
                connection=connection,
                statement=await connection.prepare(STATEMENT),
            )
            ours, reference = _shown(await through_gateway(setting)), [tuple(row) for row in await by_sql(setting)]
            if len(ours) != ROWS or ours != reference:
                message = f"the two sides do not give the same {ROWS} rows:\n{ours}\n{reference}"
                raise RuntimeError(message)
            yield setting
    finally:
        await connection.close()


async def through_gateway(setting: Setting) -> list[Any]:
    answer = await setting.client.post(setting.gateway, content=setting.body)
    edges: list[Any] = orjson.loads(answer.content)["data"]["location"]["inventory"]["activityRecords"]["edges"]
    return edges


async def by_sql(setting: Setting) -> list[Any]:
    async with setting.connection.transaction():
        await setting.connection.execute("SELECT set_config('app.roots', $1, true)", LOCATION)
        found: list[Any] = await setting.statement.fetch(LOCATION)
        return found


def _shown(edges: list[Any]) -> list[tuple[Any, ...]]:
    """The gateway's answer as the statement gives it."""
    return [
        (
            int(node["id"]), node["category"], node["item"],
            date.fromisoformat(node["periodStart"]), date.fromisoformat(node["periodEnd"]),
            Decimal(node["amount"]["value"]), node["amount"]["unit"], node["quality"],
            node["emission"]["scope"], Decimal(node["emission"]["co2e"]["value"]),
            node["emission"]["factorId"], node["emission"]["gwpSet"],
        )
        for node in (edge["node"] for edge in edges)
    ]  # fmt: skip


def _latency(ask: Callable[[Setting], Awaitable[list[Any]]]) -> Callable[[Setting], Awaitable[float]]:
    """Mean milliseconds for one answer."""

    async def run(setting: Setting) -> float:
        began = time.perf_counter()
        for _ in range(REQUESTS):
            await ask(setting)
        return (time.perf_counter() - began) / REQUESTS * 1000

    return run


list_20_rows_gateway = Measure(
    name="list_20_rows_gateway",
    unit="ms",
    higher_is_better=False,
    prepare=prepare,
    ours=_latency(through_gateway),
    references=(Reference(against="the same rows by raw SQL, row security on", run=_latency(by_sql)),),
)
