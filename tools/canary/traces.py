"""What is not an answer: log lines of every process, exported spans, and the messages in NATS."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tools.canary.exercise import described
from tools.canary.people import lineage, under
from tools.canary.tally import Hit, Tally, excerpt
from tools.canary.world import World

__all__ = ["search_events", "search_logs", "search_spans"]


def search_logs(world: World, tally: Tally, *, logs: Path) -> None:
    """No log line of any process may hold a mark."""
    for path in sorted(logs.glob("*.log")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            tally.log_lines += 1
            tally.hits += _hits(world, line, where=f"log {path.name}, line {number}")


def search_spans(world: World, tally: Tally) -> None:
    """No name and no attribute of a span may hold a mark."""
    tally.spans += len(world.collector.spans)
    for number, body in enumerate(world.collector.bodies):
        tally.hits += _hits(world, body.decode("utf-8", errors="replace"), where=f"spans, export {number}")


def _hits(world: World, text: str, *, where: str) -> Iterator[Hit]:
    for value, mark, place in world.marks.in_log(text):
        yield Hit(
            persona="who reads logs and traces",
            where=where,
            case="the whole run",
            mark=value,
            of=described(mark),
            excerpt=excerpt(text, place),
        )


async def search_events(world: World, tally: Tally) -> None:
    """Who may hear a location's subjects holds a role there or above: a message tells of that location and below alone.

    The messages are read where they are kept, in the outboxes: subject, headers and payload are sent as they are there.
    """
    for url in world.databases.values():
        connection = await asyncpg.connect(url)
        try:
            for subject, headers, payload in await connection.fetch("SELECT subject, headers, payload FROM outbox"):
                tally.events += 1
                text = f"{subject}\n{headers}\n\n{payload.decode('utf-8', errors='replace')}"
                tally.hits += _event_hits(world, subject, text)
        finally:
            await connection.close()


def _event_hits(world: World, subject: str, text: str) -> Iterator[Hit]:
    place = subject.removesuffix("._").rpartition(".")[2]
    reached = under(place)
    for value, mark, position in world.marks.in_text(text):
        if mark.locations.isdisjoint(reached | (lineage(place) if mark.public else frozenset())):
            yield Hit(
                persona=f"who hears {place}",
                where=f"event {subject}",
                case="the whole run",
                mark=value,
                of=described(mark),
                excerpt=excerpt(text, position),
            )
