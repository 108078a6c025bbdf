"""Everything that a persona tries, one request a case; generated from what the endpoints say of themselves."""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from graphql import get_named_type

from tools.canary.documents import Question, Rendered, filled, questions, rendered
from tools.canary.people import FILLED, Persona
from tools.canary.pool import YEARS, Pool, unknown_like
from tools.canary.routes import Route
from tools.canary.schema import Endpoint, Path

__all__ = [
    "METHODS",
    "VARIANTS",
    "Case",
    "Request",
    "all_questions",
    "question_cases",
    "question_request",
    "root_arguments",
    "route_cases",
    "service_cases",
]

VARIANTS = len(YEARS)
KEYS_MAX = 40
CHOICES = 6
"""Of the root's arguments, for each variant."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent."""

    url: str
    body: object = None
    method: str = "POST"
    fields: frozenset[str] = frozenset()
    paths: tuple[Path, ...] = ()
    arguments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request of one persona, made when its turn comes: the pool grows meanwhile."""

    name: str
    """The same in every run with the same seed and schema."""
    where: str
    changes: bool
    """A mutation at a location of the persona's own."""
    make: Callable[[], Request | None]
    """None where there is nothing to ask with: the location has no such row, or the input no two ids to mix."""
    always: bool = True
    """Whether there is something to ask with wherever the location has rows."""


def service_cases(persona: Persona, endpoint: Endpoint) -> Iterator[Case]:
    """What every subgraph tells its gateway."""
    yield Case(
        name=f"{persona.name} {endpoint.name} _service",
        where=f"{endpoint.name} _service",
        changes=False,
        make=lambda: Request(url=endpoint.url, body={"query": "{ _service { sdl } }"}),
    )


def route_cases(persona: Persona, route: Route, pool: Pool, methods: Sequence[str] = METHODS) -> Iterator[Case]:
    """One route, by these methods, at another's and where it has parameters at the persona's own."""
    ways = {"": persona.foreign} | ({" own": persona.own} if "{" in route.path and persona.own else {})
    for method, (way, at) in product(methods, ways.items()):
        yield Case(
            name=f"{persona.name} {method} {route.service} {route.path}{way}",
            where=f"{route.service} {method} {route.path}",
            changes=False,
            make=lambda method=method, at=at: Request(  # type: ignore[misc]  # binds the loop's values
                url=route.url(lambda name: _part(name, pool, at)), method=method
            ),
            # Where a choice must be made, another's is asked for.
            always=not way,
        )


def _part(name: str, pool: Pool, at: Sequence[str]) -> str:
    """A value for a parameter in a route's path: an id of these locations, of the kind that its name says."""
    word = name.removesuffix("_id").replace("_", "").lower()
    kinds = [kind for kind in pool.ids if word == kind.lower()] or [kind for kind in pool.ids if word in kind.lower()]
    for kind in kinds or sorted(pool.ids):
        if found := pool.ids_of(kind, at=at):
            return found[0]
    return "none"


Make = Callable[[random.Random], Request | None]


def question_cases(persona: Persona, question: Question, number: int, *, pool: Pool, seed: int) -> Iterator[Case]:
    """One question in every way: each variant of its arguments, own and foreign, good and bad."""
    ways = {"entities": _entity_ways, "query": _query_ways, "mutation": _mutation_ways}[question.kind]
    for way, make, changes in ways(persona, question, pool):
        name = f"{persona.name} {question.name} {number} {way}"
        yield Case(
            name=name,
            where=question.name,
            changes=changes,
            make=partial(_made, make, f"{seed} {name}"),
            always=not way.startswith("mixed at"),
        )


def _made(make: Make, seed: str) -> Request | None:
    return make(random.Random(seed))  # noqa: S311 - repeatable, no secret


Ways = Iterator[tuple[str, Make, bool]]
"""Name, request, and whether it may change something."""


def _entity_ways(_persona: Persona, question: Question, pool: Pool) -> Ways:
    for variant in range(VARIANTS):
        yield f"mixed keys {variant}", _entities(question, pool, variant=variant, bad=False), False
    yield "bad arguments", _entities(question, pool, variant=0, bad=True), False


def _query_ways(persona: Persona, question: Question, pool: Pool) -> Ways:
    has_arguments = bool(question.definition and question.definition.args)
    choices = range(CHOICES if has_arguments else 1)
    for variant in range(VARIANTS):
        for choice in choices:
            yield f"any {variant}.{choice}", _query(question, pool, variant=variant), False
        if has_arguments and persona.own and persona.foreign:
            yield f"own and foreign {variant}", _twice(question, pool, persona, variant=variant), False
    for choice in choices:
        yield f"bad {choice}", _query(question, pool, variant=0, bad=True), False


