"""A lock against guessing: some failures in a row close an account, or the entry of user codes, for a while."""

from dataclasses import dataclass

from issuer.expiring import Clock, Expiring

__all__ = ["FAILURES_MAX", "LOCKED_S", "Attempts"]

FAILURES_MAX = 5
LOCKED_S = 60
REMEMBERED_S = 15 * 60
SUBJECTS_MAX = 2_000


@dataclass(slots=True)
class _Record:
    failures: int = 0
    locked_until: float = 0


class Attempts:
    def __init__(self, *, now: Clock) -> None:
        self._now = now
        self._records: Expiring[_Record] = Expiring(now=now, entries_max=SUBJECTS_MAX)

    def is_locked(self, subject: str) -> bool:
        record = self._records.get(subject)
        return record is not None and self._now() < record.locked_until

    def failed(self, subject: str) -> None:
        record = self._records.get(subject) or _Record()
        record.failures += 1
        if record.failures >= FAILURES_MAX:
            record.failures = 0
            record.locked_until = self._now() + LOCKED_S
        self._records.put(subject, record, lifetime_s=REMEMBERED_S)

    def succeeded(self, subject: str) -> None:
        self._records.pop(subject)
