"""*Not yours* and *not there* answer alike.

The same request is sent with the id of a foreign row and with one of the same form that nothing has.
"""

import json
import math
import random
import statistics
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.canary.cases import root_arguments
from tools.canary.documents import Question, rendered
from tools.canary.exercise import Asker
from tools.canary.marks import may_see
from tools.canary.people import Persona
from tools.canary.pool import unknown_like
from tools.canary.world import Answer, World

__all__ = ["Difference", "Pairs", "compare", "kolmogorov_smirnov"]

PUBLIC_KINDS = frozenset({"Location", "FactorFor"})
"""That these exist is no secret: what may be asked of them is compared in mutations alone."""
OF_THE_MOMENT = frozenset({"date", "ratelimit", "traceparent", "content-length"})
"""Headers that differ between any two answers. The ids have one length, so lengths are compared by the bodies."""
ID_NAME = ("id", "Id", "Ids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two answers that tell the one case from the other."""

    persona: str
    where: str
    foreign: str
    unknown: str

    def __str__(self) -> str:
        told = f"  not yours: {self.foreign[:600]}\n  not there: {self.unknown[:600]}"
        return f"{self.persona} at {self.where} can tell:\n{told}"


@dataclass(slots=True, kw_only=True)
class Pairs:
    """What was compared."""

    seed: int
    compared: int = 0
    entries: set[str] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)
    foreign_s: list[float] = field(default_factory=list)
    unknown_s: list[float] = field(default_factory=list)

    @property
    def medians_ms(self) -> tuple[float, float]:
        return 1000 * statistics.median(self.foreign_s), 1000 * statistics.median(self.unknown_s)

    @property
    def ks(self) -> float:
        return kolmogorov_smirnov(self.foreign_s, self.unknown_s)

    @property
    def ks_bound(self) -> float:
        """Beyond this, two equal samples of this size differ once in a million runs (Smirnov's two-sided bound)."""
        return math.sqrt(-math.log(1e-6 / 2) / len(self.foreign_s))

    def report(self) -> dict[str, Any]:
        """As `build/canary.json` has it."""
        foreign, unknown = self.medians_ms
        return {
            "pairs": self.compared,
            "entries": len(self.entries),
            "different": len(self.differences),
            "median_ms_not_yours": round(foreign, 3),
            "median_ms_not_there": round(unknown, 3),
            "ks": round(self.ks, 4),
            "ks_bound": round(self.ks_bound, 4),
        }


def kolmogorov_smirnov(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The largest distance between two empirical distributions."""
    first, second = sorted(ours), sorted(theirs)
    return max(
        abs(bisect_right(first, point) / len(first) - bisect_right(second, point) / len(second))
        for point in {*ours, *theirs}
    )


async def compare(world: World, *, askers: Sequence[Asker], asked: Sequence[Question], seed: int, pairs: int) -> Pairs:
    """Compare this many pairs, over all entries that take an id and all personas to whom a row is foreign."""
    found = Pairs(seed=seed)
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    possible = list(_one_each(asked))
    while found.compared < pairs:
        for question in possible:
            asker = chance.choice(askers)
            if (request := _pair(world, asker, question, chance)) is None:
                continue
            document, variables, foreign, unknown = request
            other = json.loads(json.dumps(variables).replace(foreign, unknown))
            answers = {}
            # In turn and in either order, so that neither profits from what the other warmed.
            for key in chance.sample((foreign, unknown), 2):
                token = world.token_of(asker.persona.name) if asker.signs_in else asker.token
                body = {"query": document, "variables": variables if key == foreign else other}
                answers[key] = await world.send(question.endpoint.url, token=token, body=body)
            found.compared += 1
            found.entries.add(question.name)
            found.foreign_s.append(answers[foreign].seconds)
            found.unknown_s.append(answers[unknown].seconds)
            if _without(answers[foreign], foreign) != _without(answers[unknown], unknown):
                found.differences.append(
                    Difference(
                        persona=asker.persona.name,
                        where=question.name,
                        foreign=answers[foreign].text,
                        unknown=answers[unknown].text,
                    )
                )
    return found


def _one_each(asked: Sequence[Question]) -> Iterator[Question]:
    """The first question of each entry that takes an id."""
    seen = set()
    for question in asked:
        if question.name in seen or question.kind == "subscription":
            continue
        if question.kind == "entities" and question.root in PUBLIC_KINDS:
            continue
        if question.kind == "query" and (
            question.result in PUBLIC_KINDS or not question.definition or not question.definition.args
        ):
            continue
        seen.add(question.name)
        yield question


def _pair(
    world: World, asker: Asker, question: Question, chance: random.Random
) -> tuple[str, dict[str, Any], str, str] | None:
    """A document, its variables with a foreign id, that id, and one that nothing has."""
    persona = asker.persona
    if not persona.foreign:
        return None
    location = chance.choice(persona.foreign)
    document = rendered(question, world.pool, variant=0, at=(location,))
    if question.kind == "entities":
        ids = [
            found for found in world.pool.ids_of(question.root, at=(location,)) if _is_foreign(world, persona, found)
        ]
        if not ids:
            return None
        foreign = chance.choice(ids)
        key = question.endpoint.keys[question.root]
        variables: dict[str, Any] = {"representations": [{"__typename": question.root, key: foreign}]}
        return document.text, variables, foreign, unknown_like(foreign)
    variables = root_arguments(question, world.pool, at=(location,), chance=chance)
    ids = sorted(found for found in _ids_in(variables, "") if found == location or _is_foreign(world, persona, found))
    if not ids:
        return None
    foreign = chance.choice(ids)
    return document.text, variables, foreign, unknown_like(foreign)


def _is_foreign(world: World, persona: Persona, found: str) -> bool:
    mark = world.marks.known.get(found)
    return mark is not None and not may_see(persona, mark)


def _ids_in(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _ids_in(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _ids_in(item, name)
    elif isinstance(value, str) and name.endswith(ID_NAME):
        yield value


def _without(answer: Answer, key: str) -> tuple[int, list[tuple[str, str]], str]:
    """Status, headers and body, without what tells any two answers apart."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in OF_THE_MOMENT)
    body = answer.body.decode("utf-8", errors="replace").replace(key, "…")
    trace = answer.document.get("errors") or ()
    for error in trace:
        body = body.replace(str(error.get("extensions", {}).get("traceId")), "…")
    return answer.status, headers, body
