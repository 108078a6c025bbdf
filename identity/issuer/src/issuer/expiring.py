"""Memory with an end: every entry expires, and the oldest give way when there are too many."""

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Clock", "Expiring"]

Clock = Callable[[], float]
Value = TypeVar("Value")


class Expiring(Generic[Value]):
    def __init__(self, *, now: Clock, entries_max: int) -> None:
        self._now = now
        self._entries_max = entries_max
        self._entries: dict[str, tuple[float, Value]] = {}

    def put(self, key: str, value: Value, *, lifetime_s: float) -> None:
        self._entries.pop(key, None)
        if len(self._entries) >= self._entries_max:
            self._make_room()
        self._entries[key] = (self._now() + lifetime_s, value)

    def get(self, key: str) -> Value | None:
        found = self._entries.get(key)
        if found is None:
            return None
        if self._now() >= found[0]:
            del self._entries[key]
            return None
        return found[1]

    def pop(self, key: str) -> Value | None:
        value = self.get(key)
        self._entries.pop(key, None)
        return value

    def _make_room(self) -> None:
        now = self._now()
        self._entries = {key: entry for key, entry in self._entries.items() if entry[0] > now}
        while len(self._entries) >= self._entries_max:
            del self._entries[next(iter(self._entries))]
