"""Identifiers that we make: time-ordered, so that indexes stay compact."""

from uuid_utils import uuid7

__all__ = ["new_id"]


def new_id() -> str:
    """UUIDv7 (RFC 9562 §5.7) as text."""
    return str(uuid7())
