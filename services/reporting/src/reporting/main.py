"""Assembly of *reporting*."""

from chassis.service import Service
from reporting.graphql.schema import schema
from reporting.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE"]

SERVICE = Service(name="reporting", schema=schema, subscriptions=SUBSCRIPTIONS)
