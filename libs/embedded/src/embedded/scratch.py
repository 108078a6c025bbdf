"""Where tests keep what is gone after them: in memory where there is room, as a new database is mostly new files."""

import os
import shutil
from pathlib import Path

__all__ = ["scratch_parent"]

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of ours is made in it
ROOM_BYTES = 4 << 30
"""A container often has 64 MiB there."""


def scratch_parent() -> str | None:
    """A directory to make temporary ones in; None for the usual one.

    As root, PostgreSQL runs as another user, who must be able to enter it: a TMPDIR of root's own is no place then.
    """
    if os.access(IN_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES:
        return str(IN_MEMORY)
    return "/tmp" if os.geteuid() == 0 else None  # noqa: S108 - as above
