"""Entries come in: in the transaction of the change, as its last statement."""

import time
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit.entry import CONTENTS, Entry
from chassis.audit.hashing import leaf_hash
from chassis.database import DATABASE_TROUBLE, Database
from chassis.locations import place
from chassis.telemetry import log

__all__ = ["RefusalBound", "append", "append_refusal", "decided_at"]

decided_at: ContextVar[str | None] = ContextVar("decided_at", default=None)
"""The location that the decision under way is about, once its right was looked up there (`chassis.permission`)."""

_APPEND = text(
    "WITH head AS (UPDATE audit_head SET seq = seq + 1, hash = sha256(hash || int8send(seq + 1) || :leaf)"  # noqa: S608 - our own column names
    f" RETURNING seq, hash) INSERT INTO audit_entry (seq, hash, {', '.join(CONTENTS)})"
    f" SELECT seq, hash, {', '.join(f':{name}' for name in CONTENTS)} FROM head"
)


async def append(tx: AsyncConnection, entry: Entry) -> None:
    """Give the entry its place and link it to the one before, in one statement.

    The lock on the head makes commits wait for each other: nothing may come after this in a transaction.
    """
    await tx.execute(_APPEND, asdict(entry) | {"leaf": leaf_hash(entry.contents())})


@dataclass(slots=True)
class RefusalBound:
    """How many refusals of one person a process records in a minute; the log has the others.

    Whoever is refused more often than that has left a trace that can't be missed, and can't fill the disk with more.
    """

    most: int = 120
    _counts: "OrderedDict[str, tuple[int, int]]" = field(default_factory=OrderedDict)
    """Minute and count by subject."""

    def admits(self, subject: str) -> bool:
        minute = int(time.monotonic() // 60)
        since, count = self._counts.pop(subject, (minute, 0))
        count = count + 1 if since == minute else 1
        self._counts[subject] = (minute, count)
        if len(self._counts) > SUBJECTS_MAX:
            self._counts.popitem(last=False)
        return count <= self.most


SUBJECTS_MAX = 10_000


async def append_refusal(database: Database, entry: Entry, *, root: str) -> None:
    """In a transaction of its own: that of the attempt is rolled back. At the root where the place is not registered.

    A refusal changes nothing, so its answer stands where it can't be recorded because the database went away.
    """
    try:
        async with database.transaction(()) as tx:
            if await place(tx, entry.location_id) is None:
                entry = replace(entry, location_id=root)
            await append(tx, entry)
    except DATABASE_TROUBLE as error:
        log.exception("refusal not recorded", code=entry.refusal_code, action=entry.action, error=type(error).__name__)
