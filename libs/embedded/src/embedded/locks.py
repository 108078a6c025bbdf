"""A lock that says whether a server lives in a directory, however it or its starter ended."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

__all__ = ["AlreadyRunning", "DirectoryLock"]

ENDING_S = 0.5
"""How long a process that was just killed may take to be gone."""
CHILDREN_ENDING_S = 3.0
"""How long the children of one that is gone may take to notice."""
POLL_S = 0.02


class AlreadyRunning(RuntimeError):
    """Somebody lives in this directory; the message names it."""

    def __init__(self, message: str, *, pid: int) -> None:
        super().__init__(message)
        self.pid = pid


class DirectoryLock:
    """Held by an open file that the server inherits.

    The kernel frees it when the last process that has the file is gone, the children of a killed server included. The
    process number in PostgreSQL's own file can't promise that: after a container's restart another process has it.
    """

    def __init__(self, directory: Path, program: str) -> None:
        self._path = directory / "lock"
        self._program = program
        self._file: IO[str] | None = None

    def take(self) -> int:
        """The descriptor to hand on to the server. Refuses: AlreadyRunning."""
        file = self._path.open("a+", encoding="ascii")
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                server = int(file.read().strip() or 0)
                if time.monotonic() > began + (ENDING_S if _exists(server) else CHILDREN_ENDING_S):
                    file.close()
                    message = f"{self._program} runs in {self._path.parent} already (process {server}); stop it first"
                    raise AlreadyRunning(message, pid=server) from None
                time.sleep(POLL_S)
            else:
                file.truncate(0)
                self._file = file
                return file.fileno()

    def name(self, holder: int) -> None:
        """Say which process has it, for those who find it taken."""
        if self._file is not None:
            self._file.write(str(holder))
            self._file.flush()

    def hand_on(self, server: int) -> None:
        """Leave it to the server alone."""
        self.name(server)
        self.release()

    def release(self) -> None:
        """Give up our share; a server that inherited the file keeps the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _exists(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
