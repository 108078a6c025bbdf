"""Assembly of *targets*."""

from chassis.service import Service
from targets.access import READ
from targets.graphql.schema import schema
from targets.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE"]

SERVICE = Service(name="targets", schema=schema, subscriptions=SUBSCRIPTIONS, reads=READ)
