"""The subgraph of *offsets*."""

from chassis.graphql.schema import GraphQLSchema, build_schema
from chassis.settings import ServiceSettings
from offsets.graphql.mutations import Mutation
from offsets.graphql.queries import Query
from offsets.graphql.scalars import SCALARS
from offsets.graphql.subscriptions import Subscription
from offsets.graphql.types import Location

__all__ = ["schema"]


def schema(settings: ServiceSettings | None = None) -> GraphQLSchema:
    return build_schema(
        query=Query, mutation=Mutation, subscription=Subscription, types=[Location], scalars=SCALARS, settings=settings
    )
