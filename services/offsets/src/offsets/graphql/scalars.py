"""Serial numbers outgrow GraphQL's 32-bit Int."""

import re
from collections.abc import Mapping
from typing import Any, NewType

import strawberry

__all__ = ["SCALARS", "SerialNumber"]

SerialNumber = NewType("SerialNumber", int)

_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def _serial_number(value: object) -> SerialNumber:
    """Refuses: ValueError for what is neither a whole number nor a string of digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return SerialNumber(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return SerialNumber(int(value))
    message = "a SerialNumber is a whole number, or a string of at most 19 digits"
    raise ValueError(message)


SCALARS: Mapping[object, Any] = {
    SerialNumber: strawberry.scalar(
        name="SerialNumber",
        description="A serial number as a string of digits; a whole number is taken too.",
        serialize=str,
        parse_value=_serial_number,
    )
}
