"""Finding one person in the directory: exactly, and not many a minute, so that it does not become a list of all."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from access.directory.interface import Directory, DirectoryAway, DirectoryPerson, NotInDirectory
from access.domain.errors import DirectoryNotReachable, LookupsExhausted, PersonUnknown
from chassis.telemetry import log

__all__ = ["People", "unknown"]

CALLERS_MAX = 4096
WINDOW_S = 60.0
TEXT_MAX = 255
"""Characters of a user name or an address."""


@dataclass(slots=True, kw_only=True)
class People:
    """What requests share of the directory."""

    directory: Directory
    lookups_per_minute: int
    clock: Callable[[], float] = time.monotonic
    _asked: "OrderedDict[str, deque[float]]" = field(default_factory=OrderedDict)

    async def find(
        self, *, caller: str, user_name: str | None = None, email: str | None = None
    ) -> DirectoryPerson | None:
        """The one enabled person of exactly this user name or address; found or not counts against the bound alike.

        Refuses, in this order: LookupsExhausted, DirectoryNotReachable.
        """
        self._count(caller)
        wanted = (user_name or email or "").strip()
        if not wanted or len(wanted) > TEXT_MAX or "*" in wanted:
            return None
        try:
            found = (
                await self.directory.person(user_name=wanted)
                if user_name is not None
                else await self.directory.person(email=wanted)
            )
        except DirectoryAway as error:
            raise _not_reachable(error) from error
        return found if found is not None and found.enabled else None

    async def groups_of(self, *, subject: str, user_name: str) -> frozenset[str]:
        """The groups that the person is in now. Refuses: PersonUnknown, DirectoryNotReachable."""
        try:
            return await self.directory.groups_of(subject)
        except NotInDirectory as error:
            raise unknown(user_name) from error
        except DirectoryAway as error:
            raise _not_reachable(error) from error

    def _count(self, caller: str) -> None:
        now = self.clock()
        asked = self._asked.setdefault(caller, deque())
        self._asked.move_to_end(caller)
        while len(self._asked) > CALLERS_MAX:
            self._asked.popitem(last=False)
        while asked and asked[0] <= now - WINDOW_S:
            asked.popleft()
        if len(asked) >= self.lookups_per_minute:
            raise LookupsExhausted(
                subject="persons looked up",
                found=f"{len(asked)} within a minute",
                expected=f"{self.lookups_per_minute} at most",
                message=f"You looked up {len(asked)} persons within a minute; wait before the next.",
            )
        asked.append(now)


def unknown(user_name: str) -> PersonUnknown:
    return PersonUnknown(
        subject="person",
        found="nobody of exactly that name who may log in",
        expected="the user name of somebody who may log in",
        message=f"There is nobody with the user name {user_name} who may log in.",
    )


def _not_reachable(error: DirectoryAway) -> DirectoryNotReachable:
    log.warning("directory away", reason=str(error))
    return DirectoryNotReachable(
        subject="identity provider",
        found="no answer",
        expected="an answer",
        message="The identity provider does not answer now; try again in a moment. Nothing was changed.",
    )
