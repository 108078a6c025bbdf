"""Tables of *access*: the common ones of `chassis.tables`."""

from chassis.tables import metadata

__all__ = ["metadata"]
