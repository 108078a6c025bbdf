"""`python -m embedded run -- command …`: run a command with one PostgreSQL for all the pytest runs in it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded.postgres import EmbeddedPostgres


def main() -> int:
    match sys.argv[1:]:
        case ["run", "--", *command] if command:
            pass
        case _:
            sys.exit("usage: python -m embedded run -- command …")
    place = "/tmp" if os.geteuid() == 0 else None  # noqa: S108 - a directory of ours is made in it
    with tempfile.TemporaryDirectory(prefix="lichen-test-", dir=place) as directory:
        Path(directory).chmod(0o755)
        server = EmbeddedPostgres(Path(directory) / "pg", fast_and_loose=True)
        server.start()
        try:
            shared = {"LICHEN_TEST_POSTGRES": f"{server.directory}:{server.port}"}
            return subprocess.run(command, env=os.environ | shared, check=False).returncode
        finally:
            server.stop()


sys.exit(main())
