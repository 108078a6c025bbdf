"""A GraphQL endpoint as it describes itself: its types, the keys of its entities, every way down from an entry."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    parse,
)
from graphql.language import ObjectTypeDefinitionNode, ObjectTypeExtensionNode, StringValueNode

__all__ = ["ENTITIES", "INTROSPECTION", "Endpoint", "Hop", "Path", "field_names", "ways"]

INTROSPECTION = get_introspection_query(descriptions=False)
ENTITIES = "_entities"
MACHINERY = frozenset({"_entities", "_service"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One field of one object type, on the way down from an entry."""

    type: str
    name: str


Path = tuple[Hop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where GraphQL is asked."""

    name: str
    url: str
    schema: GraphQLSchema
    depth: int
    """Levels of fields that it takes at most."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The key field of each entity type; empty at the gateway, which has no `_entities`."""

    @classmethod
    def described(
        cls, *, name: str, url: str, introspected: dict[str, object], sdl: str | None, depth: int
    ) -> "Endpoint":
        """From the answer to INTROSPECTION, and of a subgraph its `_service { sdl }`."""
        schema = build_client_schema(introspected)  # type: ignore[arg-type]  # the answer's own shape
        return cls(name=name, url=url, schema=schema, depth=depth, keys={} if sdl is None else _keys(sdl, schema))

    def root_fields(self, kind: str) -> Mapping[str, GraphQLField]:
        """Fields of `query`, `mutation` or `subscription`, without those that only a gateway asks."""
        root = {
            "query": self.schema.query_type,
            "mutation": self.schema.mutation_type,
            "subscription": self.schema.subscription_type,
        }[kind]
        return {} if root is None else {name: found for name, found in root.fields.items() if name not in MACHINERY}

    def object(self, name: str) -> GraphQLObjectType:
        found = self.schema.get_type(name)
        if not isinstance(found, GraphQLObjectType):
            message = f"{self.name}: {name} is no object type"
            raise TypeError(message)
        return found


def _keys(sdl: str, schema: GraphQLSchema) -> dict[str, str]:
    """Refuses: ValueError for an entity type whose key is not one field."""
    keys: dict[str, str] = {}
    for definition in parse(sdl).definitions:
        if isinstance(definition, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            for directive in definition.directives or ():
                value = directive.arguments[0].value if directive.arguments else None
                if directive.name.value == "key" and isinstance(value, StringValueNode):
                    keys[definition.name.value] = value.value
    entity = schema.get_type("_Entity")
    entities = {member.name for member in entity.types} if isinstance(entity, GraphQLUnionType) else set[str]()
    if unfit := {name for name in entities if " " in keys.get(name, " ")}:
        message = f"entity types without a key of one field: {', '.join(sorted(unfit))}"
        raise ValueError(message)
    return {name: key for name, key in keys.items() if name in entities}


def members(endpoint: Endpoint, named: GraphQLNamedType) -> tuple[GraphQLObjectType, ...]:
    """The object types that a value of this type may have."""
    if is_abstract_type(named):
        return tuple(endpoint.schema.get_possible_types(named))
    return (named,) if isinstance(named, GraphQLObjectType) else ()


def ways(endpoint: Endpoint, start: GraphQLNamedType, *, depth: int, thorough: bool) -> Iterator[Path]:
    """Paths from an object, union or interface down to leaves, of at most `depth` fields.

    Thorough: every path on which no type goes further twice; a type that is on it already gives its own leaves once
    more. Otherwise each field of each type that can be reached once, by the shortest way.
    """
    if thorough:
        for member in members(endpoint, start):
            yield from _down(endpoint, member, depth, (), frozenset())
        return
    waiting: deque[tuple[GraphQLObjectType, Path]] = deque((member, ()) for member in members(endpoint, start))
    reached = {type_.name for type_, _ in waiting}
    while waiting:
        type_, path = waiting.popleft()
        for name, definition in type_.fields.items():
            here = (*path, Hop(type=type_.name, name=name))
            named = get_named_type(definition.type)
            if is_leaf_type(named):
                yield here
                continue
            for member in members(endpoint, named):
                if member.name not in reached and len(here) < depth:
                    reached.add(member.name)
                    waiting.append((member, here))
                else:
                    # Known already from elsewhere; here, that this field leads to it is enough.
                    leaf = _to_leaf(endpoint, member)
                    if leaf is not None and len(here) + len(leaf) <= depth:
                        yield (*here, *leaf)


def _to_leaf(endpoint: Endpoint, type_: GraphQLObjectType) -> Path | None:
    """The way to a leaf of its own, or of what is right below it: a connection has none but in its edges."""
    for name, found in type_.fields.items():
        if is_leaf_type(get_named_type(found.type)):
            return (Hop(type=type_.name, name=name),)
    for name, found in type_.fields.items():
        for below in members(endpoint, get_named_type(found.type)):
            for leaf, definition in below.fields.items():
                if is_leaf_type(get_named_type(definition.type)):
                    return (Hop(type=type_.name, name=name), Hop(type=below.name, name=leaf))
    return None


def _down(endpoint: Endpoint, at: GraphQLObjectType, depth: int, path: Path, passed: frozenset[str]) -> Iterator[Path]:
    for name, definition in at.fields.items():
        here = (*path, Hop(type=at.name, name=name))
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            yield here
        elif at.name not in passed and depth > 1 and is_composite_type(named):
            for member in members(endpoint, named):
                yield from _down(endpoint, member, depth - 1, here, passed | {at.name})


def field_names(endpoint: Endpoint) -> frozenset[str]:
    """`Type.field`, `Type.field(argument)` and `Input.field` of all that can be asked."""
    names = set()
    for type_ in endpoint.schema.type_map.values():
        if type_.name.startswith("__") or type_.name == "_Service":
            continue
        if isinstance(type_, GraphQLObjectType):
            for name, definition in type_.fields.items():
                if name not in MACHINERY:
                    names |= {f"{type_.name}.{name}", *(f"{type_.name}.{name}({arg})" for arg in definition.args)}
        elif isinstance(type_, GraphQLInputObjectType):
            names |= {f"{type_.name}.{name}" for name in type_.fields}
    return frozenset(names)
