"""The subgraph of *access*."""

from access.graphql.queries import Query
from chassis.graphql.schema import GraphQLSchema, build_schema
from chassis.settings import ServiceSettings

__all__ = ["schema"]


def schema(settings: ServiceSettings | None = None) -> GraphQLSchema:
    return build_schema(query=Query, mutation=None, settings=settings)