def _mutation_ways(persona: Persona, question: Question, pool: Pool) -> Ways:
    for location in persona.foreign:
        yield f"at {location}", _mutation(question, pool, at=(location,)), False
    for location in persona.own:
        yield f"at {location}", _mutation(question, pool, at=(location,)), True
        if persona.foreign:
            yield f"mixed at {location}", _mutation(question, pool, at=(location,), other=persona.foreign), True
    yield "bad", _mutation(question, pool, at=persona.foreign or FILLED, bad=True), not persona.foreign


def _entities(question: Question, pool: Pool, *, variant: int, bad: bool) -> Make:
    def make(chance: random.Random) -> Request | None:
        known = pool.ids_of(question.root)
        if not known:
            return None
        keys = chance.sample(known, min(len(known), KEYS_MAX))
        keys.insert(chance.randrange(len(keys)), unknown_like(keys[0]))
        key = question.endpoint.keys[question.root]
        variables = {"representations": [{"__typename": question.root, key: value} for value in keys]}
        return question_request(question, rendered(question, pool, variant=variant, at=FILLED, bad=bad), variables)

    return make


def _query(question: Question, pool: Pool, *, variant: int, bad: bool = False) -> Make:
    def make(chance: random.Random) -> Request | None:
        variables = root_arguments(question, pool, at=FILLED, chance=chance, bad=bad)
        return question_request(question, rendered(question, pool, variant=variant, at=FILLED), variables)

    return make


def _twice(question: Question, pool: Pool, persona: Persona, *, variant: int) -> Make:
    """The same field for an own row and a foreign one in one document, so that what is loaded together shows."""

    def make(chance: random.Random) -> Request | None:
        variables = root_arguments(question, pool, at=persona.own, chance=chance)
        others = root_arguments(question, pool, at=persona.foreign, chance=chance)
        half = question.halves() or (question,)
        chosen = chance.choice(half)
        variables |= {f"{name}2": value for name, value in others.items()}
        return question_request(chosen, rendered(chosen, pool, variant=variant, at=FILLED, twice=True), variables)

    return make


def _mutation(
    question: Question, pool: Pool, *, at: Sequence[str], other: Sequence[str] = (), bad: bool = False
) -> Make:
    def make(chance: random.Random) -> Request | None:
        variables = root_arguments(question, pool, at=at, chance=chance, bad=bad)
        if bad:
            _repair_ids(variables, root_arguments(question, pool, at=at, chance=chance))
        if other:
            foreign = root_arguments(question, pool, at=other, chance=chance)
            if not _mix(variables, foreign, chance):
                return None
        return question_request(question, rendered(question, pool, variant=0, at=at), variables)

    return make


def _repair_ids(bad: dict[str, Any], good: dict[str, Any]) -> None:
    """Let ids and keys be sound where all else is bad: most refusals come after the row was found."""
    for name, value in bad.items():
        if isinstance(value, dict) and isinstance(good.get(name), dict):
            value |= {key: good[name][key] for key in value if re.search(r"(^id|Ids?|Key)$", key)}


def _mix(own: dict[str, Any], foreign: dict[str, Any], chance: random.Random) -> bool:
    """Put one foreign id among own ones; False where there is one id alone."""
    for name, value in own.items():
        if isinstance(value, dict):
            ids = sorted(key for key in value if re.search(r"(^id|Ids?)$", key))
            if len(ids) > 1:
                changed = chance.choice(ids)
                value[changed] = foreign[name][changed]
                return True
    return False


def root_arguments(
    question: Question,
    pool: Pool,
    *,
    at: Sequence[str],
    chance: random.Random,
    bad: bool = False,
    turn: int | None = None,
) -> dict[str, Any]:
    """A value for each argument of the root field: one by chance, or the turn's."""
    definition = question.definition
    if definition is None:
        return {}
    chosen = {}
    for name, argument in definition.args.items():
        values = pool.values(question.endpoint.schema, name, argument, at=at, result=question.result, bad=bad)
        value = (chance.choice(values) if turn is None else values[turn % len(values)]) if values else None
        chosen[name] = json.loads(json.dumps(value))
    return chosen


def question_request(question: Question, document: Rendered, variables: dict[str, Any]) -> Request:
    """A question with its values, and what in it is asked."""
    return Request(
        url=question.endpoint.url,
        body={"query": document.text, "variables": variables},
        fields=document.fields,
        paths=question.paths,
        arguments=frozenset(_filled(question, variables)),
    )


def _filled(question: Question, variables: Mapping[str, Any]) -> Iterator[str]:
    """`Input.field` of every field of an input that has a value."""
    definition = question.definition
    for name, value in variables.items():
        if definition is not None and name in definition.args:
            yield from filled(get_named_type(definition.args[name].type), value)


def all_questions(endpoint: Endpoint, *, thorough: bool) -> Iterator[Question]:
    """Each entry of an endpoint, as far as its schema says."""
    for kind in ("query", "mutation", "subscription"):
        for root in endpoint.root_fields(kind):
            yield from questions(endpoint, kind, root, thorough=thorough and kind == "query")
    for entity in endpoint.keys:
        yield from questions(endpoint, "entities", entity, thorough=thorough)
