"""The record leaves the house: batches of it are sealed and published, and another service keeps the seals."""

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.functions import func

from chassis import outbox
from chassis.audit.hashing import genesis, leaves_of, merkle_root
from chassis.audit.verification import Finding, Head, Seal, SealUnfit, Verifier, follow
from chassis.database import DATABASE_TROUBLE, Database
from chassis.inbox import EventUnreadable
from chassis.locations import place
from chassis.tables import audit_entry, audit_head, audit_witness
from chassis.telemetry import log
from contracts.audit import SEALS, AuditSealed

__all__ = ["BATCH_MAX", "RecordBroken", "Sealer", "keep_seal"]

BATCH_MAX = 1_000
"""Entries in one seal: 43 kB of leaves in base64, well below the 256 KiB that a message may have."""


class RecordBroken(RuntimeError):
    """An entry since the last seal is not as it was written: it is not vouched for."""

    def __init__(self, finding: Finding | None) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Sealer:
    """Seals what was added to one service's record."""

    def __init__(self, database: Database, *, service: str, root: str, interval_s: float) -> None:
        self._database = database
        self._seal = SEALS[service]
        self._service = service
        self._root = root
        self._interval_s = interval_s

    async def run(self) -> None:
        """Until cancelled: seal, then wait for the interval to pass."""
        while True:
            try:
                while await self.seal_once() == BATCH_MAX:
                    pass
            except RecordBroken as broken:
                log.error("audit record broken", finding=str(broken))
            except DATABASE_TROUBLE as error:
                log.warning("sealing waits", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the outermost edge: a service that records must go on sealing
                log.warning("sealing failed", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(self._interval_s)

    async def seal_once(self) -> int:
        """Publish a seal of the oldest entries that have none; returns how many. Refuses: RecordBroken."""
        async with self._database.transaction([self._root]) as tx:
            if not await tx.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext("lichen audit sealer")))):
                return 0
            found = (await tx.execute(select(audit_head))).one()
            # Events are of a place: before the root is registered there is none.
            if found.seq == found.sealed_seq or await place(tx, self._root) is None:
                return 0
            start = Head(seq=found.sealed_seq, hash=found.sealed_hash)
            rows = await tx.execute(
                select(audit_entry)
                .where(audit_entry.c.seq > start.seq, audit_entry.c.seq <= found.seq)
                .order_by(audit_entry.c.seq)
                .limit(BATCH_MAX)
            )
            verifier = Verifier(start=start, head=Head(seq=found.seq, hash=found.hash))
            for row in rows:
                verifier.take(row._asdict())
            leaves = leaves_of(bytes(verifier.leaves))
            last = start.seq + len(leaves)
            if not leaves or not verifier.fits_so_far or (last == found.seq and verifier.hash != found.hash):
                raise RecordBroken(verifier.verdict().finding)
            now = datetime.now(UTC)
            seal = self._seal(
                location_id=self._root,
                service=self._service,
                first_seq=start.seq + 1,
                last_seq=last,
                leaves=b64encode(verifier.leaves).decode(),
                root=merkle_root(leaves).hex(),
                chain_head=verifier.hash.hex(),
                sealed_at=now,
            )
            await outbox.add(tx, seal, now=now)
            # Last, as whoever appends waits for this row.
            await tx.execute(update(audit_head).values(sealed_seq=last, sealed_hash=verifier.hash))
            return len(leaves)


async def keep_seal(tx: AsyncConnection, event: AuditSealed, now: datetime) -> None:
    """Keep another service's seal as its witness.

    Refuses: EventUnreadable for one that does not fit itself or does not follow the last one that is kept.
    """
    source = type(event).producer
    last = (
        await tx.execute(
            select(audit_witness.c.last_seq, audit_witness.c.chain_head)
            .where(audit_witness.c.source == source)
            .order_by(audit_witness.c.first_seq.desc())
            .limit(1)
        )
    ).one_or_none()
    end = Head(seq=0, hash=genesis(source)) if last is None else Head(seq=last.last_seq, hash=last.chain_head)
    try:
        seal = Seal(
            first_seq=event.first_seq,
            last_seq=event.last_seq,
            leaves=b64decode(event.leaves, validate=True),
            root=bytes.fromhex(event.root),
            chain_head=bytes.fromhex(event.chain_head),
        )
        follow(end, seal)
    except (SealUnfit, ValueError) as error:
        message = f"seal of the audit record of {source} from {event.first_seq} on: {error}"
        raise EventUnreadable(message) from error
    await tx.execute(
        insert(audit_witness).values(
            source=source,
            first_seq=seal.first_seq,
            last_seq=seal.last_seq,
            leaves=seal.leaves,
            root=seal.root,
            chain_head=seal.chain_head,
            sealed_at=event.sealed_at,
            witnessed_at=now,
        )
    )
