"""Child processes that end when we do: by their pid, in time, and even when we are killed."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Child", "ChildFailed", "unprivileged_user"]

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildFailed(RuntimeError):
    """A server did not start, or ended too early; the message has the end of its log."""


def unprivileged_user() -> str | None:
    """Whom a server that refuses root is to run as; None when we are not root ourselves."""
    return "nobody" if os.geteuid() == 0 else None


def _end_with_parent() -> None:
    # Between fork and exec: only what is safe there. The parent being killed must not leave servers behind.
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(slots=True, kw_only=True)
class Child:
    """A started program and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str], user: str | None = None
    ) -> "Child":
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                user=user,
                group=None if user is None else _group_of(user),
                extra_groups=None if user is None else [],
                process_group=0,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one prctl call, see above
            )
        return cls(name=name, process=process, log=log)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def require_running(self) -> None:
        """Refuses: ChildFailed."""
        if not self.running:
            message = f"{self.name} ended with exit code {self.process.returncode}:\n{self.log_end()}"
            raise ChildFailed(message)

    def log_end(self, lines: int = 20) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, *, by: signal.Signals, deadline_s: float) -> None:
        """Ask it to end; past the deadline, end it."""
        if not self.running:
            return
        self.process.send_signal(by)
        try:
            self.process.wait(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)


def _group_of(user: str) -> int:
    import pwd  # noqa: PLC0415 - not on every platform

    return pwd.getpwnam(user).pw_gid
