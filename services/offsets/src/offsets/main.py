"""Assembly of *offsets*."""

from chassis.service import Service
from offsets.access import READ
from offsets.graphql.schema import schema
from offsets.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE"]

SERVICE = Service(name="offsets", schema=schema, subscriptions=SUBSCRIPTIONS, reads=READ)
