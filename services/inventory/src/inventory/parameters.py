"""Parameters of an address: one that is not known, or that can't be read, is never passed over."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from starlette.requests import Request

from inventory.domain.errors import ExportParameterUnknown, ImportParameterWrong

__all__ = ["Parameters", "instant", "one_of", "year_number", "yes_no"]

Value = TypeVar("Value")
AnyEnum = TypeVar("AnyEnum", bound=StrEnum)
ParameterRefusal = ExportParameterUnknown | ImportParameterWrong


class Parameters:
    """What an address has after its `?`. Each method refuses as `refusal`, and so does it itself.

    A reader of a value says by a ValueError what it expects.
    """

    def __init__(self, request: Request, *, refusal: type[ParameterRefusal], known: Collection[str]) -> None:
        self._refusal = refusal
        self._values: Mapping[str, list[str]] = {
            name: request.query_params.getlist(name) for name in request.query_params
        }
        for name in self._values:
            if name not in known:
                expected = ", ".join(sorted(known)) or "no parameter"
                raise self.wrong(name, found="a parameter that is not known here", expected=expected)

    def many(self, name: str, read: Callable[[str], Value]) -> list[Value]:
        """Each value, also of those that are joined by commas."""
        return [self._read(name, part, read) for value in self._values.get(name, ()) for part in value.split(",")]

    def one(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """The value, None where there is none."""
        values = self._values.get(name, [])
        if len(values) > 1:
            raise self.wrong(name, found=f"{len(values)} values", expected="one")
        return self._read(name, values[0], read) if values else None

    def required(self, name: str, read: Callable[[str], Value]) -> Value:
        found = self.one(name, read)
        return self._read(name, "", read) if found is None else found

    def wrong(self, name: str, *, found: str, expected: str) -> ParameterRefusal:
        return self._refusal(
            subject=name,
            found=found[:100],
            expected=expected,
            message=f"`{name}`: {found[:100]} can't be used here; expected {expected}.",
        )

    def _read(self, name: str, value: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(value)
        except ValueError as error:
            raise self.wrong(name, found=value, expected=str(error)) from error


def one_of(kind: type[AnyEnum]) -> Callable[[str], AnyEnum]:
    def read(value: str) -> AnyEnum:
        try:
            return kind(value.lower())
        except ValueError:
            expected = f"one of {', '.join(kind)}"
            raise ValueError(expected) from None

    return read


def year_number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) == 4):  # noqa: PLR2004 - digits of a year
        expected = "a year"
        raise ValueError(expected)
    return int(value)


def instant(value: str) -> datetime:
    expected = "an instant with its zone, such as 2025-03-31T00:00:00Z"
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(expected) from None
    if found.tzinfo is None:
        raise ValueError(expected)
    return found


def yes_no(value: str) -> bool:
    if value not in {"true", "false"}:
        expected = "true or false"
        raise ValueError(expected)
    return value == "true"
