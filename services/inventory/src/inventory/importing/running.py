"""A file that is being checked in a thread, and may be read from meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from inventory.domain.checked_file import Checked
from inventory.domain.workbook import Reference
from inventory.importing.checking import check
from inventory.spreadsheet import JOB_LIMITS, open_sheets

__all__ = ["ProblemFound", "RunningCheck"]

MANY = 10_000
"""Lines that are worth a statement of their own."""
PLAIN_S = 2.0
"""A file whose first many lines take longer is not plain: whoever waits for its lines would hold others up."""
LOOK_S = 0.05
"""Between looks at how many lines there are."""


class ProblemFound(Exception):
    """There is something wrong in the file: no line more is given of it before the end."""


@dataclass(slots=True, kw_only=True)
class RunningCheck:
    """As `check`, while it runs."""

    content: bytes
    """The file."""
    found: Checked
    """What there is so far."""
    _task: "asyncio.Task[Checked]" = field(repr=False)

    @classmethod
    def begin(cls, content: bytes, *, reference: Reference, said: Callable[[int], None]) -> "RunningCheck":
        """`said` may end it by an exception."""
        found = Checked()
        task = asyncio.create_task(
            asyncio.to_thread(
                lambda: check(open_sheets(content, limits=JOB_LIMITS), reference=reference, said=said, into=found)
            )
        )
        return cls(content=content, found=found, _task=task)

    async def ended(self) -> Checked:
        """All of the file. Refuses: as `check`."""
        return await self._task

    async def is_plain(self) -> bool:
        """Whether it has given many lines soon, all of them sound, and there are more to come."""
        deadline = asyncio.get_running_loop().time() + PLAIN_S
        while self._waits_for(MANY) and asyncio.get_running_loop().time() < deadline:
            await self._look_again()
        return not (self._task.done() or self.found.problems or self._waits_for(MANY))

    async def ready(self, after: int) -> int:
        """How many lines there are, once they are many more than `after`, or all.

        Refuses: as `check`. Raises ProblemFound.
        """
        while self._waits_for(after + MANY):
            await self._look_again()
        if self._task.done():
            self._task.result()
        if self.found.problems:
            raise ProblemFound
        return len(self.found.lines)

    def _waits_for(self, lines: int) -> bool:
        return not (self._task.done() or self.found.problems) and len(self.found.lines) < lines

    async def _look_again(self) -> None:
        await asyncio.wait({self._task}, timeout=LOOK_S)
