"""PostgreSQL 18 from its wheel: no root needed, and none used where we are root."""

import asyncio
import hashlib
import hmac
import json
import pwd
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from embedded.cluster import PostgresRefused, find_binaries, make_cluster, postgres_environment, within_reach
from embedded.locks import AlreadyRunning, DirectoryLock
from embedded.ports import free_port
from embedded.processes import Child, ChildFailed
from embedded.server_user import UserRefused, require_reachable, server_user

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "PostgresRefused"]

START_DEADLINE_S = 30
STOP_DEADLINE_S = 20

LEAN = {
    "jit": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "io_method": "sync",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_max_workers": "1",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""A machine for everything: no workers that idle, no memory that waits."""
FAST_AND_LOOSE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
}
"""For tests alone: a power cut would lose the data, and nobody would mind."""
# Whoever makes roles or databases holds this lock: PostgreSQL refuses concurrent changes of one role.
MAKERS_LOCK = 4_206_131
PORT_ATTEMPTS = 5
PORT_TAKEN = "could not create any TCP/IP sockets"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """Two roles of one database: who migrates is not who serves."""

    owner: str
    serving: str


class EmbeddedPostgres:
    """One server on one directory, as a child of this process."""

    def __init__(self, directory: Path, *, port: int = 0, fast_and_loose: bool = False) -> None:
        self.directory = directory.resolve()
        self.port = port or free_port()
        self._chose_port = port == 0
        self._durable = not fast_and_loose
        self._settings = LEAN | (FAST_AND_LOOSE if fast_and_loose else {})
        self._binaries = find_binaries()
        self._data = self.directory / "data"
        self._secrets_path = self.directory / "passwords.json"
        self._lock = DirectoryLock(self.directory, "PostgreSQL")
        self.child: Child | None = None
        self.templates: set[str] = set()
        """Names of databases that tests copy."""

    @classmethod
    def attach(cls, directory: Path, *, port: int) -> "EmbeddedPostgres":
        """A server that another process started."""
        return cls(directory, port=port)

    def start(self) -> None:
        """Make the cluster if need be, and start it. Refuses: PostgresRefused; ChildFailed with the log's end."""
        try:
            user = server_user(self.directory)
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if user is not None:
                require_reachable(self.directory, user)
                self._binaries = within_reach(self._binaries, user)
            descriptor = self._lock.take()
        except (AlreadyRunning, UserRefused) as refusal:
            raise PostgresRefused(str(refusal)) from refusal
        try:
            if user is not None:
                shutil.chown(self.directory, user, pwd.getpwnam(user).pw_gid)
            self._make_cluster_once(user)
            self._remove_stale_pid_file()
            self.child = self._launch(user, inherits=descriptor)
            self._lock.hand_on(self.child.process.pid)
        finally:
            self._lock.release()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(by=signal.SIGINT, deadline_s=STOP_DEADLINE_S)
            self.child = None

    def kill(self) -> None:
        """End it as a crash would: the next start recovers."""
        if self.child is not None:
            self.child.stop(by=signal.SIGKILL, deadline_s=STOP_DEADLINE_S)
            self.child = None

    @property
    def admin_url(self) -> str:
        return self._url("postgres", "postgres")

    async def create_service_database(self, service: str, *, database: str | None = None) -> DatabaseUrls:
        """The two roles of a service and a database of its own; data that exist stay, rights are mended."""
        name = database or service
        async with self._maker() as admin:
            await admin.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
            for role in (f"{service}_owner", f"{service}_serving"):
                await self._ensure_role(admin, role)
            if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
                await admin.execute(f'CREATE DATABASE "{name}" OWNER {service}_owner')
            await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {service}_serving')
        owner = await asyncpg.connect(self._url("postgres", name))
        try:
            await owner.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            await owner.execute(f"GRANT ALL ON SCHEMA public TO {service}_owner")
            await owner.execute(f"GRANT USAGE ON SCHEMA public TO {service}_serving")
        finally:
            await owner.close()
        return self.urls(service, database=name)

    def urls(self, service: str, *, database: str | None = None) -> DatabaseUrls:
        name = database or service
        return DatabaseUrls(owner=self._url(f"{service}_owner", name), serving=self._url(f"{service}_serving", name))

    async def copy_database(self, service: str, *, template: str, name: str) -> None:
        """A new database like the template, for the same two roles."""
        async with self._maker() as admin:
            # Writing it through the log costs more than the checkpoint that a copy of files begins with.
            await admin.execute(
                f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY OWNER {service}_owner'
            )
            await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {service}_serving')

    async def drop_database(self, name: str) -> None:
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await admin.close()

    async def _ensure_role(self, admin: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
        if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
            if role.endswith("_serving"):
                await admin.execute(f"ALTER ROLE {role} SET statement_timeout = '30s'")
                await admin.execute(f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '15s'")
        await admin.execute(f"ALTER ROLE {role} PASSWORD '{self._password(role)}'")

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._password(role)}@127.0.0.1:{self.port}/{database}"

    def _password(self, role: str) -> str:
        """The administrator's is random and kept; a role's follows from it.

        So there is one secret to keep, and all processes that make roles agree on their passwords.
        """
        if self._secrets_path.exists():
            administrator: str = json.loads(self._secrets_path.read_text())["postgres"]
        else:
            administrator = secrets.token_urlsafe(24)
            self._secrets_path.touch(mode=0o600)
            self._secrets_path.write_text(json.dumps({"postgres": administrator}))
        if role == "postgres":
            return administrator
        return hmac.new(administrator.encode(), f"role {role}".encode(), hashlib.sha256).hexdigest()[:40]

    @asynccontextmanager
    async def _maker(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """The administrator's connection, one maker of roles and databases at a time."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute("SELECT pg_advisory_lock($1)", MAKERS_LOCK)
            yield admin
        finally:
            await admin.close()

    def _make_cluster_once(self, user: str | None) -> None:
        if self._data.exists():
            if not self._secrets_path.exists():
                message = f"{self._data} is there, but its password in {self._secrets_path.name} is gone; restore it"
                raise PostgresRefused(message)
            return
        self._secrets_path.unlink(missing_ok=True)
        password = self._password("postgres")
        make_cluster(self._data, initdb=self._binaries / "initdb", password=password, user=user, durable=self._durable)

    def _remove_stale_pid_file(self) -> None:
        """What a crash left behind.

        PostgreSQL would recover by itself, unless another process has the old number by now, as after the restart of
        a container. The lock is ours, so no server of ours lives; the look at the process is for one started by hand.
        """
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists() or not Path("/proc").exists():
            return
        pid = pid_file.read_text().split()[0]
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self._data).encode() in command.read_bytes():
            message = f"a PostgreSQL (process {pid}) runs on {self._data} already; stop it first"
            raise PostgresRefused(message)
        pid_file.unlink()

    def _launch(self, user: str | None, *, inherits: int) -> Child:
        """A server that answers."""
        options = [flag for name, value in self._settings.items() for flag in ("-c", f"{name}={value}")]
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.child = Child.start(
                "PostgreSQL",
                [
                    str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port),
                    "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", *options,
                ],
                log=self.directory / "postgres.log",
                environment=postgres_environment(),
                user=user,
                inherits=[inherits],
            )  # fmt: skip
            try:
                self._wait_until_ready(self.child)
            except ChildFailed:
                taken = PORT_TAKEN in self.child.log_end()
                self.stop()
                # Between our look and the server's, another process took the port.
                if not (taken and self._chose_port and attempt < PORT_ATTEMPTS):
                    raise
                self.port = free_port()
            else:
                return self.child
        raise AssertionError

    def _wait_until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            child.require_running()
            try:
                asyncio.run(self._ping())
            except (OSError, asyncpg.PostgresError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    message = f"PostgreSQL does not answer on port {self.port}: {error}"
                    raise ChildFailed(message) from error
                time.sleep(0.02)
            else:
                return

    async def _ping(self) -> None:
        connection = await asyncpg.connect(self.admin_url, timeout=2)
        await connection.close()
