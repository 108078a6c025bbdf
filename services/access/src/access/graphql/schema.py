"""The subgraph of *access*."""

from access.graphql.mutations import Mutation
from access.graphql.queries import Query
from access.graphql.types import Location
from chassis.graphql.schema import GraphQLSchema, build_schema
from chassis.settings import ServiceSettings

__all__ = ["schema"]


def schema(settings: ServiceSettings | None = None) -> GraphQLSchema:
    return build_schema(query=Query, mutation=Mutation, types=[Location], settings=settings)
