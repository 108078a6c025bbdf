"""The real Keycloak on loopback, with its own small database in a directory of ours, and realms that are imported."""

import hashlib
import http.client
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from embedded.keycloak_distribution import VERSION, Distribution, distribution
from embedded.locks import DirectoryLock
from embedded.ports import free_port
from embedded.processes import Child, ChildFailed

__all__ = ["ADMIN_CLIENT", "EmbeddedKeycloak"]

ADMIN_CLIENT = "lichen-local-admin"
START_DEADLINE_S = 300
STOP_DEADLINE_S = 15
PORT_ATTEMPTS = 3
PORT_TAKEN = "already bound"
READ_ONLY = ("lib", "conf", "providers", "themes")
"""What a home shares with the distribution; only `data` is its own."""


class EmbeddedKeycloak:
    """One server on one directory, as a child of this process.

    Realms are imported into an empty database. Other realms than last time, or another release: the database begins
    anew, as Keycloak leaves a realm that exists as it is.
    """

    def __init__(
        self,
        directory: Path,
        *,
        realms: Sequence[Mapping[str, Any]],
        admin_secret: str,
        port: int = 0,
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`environment` fills the placeholders of realms; the client ADMIN_CLIENT with `admin_secret` may do all."""
        self.directory = directory.resolve()
        self.port = port or free_port()
        self.admin_secret = admin_secret
        self.child: Child | None = None
        self.distribution: Distribution | None = None
        self.realms = realms
        self._environment = dict(environment or {})
        self._say = say
        self._chose_port = port == 0
        self._lock = DirectoryLock(self.directory, "Keycloak")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def issuer(self, realm: str) -> str:
        return f"{self.url}/realms/{realm}"

    def start(self) -> None:
        """Start it and wait until the realms answer. Refuses as `launch` and `wait_until_ready` do."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            child = self.launch()
            try:
                self.wait_until_ready()
            except ChildFailed:
                taken = PORT_TAKEN in child.log_end().lower()
                self.stop()
                # Between our look and the server's, another process took the port.
                if not (taken and self._chose_port and attempt < PORT_ATTEMPTS):
                    raise
                self.port = free_port()
            else:
                return

    def launch(self) -> Child:
        """Let it begin; it answers some seconds later. Refuses: KeycloakUnavailable, AlreadyRunning, ChildFailed."""
        self.distribution = distribution(self._say)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = self._lock.take()
        try:
            home = self._make_home(self.distribution)
            arguments = [
                "start", "--optimized", "--import-realm", "--http-enabled=true", "--http-host=127.0.0.1",
                f"--http-port={self.port}", f"--hostname={self.url}",
                # Without it the server opens ports of a cluster, on every address of the machine.
                "--cache=local",
            ]  # fmt: skip
            self.child = Child.start(
                "Keycloak",
                self.distribution.command(home, *arguments),
                log=self.directory / "keycloak.log",
                environment={
                    "PATH": os.environ.get("PATH", ""),
                    "HOME": str(self.directory),
                    "KC_BOOTSTRAP_ADMIN_CLIENT_ID": ADMIN_CLIENT,
                    "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": self.admin_secret,
                }
                | self._environment,
                inherits=[descriptor],
            )
            self._lock.hand_on(self.child.process.pid)
        finally:
            self._lock.release()
        return self.child

    def wait_until_ready(self) -> None:
        """Refuses: ChildFailed with the log's end."""
        deadline = time.monotonic() + START_DEADLINE_S
        while not self.is_ready():
            if self.child is None:
                message = "Keycloak was not launched"
                raise ChildFailed(message)
            self.child.require_running()
            if time.monotonic() > deadline:
                message = f"Keycloak does not answer on port {self.port}:\n{self.child.log_end()}"
                raise ChildFailed(message)
            time.sleep(0.05)
        self.mark_imported()

    def is_ready(self) -> bool:
        """Whether every realm answers; they do as soon as the import is through."""
        return all(_answers(self.port, f"/realms/{realm['realm']}") for realm in self.realms)

    def mark_imported(self) -> None:
        """The database has these realms, whole; the next start keeps it."""
        self._stamp.write_text(self._fingerprint)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(by=signal.SIGTERM, deadline_s=STOP_DEADLINE_S)
            self.child = None

    @property
    def _stamp(self) -> Path:
        return self.directory / "imported"

    @property
    def _fingerprint(self) -> str:
        inputs = [VERSION, self.admin_secret, self._environment, list(self.realms)]
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()

    def _make_home(self, made: Distribution) -> Path:
        home = self.directory / "home"
        if not self._stamp.exists() or self._stamp.read_text() != self._fingerprint:
            shutil.rmtree(home, ignore_errors=True)
            self._stamp.unlink(missing_ok=True)
        imports = home / "data" / "import"
        imports.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in READ_ONLY:
            link = home / name
            link.unlink(missing_ok=True)
            link.symlink_to(made.server / name)
        for realm in self.realms:
            file = imports / f"{realm['realm']}.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(realm), encoding="utf-8")
        return home


def _answers(port: int, path: str) -> bool:
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        server.request("GET", path)
        return server.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        server.close()
