"""Assembly of *targets*."""

from chassis.service import Service, run
from targets.graphql.schema import schema
from targets.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE", "main"]

SERVICE = Service(name="targets", schema=schema, subscriptions=SUBSCRIPTIONS)


def main() -> None:
    run(SERVICE)
