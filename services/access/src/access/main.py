"""Assembly of *access*."""

from access.access import READ
from access.graphql.schema import schema
from access.incoming import SUBSCRIPTIONS
from chassis.service import Service

__all__ = ["SERVICE"]

SERVICE = Service(name="access", schema=schema, subscriptions=SUBSCRIPTIONS, reads=READ)
