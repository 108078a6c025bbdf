"""Documents from paths: as many fields in one request as the endpoint takes, arguments filled from the pool."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from tools.canary.pool import Pool
from tools.canary.schema import ENTITIES, Endpoint, Path, members, ways

__all__ = ["Question", "Rendered", "filled", "questions", "rendered"]

MUTATION_DEPTH = 4
PATHS_MAX = 150
"""In one document, before it is split where the endpoint refuses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One document without its arguments: an entry, and the paths below it."""

    endpoint: Endpoint
    kind: str
    """query, mutation, subscription or entities."""
    root: str
    """The root field, or the entity's type."""
    paths: tuple[Path, ...]
    """Empty for a root field that is a leaf itself."""

    @property
    def name(self) -> str:
        return f"{self.endpoint.name} {self.kind} {self.root}"

    @property
    def definition(self) -> GraphQLField | None:
        """Of the root field; an entity has none."""
        return None if self.kind == "entities" else self.endpoint.root_fields(self.kind)[self.root]

    @property
    def result(self) -> str:
        """Name of the type that it gives."""
        definition = self.definition
        if definition is None:
            return self.root
        named = get_named_type(definition.type)
        found = members(self.endpoint, named)
        return found[0].name if found else named.name

    def halves(self) -> "tuple[Question, Question] | None":
        """Itself in two parts, or None for one path that can't be split."""
        if len(self.paths) < 2:  # noqa: PLR2004 - one path
            return None
        middle = len(self.paths) // 2
        return replace(self, paths=self.paths[:middle]), replace(self, paths=self.paths[middle:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A document, and what in it was asked."""

    text: str
    fields: frozenset[str]
    """`Type.field` and `Type.field(argument)`."""


def questions(endpoint: Endpoint, kind: str, root: str, *, thorough: bool = False) -> Iterator[Question]:
    """All questions of one entry."""
    start = endpoint.object(root) if kind == "entities" else get_named_type(endpoint.root_fields(kind)[root].type)
    # What a mutation gives is asked from near by: the rest of the way is that of queries.
    depth = MUTATION_DEPTH if kind == "mutation" else endpoint.depth - 1
    found = tuple(ways(endpoint, start, depth=depth, thorough=thorough)) if is_composite_type(start) else ()
    if not found:
        yield Question(endpoint=endpoint, kind=kind, root=root, paths=())
    for begin in range(0, len(found), PATHS_MAX):
        yield Question(endpoint=endpoint, kind=kind, root=root, paths=found[begin : begin + PATHS_MAX])


def rendered(
    question: Question, pool: Pool, *, variant: int, at: Sequence[str], bad: bool = False, twice: bool = False
) -> Rendered:
    """The text. `variant` turns through the values of nested arguments; root arguments are variables of their names.

    With `twice`, the root field is asked under two aliases, the second with variables that end in `2`, and what is
    below it stands in a fragment.
    """
    writer = _Writer(
        endpoint=question.endpoint,
        choose=lambda name, argument, result: _turn(
            pool.values(question.endpoint.schema, name, argument, at=at, result=result, bad=bad), variant
        ),
        fields=set(),
    )
    definition = question.definition
    if definition is None:
        body = writer.selection(question.root, question.paths)
        text = (
            f"query Canary($representations: [_Any!]!) {{ {ENTITIES}(representations: $representations)"
            f" {{ __typename ... on {question.root} {body} }} }}"
        )
        return Rendered(text=text, fields=frozenset(writer.fields))
    parent = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}[question.kind]
    writer.fields |= {f"{parent}.{question.root}", *(f"{parent}.{question.root}({name})" for name in definition.args)}
    named = get_named_type(definition.type)
    body = writer.selection(named.name, question.paths) if question.paths else ""
    suffixes = ("", "2") if twice else ("",)
    declared = ", ".join(f"${name}{end}: {found.type}" for end in suffixes for name, found in definition.args.items())
    calls = []
    for end in suffixes:
        arguments = ", ".join(f"{name}: ${name}{end}" for name in definition.args)
        call = f"{question.root}({arguments})" if arguments else question.root
        calls.append(f"a{end}: {call} {'{ ...Below }' if body else ''}" if twice else f"{call} {body}")
    fragment = f" fragment Below on {named.name} {body}" if twice and body else ""
    opening = f"{question.kind} Canary({declared})" if declared else f"{question.kind} Canary"
    return Rendered(text=f"{opening} {{ {' '.join(calls)} }}{fragment}", fields=frozenset(writer.fields))


def _turn(values: Sequence[Any], variant: int) -> Any:
    return values[variant % len(values)] if values else None


@dataclass(slots=True, kw_only=True)
class _Writer:
    endpoint: Endpoint
    choose: Callable[[str, Any, str], Any]
    fields: set[str]

    def selection(self, type_name: str, paths: Sequence[Path]) -> str:
        """`{ … }` of what these paths ask of a type; each path begins there."""
        type_ = self.endpoint.schema.type_map[type_name]
        by_type: dict[str, dict[str, list[Path]]] = {}
        for path in paths:
            by_type.setdefault(path[0].type, {}).setdefault(path[0].name, []).append(path[1:])
        parts = ["__typename"] if is_abstract_type(type_) else []
        for owner, by_field in by_type.items():
            asked = " ".join(self._field(owner, name, below) for name, below in by_field.items())
            parts.append(f"... on {owner} {{ {asked} }}" if owner != type_name else asked)
        return f"{{ {' '.join(parts)} }}"

    def _field(self, owner: str, name: str, below: Sequence[Path]) -> str:
        definition = self.endpoint.object(owner).fields[name]
        named = get_named_type(definition.type)
        self.fields.add(f"{owner}.{name}")
        arguments = []
        for argument, described in definition.args.items():
            self.fields.add(f"{owner}.{name}({argument})")
            value = self.choose(argument, described, named.name)
            if value is not None:
                named_argument = get_named_type(described.type)
                self.fields.update(filled(named_argument, value))
                arguments.append(f"{argument}: {_literal(value, named_argument)}")
        call = f"{name}({', '.join(arguments)})" if arguments else name
        deeper = [path for path in below if path]
        return f"{call} {self.selection(named.name, deeper)}" if deeper else call


def filled(type_: GraphQLNamedType, value: Any) -> Iterator[str]:
    """`Input.field` of every field of an input that has a value."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(type_, GraphQLInputObjectType) and isinstance(item, dict):
            for key, inner in item.items():
                if inner is not None:
                    yield f"{type_.name}.{key}"
                    yield from filled(get_named_type(type_.fields[key].type), inner)


def _literal(value: Any, named: GraphQLNamedType) -> str:
    if isinstance(value, Mapping):
        below = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        inner = (f"{key}: {_literal(item, get_named_type(below[key].type))}" for key, item in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item, named) for item in value) + "]"
    return str(value) if isinstance(named, GraphQLEnumType) and value is not None else json.dumps(value)
