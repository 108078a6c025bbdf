"""Watch the services that the nursery forked: what the nursery becomes once they are there (docs/adr/0006).

A service writes to a page that it shared with the nursery, and is given its own; the nursery's stays, 70 MB of pages
that nobody else has any more. It lets go of them by becoming this program, which has the same process number, and so
the same children, and imports nothing that it does not need.

Its one argument gives the parts by process number, as JSON. SIGTERM and SIGINT, held back until now, stop them all.
"""

import json
import os
import signal
import sys
from contextlib import suppress

__all__ = ["HELD_BACK", "become_watcher", "say", "watch"]

HELD_BACK = (signal.SIGTERM, signal.SIGINT)


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the protocol


def become_watcher(running: dict[int, str]) -> None:
    """Replace this program by the watcher of these children. HELD_BACK must be blocked, so that none is lost."""
    os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, json.dumps(running)])  # noqa: S606 - no shell


def watch(running: dict[int, str]) -> None:
    """Say line by line which part ended, {"part": …, "exit": …}, until none runs."""

    def stop(*_: object) -> None:
        for pid in running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    for number in HELD_BACK:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
    while running:
        pid, status = os.wait()
        say(part=running.pop(pid), exit=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    watch({int(pid): part for pid, part in json.loads(sys.argv[1]).items()})
