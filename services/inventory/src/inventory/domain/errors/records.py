"""Refusals, in order: lists of records."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = ["FilterTooLarge"]


class FilterTooLarge(Refused):
    """More values, or a longer text, than a filter may have."""

    code: ClassVar[str] = "FILTER_TOO_LARGE"
