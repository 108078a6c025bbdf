"""Assembly of *access*."""

from access.access import READ
from access.graphql.schema import schema
from access.incoming import SUBSCRIPTIONS
from chassis.callout.settings import CalloutSettings
from chassis.callout.task import answer_for_outsiders
from chassis.service import Service

__all__ = ["SERVICE"]

SERVICE = Service(
    name="access",
    schema=schema,
    subscriptions=SUBSCRIPTIONS,
    reads=READ,
    settings=CalloutSettings,
    tasks=(answer_for_outsiders,),
)
