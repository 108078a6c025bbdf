"""nats-server with JetStream from its wheel, syncing each acknowledged message to disk."""

import os
import shutil
import signal
import socket
import sysconfig
import time
from pathlib import Path

from embedded.ports import free_port
from embedded.processes import Child, ChildFailed

__all__ = ["EmbeddedNats"]

START_DEADLINE_S = 15
STOP_DEADLINE_S = 10


class EmbeddedNats:
    """One server on one directory, as a child of this process."""

    def __init__(self, directory: Path, *, port: int = 0, monitor_port: int = 0, sync_always: bool = True) -> None:
        self.directory = directory.resolve()
        self.port = port or free_port()
        self.monitor_port = monitor_port or free_port()
        self._sync_always = sync_always
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        return f"http://127.0.0.1:{self.monitor_port}"

    def start(self) -> None:
        """Start it. Refuses: ChildFailed with the log's end."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = self.directory / "nats.conf"
        sync = "always" if self._sync_always else "2m"
        configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\nhttp: "127.0.0.1:{self.monitor_port}"\nmax_payload: 1MB\n'
            f'jetstream {{ store_dir: "{self.directory / "store"}", sync_interval: {sync},'
            " max_memory_store: 64MB, max_file_store: 10GB }\n"
        )
        self.child = Child.start(
            "NATS",
            [_binary(), "-c", str(configuration)],
            log=self.directory / "nats.log",
            environment={"PATH": os.environ.get("PATH", ""), "GOMEMLIMIT": "64MiB", "GOGC": "50"},
        )
        deadline = time.monotonic() + START_DEADLINE_S
        while not _answers(self.port):
            self.child.require_running()
            if time.monotonic() > deadline:
                message = f"NATS does not answer on port {self.port}:\n{self.child.log_end()}"
                raise ChildFailed(message)
            time.sleep(0.02)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(by=signal.SIGTERM, deadline_s=STOP_DEADLINE_S)
            self.child = None


def _binary() -> str:
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    if found is None:
        message = "nats-server is not installed in this environment"
        raise ChildFailed(message)
    return found


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False
