"""Child processes that end when we do: by their pid, in time, and even when we are killed."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Child", "ChildFailed"]

PR_SET_PDEATHSIG = 1
LOG_LINE_BYTES = 2_000
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildFailed(RuntimeError):
    """A server did not start, or ended too early; the message has the end of its log."""


def _end_with(parent: int) -> Callable[[], None]:
    """What the child does between fork and exec, only what is safe there: our being killed leaves no server behind."""

    def ask_kernel() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # killed in between
                os._exit(1)

    return ask_kernel


@dataclass(slots=True, kw_only=True)
class Child:
    """A started program and its log.

    On Linux it ends with the thread that started it: start children from a thread that lives as long as they should.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int = 0
    """Where its own output begins in the log, in bytes."""

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        user: str | None = None,
        inherits: Sequence[int] = (),
    ) -> "Child":
        """`inherits` are file descriptors that it keeps open. Refuses: ChildFailed when there is no such program."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            log_start = output.tell()
            try:
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
                    pass_fds=tuple(inherits),
                    preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - one prctl call, see above
                )
            except OSError as error:
                message = f"{name} can't be started as {command[0]}: {error.strerror}"
                raise ChildFailed(message) from error
        return cls(name=name, process=process, log=log, log_start=log_start)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def require_running(self) -> None:
        """Refuses: ChildFailed."""
        if not self.running:
            message = f"{self.name} ended with exit code {self.process.returncode}:\n{self.log_end()}"
            raise ChildFailed(message)

    def log_end(self, lines: int = 20) -> str:
        """The last lines that it, not an earlier one, has written."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self.log_start, size - LOG_LINE_BYTES * lines))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def stop(self, *, by: signal.Signals, deadline_s: float) -> None:
        """Ask it to end; past the deadline, end it. What it started and left behind ends too."""
        if self.running:
            self.process.send_signal(by)
            try:
                self.process.wait(timeout=deadline_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=10)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _group_of(user: str) -> int:
    import pwd  # noqa: PLC0415 - not on every platform

    return pwd.getpwnam(user).pw_gid
