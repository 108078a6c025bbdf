"""Assembly of *reporting*."""

from chassis.service import Service
from reporting.access import READ
from reporting.graphql.schema import schema
from reporting.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE"]

SERVICE = Service(name="reporting", schema=schema, subscriptions=SUBSCRIPTIONS, reads=READ)
