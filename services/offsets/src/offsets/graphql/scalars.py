"""Serial numbers outgrow GraphQL's 32-bit Int."""

import re
from collections.abc import Mapping
from typing import Any, NewType

import strawberry

__all__ = ["SCALARS", "SerialNumber"]

SerialNumber = NewType("SerialNumber", int)

_DIGITS_MAX = 19
_DIGITS = re.compile(rf"-?[0-9]{{1,{_DIGITS_MAX}}}")


def _serial_number(value: object) -> SerialNumber:
    """Refuses: ValueError for what is no whole number of at most 19 digits, as a number or as a string."""
    text = str(value) if isinstance(value, int | str) else ""
    if not _DIGITS.fullmatch(text):
        message = f"a SerialNumber is a whole number of at most {_DIGITS_MAX} digits, or a string of them"
        raise ValueError(message)
    return SerialNumber(int(text))


SCALARS: Mapping[object, Any] = {
    SerialNumber: strawberry.scalar(
        name="SerialNumber",
        description="A serial number as a string of digits; a whole number is taken too.",
        serialize=str,
        parse_value=_serial_number,
    )
}
