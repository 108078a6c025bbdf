"""Assembly of *inventory*."""

from chassis.service import Service, run
from inventory.graphql.schema import schema
from inventory.incoming import SUBSCRIPTIONS

__all__ = ["SERVICE", "main"]

SERVICE = Service(name="inventory", schema=schema, subscriptions=SUBSCRIPTIONS)


def main() -> None:
    run(SERVICE)
