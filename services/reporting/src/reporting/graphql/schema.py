"""The subgraph of *reporting*."""

from chassis.graphql.schema import GraphQLSchema, build_schema
from chassis.settings import ServiceSettings
from reporting.graphql.mutations import Mutation
from reporting.graphql.queries import Query
from reporting.graphql.subscriptions import Subscription
from reporting.graphql.types import Location

__all__ = ["schema"]


def schema(settings: ServiceSettings | None = None) -> GraphQLSchema:
    return build_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[Location], settings=settings)
