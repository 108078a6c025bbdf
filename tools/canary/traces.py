"""What is not an answer: log lines of every process, exported spans, and the messages in NATS."""

from collections.abc import Iterator
from pathlib import Path

import nats

from tools.canary.exercise import described
from tools.canary.people import lineage, under
from tools.canary.tally import Hit, Tally, excerpt
from tools.canary.world import World

__all__ = ["search_events", "search_logs", "search_spans"]

FETCH_S = 2


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

    A name of somebody who acted is theirs to read who may read the rest.
    """
    client = await nats.connect(world.platform.nats_url)
    try:
        stream = client.jetstream()
        for info in await stream.streams_info():
            consumer = await stream.pull_subscribe("", stream=info.config.name)
            left = info.state.messages
            while left > 0:
                for message in await consumer.fetch(min(left, 100), timeout=FETCH_S):
                    left -= 1
                    tally.events += 1
                    headers = "\n".join(f"{name}: {value}" for name, value in (message.headers or {}).items())
                    text = f"{message.subject}\n{headers}\n\n{message.data.decode('utf-8', errors='replace')}"
                    tally.hits += _event_hits(world, message.subject, text)
    finally:
        await client.close()


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
