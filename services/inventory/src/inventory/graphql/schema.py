"""The subgraph of *inventory*."""

from chassis.graphql.schema import GraphQLSchema, build_schema
from chassis.settings import ServiceSettings
from inventory.graphql.mutations import Mutation
from inventory.graphql.queries import Query
from inventory.graphql.subscriptions import Subscription

__all__ = ["schema"]


def schema(settings: ServiceSettings | None = None) -> GraphQLSchema:
    return build_schema(query=Query, mutation=Mutation, subscription=Subscription, settings=settings)
