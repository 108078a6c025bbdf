"""What rights cost: CPU of a request's checks, and a list under row security against the same with an explicit filter.

`rights_per_request` is what every request does before it reads: verify the token, read the grants, decide, open a
transaction and tell it the caller's roots. The reference opens the same transaction and tells it nothing. CPU of this
process and of PostgreSQL's, because the two wait for each other. Tokens are as Keycloak makes them: RS256, 2,048 bits.
One measure lets each request come with a token not seen before, the other lets twenty people ask again and again.

`list_50_secured_…` is a list of 50 out of 500,000 rows of 150 locations by somebody who may see 5, 66 or all of them.
The reference is a superuser's, above row security, with those locations listed in the query.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import asyncpg
import orjson
import psutil
from joserfc import jwt
from joserfc.jwk import RSAKey

from chassis import access
from chassis.identity import Identity
from chassis.locations import Place
from chassis.migrations import migrate
from chassis.settings import ServiceSettings
from contracts.access import Capability
from tools.bench.bed import LOCATION, Bed, Parts, bed
from tools.bench.measure import Measure, Reference

__all__ = ["lists_secured", "rights_first_seen", "rights_known"]

REQUESTS = 500
PEOPLE = 20
HERE = Place(location_id=LOCATION, path=f"secretariat.{LOCATION}")
ROWS, LISTS, PAGE = 500_000, 200, 50
REGIONS, LOCATIONS = 7, 150
COLUMNS = "id, location_id, category, item, amount, unit"
SECURED = f"SELECT {COLUMNS} FROM activity_record ORDER BY id LIMIT {PAGE}"
FILTERED = f"SELECT {COLUMNS} FROM activity_record WHERE location_id = ANY ($1::text[]) ORDER BY id LIMIT {PAGE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    bed: Bed
    settings: ServiceSettings
    key: RSAKey
    backends: Sequence[psutil.Process]


@asynccontextmanager
async def prepare_requests(parts: Parts) -> AsyncIterator[Requests]:
    key = RSAKey.generate_key(2048, {"kid": "bench"})
    published = orjson.dumps({"keys": [key.as_dict(private=False)]})

    async def publish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(published) + published)
        await writer.drain()
        writer.close()

    async with bed(parts, service="targets") as targets, await asyncio.start_server(publish, "127.0.0.1", 0) as issuer:
        port = issuer.sockets[0].getsockname()[1]
        settings = targets.settings.model_copy(update={"issuer": f"http://127.0.0.1:{port}/realms/lichen-local"})
        async with targets.database.transaction([LOCATION]):
            pass
        yield Requests(bed=targets, settings=settings, key=key, backends=_backends(parts))


def _backends(parts: Parts) -> list[psutil.Process]:
    if parts.postgres.child is None:
        message = "PostgreSQL does not run"
        raise RuntimeError(message)
    return psutil.Process(parts.postgres.child.process.pid).children()


def _token(setting: Requests, number: int) -> str:
    now = int(time.time())
    claims = {
        "iss": setting.settings.issuer,
        "aud": setting.settings.audience,
        "sub": f"person-{number}",
        "typ": "Bearer",
        "iat": now,
        "exp": now + 300,
        "preferred_username": f"person-{number}",
        "groups": [f"/locations/secretariat/{LOCATION}/technical-team", "/locations/secretariat/unog/local-member"],
    }
    return jwt.encode({"alg": "RS256", "kid": "bench"}, claims, setting.key)


async def with_rights(setting: Requests, *, people: int) -> float:
    """CPU milliseconds a request, by so many people in turn; a person's first request verifies the signature."""
    headers = [f"Bearer {_token(setting, number)}" for number in range(people)]
    identity = Identity(setting.settings)
    # The keys are fetched once in many minutes; with them comes the first token.
    await identity.principal(f"Bearer {_token(setting, -1)}")

    async def request(number: int) -> None:
        principal = await identity.principal(headers[number % people])
        if not access.can(principal, Capability.READ, HERE):
            message = "the bench's own people may read"
            raise RuntimeError(message)
        async with setting.bed.database.transaction(access.roots(principal, Capability.READ)):
            pass

    return await _cpu_ms(setting, request)


async def without_rights(setting: Requests) -> float:
    async def request(_number: int) -> None:
        async with setting.bed.database.engine.connect() as connection, connection.begin():
            await connection.exec_driver_sql("SELECT 1")

    return await _cpu_ms(setting, request)


async def _cpu_ms(setting: Requests, request: Callable[[int], Awaitable[None]]) -> float:
    began = _cpu_s(setting)
    for number in range(REQUESTS):
        await request(number)
    return (_cpu_s(setting) - began) / REQUESTS * 1000


