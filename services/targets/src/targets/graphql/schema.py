"""The subgraph of *targets*."""

from chassis.graphql.schema import GraphQLSchema, build_schema
from chassis.settings import ServiceSettings
from targets.graphql.mutations import Mutation
from targets.graphql.queries import Query
from targets.graphql.subscriptions import Subscription
from targets.graphql.types import Location

__all__ = ["schema"]


def schema(settings: ServiceSettings | None = None) -> GraphQLSchema:
    return build_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[Location], settings=settings)
