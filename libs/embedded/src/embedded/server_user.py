"""PostgreSQL refuses to run as root: where we are root, as in containers and CI, it runs as somebody without rights."""

import os
import pwd
import stat
from pathlib import Path

__all__ = ["UserRefused", "require_reachable", "server_user"]

WITHOUT_RIGHTS = "nobody"


class UserRefused(RuntimeError):
    """No user can run the server there; the message says what to change."""


def server_user(directory: Path) -> str | None:
    """Whom the server of this directory runs as; None means: as ourselves. Refuses: UserRefused."""
    owner = directory.stat().st_uid if directory.exists() else None
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            message = f"{directory} belongs to {_name(owner)}; run as that user, or put LICHEN_HOME elsewhere"
            raise UserRefused(message)
        return None
    # What an ordinary user made stays that user's.
    return _name(owner) if owner else WITHOUT_RIGHTS


def require_reachable(place: Path, user: str) -> None:
    """Refuses: UserRefused naming the directory on the way to `place` that the user can't enter."""
    account = pwd.getpwnam(user)
    for above in reversed(place.resolve().parents):
        status = above.stat()
        if status.st_uid == account.pw_uid:
            allowed = stat.S_IXUSR
        elif status.st_gid == account.pw_gid:
            allowed = stat.S_IXGRP
        else:
            allowed = stat.S_IXOTH
        if not status.st_mode & allowed:
            message = (
                f"we are root, PostgreSQL would run as {user}, and {above} can't be entered by that user;"
                f" run as an ordinary user, or put this checkout and LICHEN_HOME elsewhere, or chmod o+x {above}"
            )
            raise UserRefused(message)


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        message = f"the user number {uid} has no name on this machine"
        raise UserRefused(message) from None
