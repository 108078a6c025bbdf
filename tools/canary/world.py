"""The real platform with the canary's people: processes, databases, NATS, the development issuer, a collector."""

import asyncio
import base64
import io
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pyarrow import parquet

from contracts.access import Role
from contracts.catalogue import SERVICES
from embedded.ports import free_port
from embedded.scratch import scratch_parent
from lichen.home import Home
from lichen.personas import Tokens
from lichen.platform import Platform
from tools.canary.marks import Marks, Publication
from tools.canary.people import FILLED, MACHINE, ROOT, Persona, Staff, machines, personas, staff_of, write_people
from tools.canary.pool import Pool
from tools.canary.schema import INTROSPECTION, Endpoint
from tools.canary.state import State, fingerprints
from tools.collector import Collector

__all__ = ["ADMINISTRATOR", "Answer", "World", "prepare", "started"]

ADMINISTRATOR = "canary-over-all-central-coordinator"
"""Reads everything, opens and publishes."""
SUBGRAPH_DEPTH = 12
GATEWAY_DEPTH = 10
"""As LICHEN_GRAPHQL_DEPTH_LIMIT and gateway/settings.json have it."""
PATIENCE_S = 60.0
SETTLED_AFTER_S = 0.7
SET = ("LICHEN_GATEWAY_PORT", "LICHEN_ISSUER_PERSONAS", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables that the platform and its parts are told by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """Every byte that the caller got, as text."""
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.status}\n{headers}\n\n{self._contents}"

    @property
    def _contents(self) -> str:
        """The body, unpacked where it is a file that packs what it holds."""
        if self.body.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(self.body)) as packed:
                return "\n".join(packed.read(name).decode("utf-8", errors="replace") for name in packed.namelist())
        if self.body.startswith(b"PAR1"):
            table = parquet.read_table(io.BytesIO(self.body))
            return f"{table.schema.metadata}\n{table.to_pylist()}"
        return self.body.decode("utf-8", errors="replace")

    @property
    def document(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(slots=True, kw_only=True)
class World:
    """What the canary works on."""

    platform: Platform
    collector: Collector
    tokens: Tokens
    staff: Mapping[str, Staff]
    marks: Marks
    pool: Pool = field(default_factory=Pool)
    publication: Publication = field(default_factory=Publication)
    answered: set[str] = field(default_factory=set)
    """`Type.field` of everything that had a value for somebody."""
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Requests are sent within this: a client belongs to one event loop."""
        async with httpx.AsyncClient(timeout=60, trust_env=False) as self.client:
            yield
        self.client = None

    @property
    def databases(self) -> dict[str, str]:
        return {service: self.platform.database_url(service) for service in SERVICES}

    @property
    def subgraphs(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in self.endpoints.values() if endpoint.keys)

    def token_of(self, name: str) -> str:
        if name == MACHINE:
            return self.tokens.of_machine(name, secret=self.platform.home.secret(name))
        return self.tokens.of(name)

    async def send(
        self,
        url: str,
        *,
        token: str | None,
        method: str = "POST",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, again after a pause where the gateway asks for one."""
        if self.client is None:
            message = "send within `connected()`"
            raise RuntimeError(message)
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        while True:
            began = time.perf_counter()
            found = await self.client.request(method, url, json=body, headers=sent)
            seconds = time.perf_counter() - began
            if found.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return Answer(
                    status=found.status_code, headers=dict(found.headers), body=found.content, seconds=seconds
                )
            await asyncio.sleep(float(found.headers.get("retry-after", "1")))

    async def ask(self, endpoint: Endpoint, document: str, *, name: str, variables: Mapping[str, Any]) -> Answer:
        """Ask as one of the issuer's persons."""
        body = {"query": document, "variables": dict(variables)}
        return await self.send(endpoint.url, token=self.token_of(name), body=body)

    async def until_settled(self) -> State:
        """Wait until all events are sent and nothing changes any more; how it is then. Refuses: TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            before: State = {}
            while (now := await fingerprints(self.databases)) != before:
                before = now
                await asyncio.sleep(SETTLED_AFTER_S)
        return now

    async def describe(self) -> None:
        """Read the schema of each endpoint from itself."""
        urls = {"gateway": self.platform.gateway_url} | {
            service: f"http://127.0.0.1:{self.platform.ports[service]}/graphql" for service in SERVICES
        }
        for name, url in urls.items():
            self.endpoints[name] = await self.described(name, url)

    async def described(self, name: str, url: str) -> Endpoint:
        """An endpoint by its own words."""
        token = self.token_of(ADMINISTRATOR)
        introspected = (await self.send(url, token=token, body={"query": INTROSPECTION})).document
        service = (await self.send(url, token=token, body={"query": "{ _service { sdl } }"})).document
        sdl = service["data"]["_service"]["sdl"] if name != "gateway" else None
        return Endpoint.described(
            name=name,
            url=url,
            introspected=introspected["data"],
            sdl=sdl,
            depth=GATEWAY_DEPTH if sdl is None else SUBGRAPH_DEPTH,
        )

    def learn(self, type_: str, name: str, value: Any) -> None:
        """Keep a value of an answer to ask with later."""
        self.answered.add(f"{type_}.{name}")
        mark = self.marks.known.get(str(value).lower())
        self.pool.learn(type_, name, value, locations=mark.locations if mark else ())

    def people(self) -> list[Persona]:
        """Everyone who asks, with the scopes of their tokens."""
        return [persona.with_scopes(_scopes(self.token_of(persona.name))) for persona in (*personas(), *machines())]

    def staff_name(self, location: str, role: Role) -> str:
        return self.staff[location].names[role]


def _scopes(token: str) -> frozenset[str]:
    claims = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return frozenset(str(found.get("scope", "")).split())


@contextmanager
def started() -> Iterator[World]:
    """A platform of its own in a new folder, ended and removed afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="lichen-canary-", dir=scratch_parent()))
    directory.chmod(0o755)
    collector = Collector()
    before = {name: os.environ.get(name) for name in SET}
    os.environ["LICHEN_GATEWAY_PORT"] = str(free_port())
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.start()
    marks = Marks()
    staff = {code: staff_of(code, token=marks.new_text(code, person=True)) for code in (ROOT, *FILLED)}
    people = directory / "people.json"
    write_people(people, staff=list(staff.values()))
    os.environ["LICHEN_ISSUER_PERSONAS"] = str(people)
    platform = Platform(home=Home(path=directory / "home"), say=lambda _: None)
    try:
        platform.start()
        yield World(
            platform=platform,
            collector=collector,
            tokens=Tokens(issuer=platform.issuer_url),
            staff=staff,
            marks=marks,
        )
    finally:
        platform.stop()
        collector.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(directory, ignore_errors=True)


async def prepare(world: World) -> None:
    """Let it describe itself, fill it, and know every mark. Refuses: SeedFailed."""
    from tools.canary.seed import fill  # noqa: PLC0415 - which needs the world

    async with world.connected():
        await world.describe()
        await fill(world)
        await world.until_settled()
        await world.marks.harvest(world.databases, publication=world.publication)
