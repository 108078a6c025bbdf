"""Values for arguments, by type and name: ids of each kind of row by location, cursors, and words seen in answers."""

import random
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from graphql.type.definition import GraphQLArgument, GraphQLNullableType

from tools.canary.people import PARENTS

__all__ = ["NoValue", "Pool", "unknown_like"]

YEARS = (2023, 2024, 2022, 2031)
"""Published, not published, unfinished, and one of which there is nothing."""
PAGES = (8, 3)
DRAWS = 1000
"""Of a simulation: as few as there may be."""
CURSORS = frozenset({"after", "before"})
PAGE_SIZES = frozenset({"first", "last"})
SEEN_MAX = 40

GOOD: Mapping[str, tuple[Any, ...]] = {
    "Int": (7, 2020),
    "Float": (1.5,),
    "Boolean": (False, True),
    "String": ("canary",),
    "Decimal": ("12.5",),
    "Date": ("2031-03-31",),
    "DateTime": ("2020-03-31T12:00:00+00:00",),
    "Base64": ("c2l0ZSxjYXRlZ29yeQo=",),
    "SerialNumber": ("7000000001",),
}
"""By scalar. A scalar that is not here fails the run by name: nobody knows yet how to ask with it."""

BAD: Mapping[str, tuple[Any, ...]] = {
    "Int": (0, -1, 101, 2_147_483_647),
    "Float": (-1.0,),
    "Boolean": (False,),
    "String": ("", "' OR '1'='1", "x" * 300, "\u202e%s%n${7*7}"),
    "ID": ("", "nope", "' OR '1'='1", "x" * 300),
    "Decimal": ("-1", "0"),
    "Date": ("0001-01-01",),
    "DateTime": ("0001-01-01T00:00:00+00:00",),
    "Base64": ("AAAA",),
    "SerialNumber": ("0",),
}
"""Of the right type, and refused."""


class NoValue(LookupError):
    """No value is known for a type: the canary has to learn it."""


def unknown_like(known: str) -> str:
    """An id of the same form and length that nothing has."""
    try:
        return str(uuid.UUID(int=(uuid.UUID(known).int & ~((1 << 60) - 1)) | random.getrandbits(60)))
    except ValueError:
        letters = "".join(random.choices("bcdfghjklmnpqrstvwxz", k=max(1, len(known) - 1)))  # noqa: S311 - as above
        return f"q{letters}"


@dataclass(slots=True, kw_only=True)
class Pool:
    """All that is known to ask with."""

    ids: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """By type and location."""
    words: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Scalars in answers, by the name of their field."""
    cursors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for location in PARENTS:
            self.ids["Location"][location].add(location)

    def learn(self, type_: str, name: str, value: Any, *, locations: Iterable[str]) -> None:
        """Keep a value that an answer had in a field."""
        if not isinstance(value, str):
            return
        if name == "id":
            for location in locations:
                self.ids[type_][location].add(value)
        elif name in {"cursor", "endCursor"}:
            self.cursors.add(value)
        elif len(self.words[name]) < SEEN_MAX:
            self.words[name].add(value)

    def ids_of(self, type_: str, *, at: Iterable[str] | None = None) -> list[str]:
        """Ids of a type, at these locations or at all."""
        by_location = self.ids.get(type_, {})
        places = by_location if at is None else at
        return sorted({found for place in places for found in by_location.get(place, ())})

    def types_named(self, schema: GraphQLSchema, argument: str, *, result: str) -> tuple[str, ...]:
        """The types whose ids an argument means: that of the result, by its name, by a field of that name, else all."""
        word = argument.removesuffix("s").removesuffix("Id").removesuffix("ID")
        if argument in {"id", "ids"}:
            return (result,) if result in self.ids else tuple(self.ids)
        by_name = [known for known in self.ids if word.lower() in known.lower()]
        if by_name:
            return tuple(by_name)
        by_field = {
            get_named_type(definition.type).name
            for type_ in schema.type_map.values()
            if isinstance(type_, GraphQLObjectType)
            for name, definition in type_.fields.items()
            if name == word
        }
        return tuple(sorted(by_field & set(self.ids))) or tuple(self.ids)

    def values(
        self,
        schema: GraphQLSchema,
        name: str,
        argument: GraphQLArgument | GraphQLInputField,
        *,
        at: Sequence[str],
        result: str = "",
        bad: bool = False,
    ) -> list[Any]:
        """What to try for an argument, or a field of an input, at these locations. Refuses: NoValue."""
        found = self._of_type(schema, name, argument.type, at=at, result=result, bad=bad)
        return found if is_non_null_type(argument.type) else [None, *found]

    def _of_type(
        self, schema: GraphQLSchema, name: str, type_: Any, *, at: Sequence[str], result: str, bad: bool
    ) -> list[Any]:
        bare: GraphQLNullableType = type_.of_type if is_non_null_type(type_) else type_
        if is_list_type(bare):
            inner = self._of_type(schema, name, bare.of_type, at=at, result=result, bad=bad)
            return [inner[:3], inner[:1], []]
        if isinstance(bare, GraphQLInputObjectType):
            return self._inputs(schema, bare, at=at, result=result, bad=bad)
        if isinstance(bare, GraphQLEnumType):
            return list(bare.values)
        return self._scalars(schema, name, get_named_type(bare).name, at=at, result=result, bad=bad)

    def _inputs(
        self, schema: GraphQLSchema, type_: GraphQLInputObjectType, *, at: Sequence[str], result: str, bad: bool
    ) -> list[Any]:
        # What may be left out is given here: whole inputs are left out where they may be.
        choices = {
            name: self._of_type(schema, name, definition.type, at=at, result=result, bad=bad)
            for name, definition in type_.fields.items()
        }
        longest = max((len(options) for options in choices.values()), default=0)
        return [
            {name: options[number % len(options)] for name, options in choices.items() if options}
            for number in range(longest)
        ]

    def _scalars(
        self, schema: GraphQLSchema, name: str, scalar: str, *, at: Sequence[str], result: str, bad: bool
    ) -> list[Any]:
        if bad and scalar in BAD:
            return list(BAD[scalar])
        by_name = self._by_name(schema, name, scalar, at=at, result=result)
        if by_name is not None:
            return by_name
        if words := self.words.get(name):
            return sorted(words) + list(GOOD.get(scalar, ()))
        if scalar not in GOOD:
            message = f"no value is known for the scalar {scalar} of {name}: teach tools/canary/pool.py one"
            raise NoValue(message)
        return list(GOOD[scalar])

    def _by_name(
        self, schema: GraphQLSchema, name: str, scalar: str, *, at: Sequence[str], result: str
    ) -> list[Any] | None:
        """What a name says more than its type."""
        if name in CURSORS:
            return [None, *sorted(self.cursors), "no-cursor"]
        if scalar == "ID":
            types = self.types_named(schema, name, result=result)
            found: list[Any] = [value for type_ in types for value in self.ids_of(type_, at=at)]
            return found or [str(uuid.uuid4())]
        if name == "idempotencyKey":
            return [str(uuid.uuid4())]
        if scalar == "Int" and "year" in name.lower():
            return list(YEARS)
        if name == "draws":
            return [DRAWS]
        return list(PAGES) if scalar == "Int" and name in PAGE_SIZES else None
