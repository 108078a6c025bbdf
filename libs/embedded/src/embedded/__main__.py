"""`python -m embedded run -- command …`: run a command with one PostgreSQL for all the pytest runs in it."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded.postgres import EmbeddedPostgres
from embedded.scratch import scratch_parent


def main() -> int:
    match sys.argv[1:]:
        case ["run", "--", *command] if command:
            pass
        case _:
            sys.exit("usage: python -m embedded run -- command …")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="lichen-test-", dir=scratch_parent()) as directory:
        Path(directory).chmod(0o755)
        server = EmbeddedPostgres(Path(directory) / "pg", fast_and_loose=True)
        try:
            server.start()
            return run(command, {"LICHEN_TEST_POSTGRES": f"{server.directory}:{server.port}"})
        finally:
            server.stop()


def run(command: list[str], shared: dict[str, str]) -> int:
    """Its exit code, as a shell gives it. It ends before the server does, also when we are told to end."""
    try:
        process = subprocess.Popen(command, env=os.environ | shared)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    # Ctrl-C reaches the command from the terminal; a test runner answers it with a summary.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
