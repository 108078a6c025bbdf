"""The audit records as a whole: verified against their witnesses, or listed. Of a local run, or of any databases."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import reading
from chassis.audit.reading import Wanted
from chassis.audit.verification import Seal, Verdict
from chassis.database import DATABASE_TROUBLE, Database
from contracts.audit import SEALS, WITNESSES
from embedded.postgres import EmbeddedPostgres
from lichen.home import Home

__all__ = ["NoDatabases", "Record", "Wanted", "databases_of", "lines", "local_databases", "told", "verify_all"]

WELL, FOUND, UNREADABLE = 0, 1, 2
"""Exit codes."""


class NoDatabases(ValueError):
    """It is not said which databases to read, or not so that it can be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What came of one service's record."""

    service: str
    witness: str | None
    """None where the witness's database was not given."""
    verdict: Verdict | None
    trouble: str | None
    """Why it could not be read."""

    @property
    def exit_code(self) -> int:
        if self.verdict is None:
            return UNREADABLE
        return WELL if self.verdict.finding is None else FOUND

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def told(self) -> str:
        if self.verdict is None:
            return f"{self.service}: could not be read: {self.trouble}"
        if (finding := self.verdict.finding) is not None:
            which = f"entry {finding.seq}" + ("" if finding.entry_id is None else f" ({finding.entry_id})")
            return f"{self.service}: NOT AS IT WAS WRITTEN. First: {which}, {finding.what}: {finding.why}."
        entries, unsealed = self.verdict.entries, self.verdict.on_the_chain_alone
        if self.witness is None:
            return (
                f"{self.service}: {entries:,} entries fit the chain; {WITNESSES[self.service]}, its witness, was not"
                " read: a rewrite of the whole record would not be seen."
            )
        tail = f"{unsealed:,} at the end not sealed yet: on the chain alone" if unsealed else "all are sealed"
        return f"{self.service}: {entries:,} entries are as they were written, as {self.witness} witnesses; {tail}."


def databases_of(given: Sequence[str]) -> dict[str, str]:
    """URL by service, of SERVICE=URL or SERVICE=@FILE. Refuses: NoDatabases."""
    found = {}
    for item in given:
        service, equals, url = item.partition("=")
        if not equals or service not in SEALS:
            message = f"--database is SERVICE=URL with one of {', '.join(SEALS)}; found {service}"
            raise NoDatabases(message)
        try:
            found[service] = Path(url[1:]).read_text(encoding="utf-8").strip() if url.startswith("@") else url
        except OSError as error:
            message = f"--database {service}: {error}"
            raise NoDatabases(message) from error
    return found


def local_databases(home: Home) -> dict[str, str]:
    """Of the run in this home, as the roles that serve. Refuses: NoDatabases when nothing runs."""
    run = home.read_run()
    if not run.get("pid"):
        message = "Nothing runs here. Start it (make run), or name the databases with --database."
        raise NoDatabases(message)
    postgres = EmbeddedPostgres.attach(home.path / "pg", port=run["ports"]["postgres"])
    return {service: postgres.urls(service).serving for service in SEALS}


async def verify_all(urls: Mapping[str, str], *, root: str) -> list[Record]:
    """Each record against what its witness keeps. What can't be read is said, and does not keep the others back."""
    return [await _verify(service, urls, root=root) for service in urls]


async def _verify(service: str, urls: Mapping[str, str], *, root: str) -> Record:
    witness = WITNESSES[service] if WITNESSES[service] in urls else None
    seals: Sequence[Seal] = ()
    try:
        if witness is not None:
            # Before the record, which may be sealed further meanwhile.
            async with _snapshot(urls[witness], root=root) as tx:
                seals = await reading.seals_of(tx, service)
        async with _snapshot(urls[service], root=root) as tx:
            verdict = await reading.verify(tx, service=service, seals=seals)
    except DATABASE_TROUBLE as error:
        return Record(service=service, witness=witness, verdict=None, trouble=f"{type(error).__name__}: {error}")
    return Record(service=service, witness=witness, verdict=verdict, trouble=None)


async def lines(url: str, wanted: Wanted, *, most: int, root: str) -> list[str]:
    """Entries as a person reads them, newest first."""
    async with _snapshot(url, root=root) as tx:
        rows = await reading.page(tx, wanted, limit=most, below=None)
    return [
        f"{row.seq:>8}  {row.at:%Y-%m-%d %H:%M:%S}  {row.outcome:<8}{row.name:<20} {row.action} at {row.location_id}"
        + (f": {row.record_kind} {row.record_id}" if row.record_id else "")
        + (f" [{row.refusal_code}]" if row.refusal_code else "")
        + (f' "{row.reason}"' if row.reason else "")
        for row in rows
    ]


def told(records: Sequence[Record]) -> str:
    return "\n".join(record.told() for record in records)


@asynccontextmanager
async def _snapshot(url: str, *, root: str) -> AsyncIterator[AsyncConnection]:
    """A read-only transaction that sees the whole record as it is at one moment."""
    pool = Database.connect(url, pool_size=1)
    database = Database(
        engine=pool.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    )
    try:
        async with database.transaction([root]) as tx:
            yield tx
    finally:
        await pool.close()
