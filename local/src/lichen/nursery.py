"""Import the services' libraries once, then fork the four of them (docs/adr/0006).

A service takes four CPU seconds and 127 MB to import by itself; forked, they share both. Migrations run first, each in
a process of its own that alone knows the owner's address. Standard input gives the parts as JSON; standard output says
line by line what became of each: {"part": …, "pid": …} and {"part": …, "exit": …}. SIGTERM or SIGINT stops them all.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any, NoReturn

from chassis.command import run
from lichen.watch import HELD_BACK, become_watcher, say

__all__: list[str] = []

PR_SET_PDEATHSIG = 1
SHARED = ("chassis.migrations", "inventory.main", "targets.main", "offsets.main", "reporting.main", "access.main")
"""Imported here, so that every child has them."""


def end_with_parent(how: signal.Signals) -> None:
    """On Linux, be sent this signal when the parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)


def child(name: str, command: str, environment: dict[str, str], log: str, parent: int) -> NoReturn:
    """Become `python -m <name> <command>` with this environment and log. Never returns."""
    code = 1
    try:
        for number in HELD_BACK:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        end_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)
        os.setpgid(0, 0)
        log_file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for stream, target in ((0, nothing), (1, log_file), (2, log_file)):
            os.dup2(target, stream)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [name, command]
        run(name)
        code = 0
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)  # noqa: T201 - as python does
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - the outermost edge of the child
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def spawn(name: str, command: str, environment: dict[str, str], log: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        child(name, command, environment, log, parent)
    return pid


def migrate(parts: dict[str, Any]) -> bool:
    """Migrate every part that has an owner's address; whether all came through."""
    running = {}
    for name, part in parts.items():
        if owner := part.get("migration_url"):
            environment = part["environment"] | {"LICHEN_MIGRATION_URL": owner}
            running[spawn(name, "migrate", environment, part["log"])] = name
    well = True
    while running:
        pid, status = os.wait()
        if (code := os.waitstatus_to_exitcode(status)) != 0:
            say(part=running[pid], exit=code, during="migration")
            well = False
        del running[pid]
    return well


def main() -> None:
    end_with_parent(signal.SIGTERM)
    for module in SHARED:
        import_module(module)
    line = sys.stdin.readline()
    if not line:
        return  # whoever asked for the services is gone
    parts: dict[str, Any] = json.loads(line)
    gc.collect()
    gc.freeze()
    say(ready=True)
    if not migrate(parts):
        sys.exit(1)
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    running = {spawn(name, "serve", part["environment"], part["log"]): name for name, part in parts.items()}
    for pid, name in running.items():
        say(part=name, pid=pid)
    become_watcher(running)


if __name__ == "__main__":
    main()
