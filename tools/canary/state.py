"""What the databases hold, by location: to see that a refused change changed nothing."""

import zlib
from collections import defaultdict
from collections.abc import Mapping

import asyncpg

from tools.canary.marks import AUDIT, rows_of

__all__ = ["State", "changed", "fingerprints"]

State = dict[str, dict[str, int]]
"""By location: `service.table` → a checksum of its rows that does not depend on their order, and of events about it."""

OUTBOX = (
    "SELECT subject, count(*), bool_and(sent_at IS NOT NULL) AS sent FROM outbox"
    " WHERE subject NOT LIKE '%.audit\\_sealed.%' GROUP BY subject"
)
"""Seals of the record come by themselves."""
BY_THE_CLOCK = frozenset({"access.drift"})
"""What is compared with the directory every few minutes, whoever asks."""


async def fingerprints(databases: Mapping[str, str]) -> State:
    """Of all these databases."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for service, url in databases.items():
        for table, rows in (await rows_of(url)).items():
            name = f"{service}.{table}"
            if table == AUDIT or name in BY_THE_CLOCK:  # refusals are recorded too
                continue
            for row in rows:
                found[row.get("location_id", "")][name] += zlib.crc32(repr(sorted(row.items())).encode())
        connection = await asyncpg.connect(url)
        try:
            for subject, count, sent in await connection.fetch(OUTBOX):
                place = subject.removesuffix("._").rpartition(".")[2]
                found[place][f"{service}.outbox {subject}"] += 2 * count + sent
        finally:
            await connection.close()
    return {place: dict(tables) for place, tables in found.items()}


def changed(before: State, after: State, *, at: frozenset[str]) -> list[str]:
    """The tables that differ at these locations."""
    return sorted(
        f"{place}: {table}"
        for place in at
        for table in {*before.get(place, {}), *after.get(place, {})}
        if before.get(place, {}).get(table) != after.get(place, {}).get(table)
    )
