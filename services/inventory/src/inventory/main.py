"""Assembly of *inventory*."""

from chassis.service import Service
from inventory.access import READ
from inventory.graphql.schema import schema
from inventory.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE"]

SERVICE = Service(name="inventory", schema=schema, subscriptions=SUBSCRIPTIONS, reads=READ)
