"""Milliseconds for a list of 20 records with their emissions: through the gateway, against the same rows by raw SQL.

Ours is what a user's program waits for: HTTP, token, federation, GraphQL, rights, JSON. The raw side is one prepared
statement of the serving role under the same row security, on a connection that is open, in a transaction.
"""

import time
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import orjson

from lichen.personas import Tokens
from lichen.platform import Platform
from tools.bench.measure import Comparison

__all__ = ["listing"]

REQUESTS = 40
QUERY = """
query Records($id: ID!) { location(id: $id) { inventory(year: 2024) { activityRecords(first: 20) { edges { cursor node {
  id category item periodStart periodEnd amount { value unit } quality
  emission { scope co2e { value unit } factorId gwpSet }
} } } } } }"""
STATEMENT = """
SELECT r.id, r.category, r.item, r.period_start, r.period_end, r.amount, r.unit, r.quality,
       e.scope, e.co2e_kg, e.factor_id, e.gwp_set
  FROM activity_record r LEFT JOIN emission e ON e.activity_record_id = r.id
 WHERE r.inventory_id = (SELECT id FROM inventory WHERE location_id = $1 AND year = 2024 ORDER BY version DESC LIMIT 1)
 ORDER BY r.id LIMIT 20"""


async def listing(platform: Platform, *, persona: str, location: str, database_url: str) -> Comparison:
    token = Tokens(issuer=platform.issuer_url).of(persona)
    client = httpx.AsyncClient(timeout=30, headers={"authorization": f"Bearer {token}"})
    connection = await asyncpg.connect(database_url)
    statement = await connection.prepare(STATEMENT)
    body = orjson.dumps({"query": QUERY, "variables": {"id": location}})

    async def through_gateway() -> list[Any]:
        answer = await client.post(platform.gateway_url, content=body, headers={"content-type": "application/json"})
        edges: list[Any] = orjson.loads(answer.content)["data"]["location"]["inventory"]["activityRecords"]["edges"]
        return edges

    async def by_sql() -> list[Any]:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.roots', $1, true)", location)
            found: list[Any] = await statement.fetch(location)
            return found

    edges, rows = await through_gateway(), await by_sql()
    same = [
        edge["node"]["id"] == str(row["id"])
        and Decimal(edge["node"]["amount"]["value"]) == row["amount"]
        and Decimal(edge["node"]["emission"]["co2e"]["value"]) == row["co2e_kg"]
        for edge, row in zip(edges, rows, strict=True)
        if row["co2e_kg"] is not None
    ]
    if len(rows) != 20 or not all(same):  # noqa: PLR2004 - the measure's own size
        message = f"the two sides do not give the same 20 rows: {len(edges)} and {len(rows)}"
        raise RuntimeError(message)

    async def ours() -> float:
        began = time.perf_counter()
        for _ in range(REQUESTS):
            await through_gateway()
        return (time.perf_counter() - began) / REQUESTS * 1000

    async def reference() -> float:
        began = time.perf_counter()
        for _ in range(REQUESTS):
            await by_sql()
        return (time.perf_counter() - began) / REQUESTS * 1000

    return Comparison(
        name="list_20_rows_gateway",
        unit="ms",
        higher_is_better=False,
        ours=ours,
        reference=reference,
        reference_name="the same rows by raw SQL, row security on",
    )