def _cpu_s(setting: Requests) -> float:
    backends = [process.cpu_times() for process in setting.backends if process.is_running()]
    return time.process_time() + sum(times.user + times.system for times in backends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    serving: "asyncpg.Connection[asyncpg.Record]"
    above_rules: "asyncpg.Connection[asyncpg.Record]"
    roots: str
    visible: Sequence[str]


@asynccontextmanager
async def prepare_lists(parts: Parts, *, roots: Sequence[str], count: int) -> AsyncIterator[Lists]:
    """Refuses: RuntimeError when the two sides do not give the same rows, or not of so many locations."""
    urls = await parts.postgres.create_service_database("inventory", database="lists")
    await asyncio.to_thread(migrate, "inventory", urls.owner)
    above_rules = await asyncpg.connect(parts.postgres.admin_url.rpartition("/")[0] + "/lists")
    serving = await asyncpg.connect(urls.serving)
    try:
        await _fill_once(above_rules)
        reached = await above_rules.fetch(
            "SELECT DISTINCT descendant_id FROM location_closure WHERE ancestor_id = ANY ($1::text[])", roots
        )
        setting = Lists(
            serving=serving,
            above_rules=above_rules,
            roots=",".join(roots),
            visible=[row["descendant_id"] for row in reached],
        )
        ours, reference = await _secured(setting), await _filtered(setting)
        if len(ours) != PAGE or ours != reference or len(setting.visible) != count:
            message = f"{len(setting.visible)} locations, {len(ours)} rows: the two sides differ"
            raise RuntimeError(message)
        yield setting
    finally:
        await serving.close()
        await above_rules.close()


async def _fill_once(above_rules: "asyncpg.Connection[asyncpg.Record]") -> None:
    """A tree of 150 below `bench`, and rows spread over it at random by a fixed seed."""
    if await above_rules.fetchval("SELECT EXISTS (SELECT FROM location WHERE id = 'bench')"):
        return
    paths = ["bench", *(f"bench.region{region}" for region in range(REGIONS))]
    paths += [f"{paths[1 + n % REGIONS]}.office{n}" for n in range(LOCATIONS - len(paths))]
    for path in paths:
        *above, code = path.split(".")
        await above_rules.execute(
            "INSERT INTO location (id, name, kind, parent_id, path, valid_from)"
            " VALUES ($1, $1, 'office', $2, $3, '2000-01-01')",
            code,
            above[-1] if above else None,
            path,
        )
        for ancestor in (*above, code):
            await above_rules.execute("INSERT INTO location_closure VALUES ($1, $2)", ancestor, code)
    codes = [path.rpartition(".")[2] for path in paths]
    await above_rules.execute(
        "INSERT INTO inventory SELECT code, code, 2024, 1, 'draft', 'AR5', 'bench', now() FROM unnest($1::text[]) code",
        codes,
    )
    await above_rules.execute(
        "INSERT INTO activity_import SELECT code, code, code, 'bench.csv', '', 1, 'bench', now()"
        " FROM unnest($1::text[]) code",
        codes,
    )
    await above_rules.execute("SELECT setseed(0.4)")
    await above_rules.execute(
        "INSERT INTO activity_record (inventory_id, import_id, location_id, sheet, row_number, category, item,"
        " period_start, period_end, amount, unit, details, quality, scope, optional)"
        " SELECT code, code, code, 's', n, 'c', 'i', '2024-01-01', '2024-02-01', n, 'kWh', '{}', 'measured', 2, false"
        " FROM (SELECT n, ($1::text[])[1 + floor(random() * $2)::int] AS code FROM generate_series(1, $3) n) spread",
        codes,
        len(codes),
        ROWS,
    )
    await above_rules.execute("ANALYZE")


async def _secured(setting: Lists) -> list[asyncpg.Record]:
    async with setting.serving.transaction():
        await setting.serving.execute("SELECT set_config('app.roots', $1, true)", setting.roots)
        found: list[asyncpg.Record] = await setting.serving.fetch(SECURED)
        return found


async def _filtered(setting: Lists) -> list[asyncpg.Record]:
    async with setting.above_rules.transaction():
        # So that both sides ask twice; this setting is nobody's.
        await setting.above_rules.execute("SELECT set_config('app.bench', $1, true)", setting.roots)
        found: list[asyncpg.Record] = await setting.above_rules.fetch(FILTERED, setting.visible)
        return found


def _latency(ask: Callable[[Lists], Awaitable[list[asyncpg.Record]]]) -> Callable[[Lists], Awaitable[float]]:
    """Mean milliseconds for one list."""

    async def run(setting: Lists) -> float:
        began = time.perf_counter()
        for _ in range(LISTS):
            await ask(setting)
        return (time.perf_counter() - began) / LISTS * 1000

    return run


def _list_secured(*, visible: int, roots: Sequence[str]) -> Measure[Parts, Lists]:
    return Measure(
        name=f"list_50_secured_{visible}",
        unit="ms",
        higher_is_better=False,
        prepare=partial(prepare_lists, roots=roots, count=visible),
        ours=_latency(_secured),
        references=(Reference(against="explicit filter, no row security", run=_latency(_filtered)),),
    )


WITHOUT = Reference(against="a transaction without any of it", run=without_rights)
rights_known = Measure(
    name="rights_known_token",
    unit="CPU ms",
    higher_is_better=False,
    prepare=prepare_requests,
    ours=partial(with_rights, people=PEOPLE),
    references=(WITHOUT,),
)
rights_first_seen = Measure(
    name="rights_first_seen",
    unit="CPU ms",
    higher_is_better=False,
    prepare=prepare_requests,
    ours=partial(with_rights, people=REQUESTS),
    references=(WITHOUT,),
)
lists_secured = (
    _list_secured(visible=5, roots=[f"office{n}" for n in range(5)]),
    _list_secured(visible=66, roots=["region0", "region1", "region2", "office3"]),
    _list_secured(visible=150, roots=["bench"]),
)
