"""Reads answers along the schema: which fields had a value, and what there is to ask with next."""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from tools.canary.documents import Question
from tools.canary.schema import ENTITIES, Endpoint, members
from tools.canary.world import World

__all__ = ["learn", "valued"]


def valued(question: Question, data: dict[str, Any] | None) -> Iterator[tuple[str, str, Any]]:
    """Type, field and value of everything in the answer that is not null."""
    endpoint = question.endpoint
    for name, value in (data or {}).items():
        if question.kind == "entities" and name == ENTITIES:
            for item in value or ():
                yield from _below(endpoint, (endpoint.object(question.root),), item)
        elif (definition := question.definition) is not None and value is not None:
            root = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}[question.kind]
            yield root, question.root, value
            yield from _below(endpoint, members(endpoint, get_named_type(definition.type)), value)


def _below(endpoint: Endpoint, types: tuple[GraphQLObjectType, ...], value: Any) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _below(endpoint, types, item)
        return
    if not isinstance(value, dict) or not types:
        return
    named = {type_.name: type_ for type_ in types}
    type_ = named.get(value.get("__typename", ""), types[0])
    for name, item in value.items():
        if item is None or name not in type_.fields:
            continue
        yield type_.name, name, item
        yield from _below(endpoint, members(endpoint, get_named_type(type_.fields[name].type)), item)


def learn(world: World, question: Question, data: dict[str, Any] | None) -> frozenset[str]:
    """Keep what an answer teaches; gives `Type.field` of all that had a value."""
    found = set()
    for type_, name, value in valued(question, data):
        found.add(f"{type_}.{name}")
        world.learn(type_, name, value)
    return frozenset(found)
