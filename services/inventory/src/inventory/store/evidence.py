"""SQL of files of evidence."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.disclosure import FUELS
from inventory.domain.evidence import Detachment, EvidenceFile
from inventory.store.lineage import earlier_of
from inventory.tables import activity_record, evidence_detachment, evidence_file
from quantities.person import Person

__all__ = [
    "add",
    "beside",
    "by_id",
    "by_ids",
    "detach",
    "has_fuel",
    "in_use",
    "of_imports",
    "of_inventory",
    "of_records",
]

_WHOLE = select(
    evidence_file,
    evidence_detachment.c.reason,
    evidence_detachment.c.detached_by,
    evidence_detachment.c.detached_by_subject,
    evidence_detachment.c.detached_at,
).outerjoin(evidence_detachment, evidence_detachment.c.evidence_id == evidence_file.c.id)


async def add(tx: AsyncConnection, new: EvidenceFile) -> None:
    """Attach it."""
    await tx.execute(
        insert(evidence_file).values(
            id=new.id,
            inventory_id=new.inventory_id,
            location_id=new.location_id,
            import_id=new.import_id,
            record_id=new.record_id,
            name=new.name,
            media_type=new.media_type,
            size=new.size,
            sha256=new.sha256,
            sensitive=new.is_sensitive,
            note=new.note,
            attached_by=new.attached_by.name,
            attached_by_subject=new.attached_by.subject,
            attached_at=new.attached_at,
        )
    )


async def detach(tx: AsyncConnection, of: EvidenceFile, done: Detachment) -> None:
    """Write down that it is attached no more."""
    await tx.execute(
        insert(evidence_detachment).values(
            evidence_id=of.id,
            inventory_id=of.inventory_id,
            location_id=of.location_id,
            sensitive=of.is_sensitive,
            reason=done.reason,
            detached_by=done.by.name,
            detached_by_subject=done.by.subject,
            detached_at=done.at,
        )
    )


async def by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[EvidenceFile | None]:
    """Those files, None for one that the caller may not see."""
    found = {row.id: _file(row) for row in await tx.execute(_WHOLE.where(evidence_file.c.id.in_(ids)))}
    return [found.get(evidence_id) for evidence_id in ids]


async def by_id(tx: AsyncConnection, evidence_id: str) -> EvidenceFile:
    """That file; it is there."""
    return _file((await tx.execute(_WHOLE.where(evidence_file.c.id == evidence_id))).one())


async def beside(tx: AsyncConnection, new: EvidenceFile) -> Sequence[EvidenceFile]:
    """Files that are attached to the same thing now."""
    statement = _WHOLE.where(
        evidence_file.c.inventory_id == new.inventory_id,
        evidence_file.c.import_id.is_not_distinct_from(new.import_id),
        evidence_file.c.record_id.is_not_distinct_from(new.record_id),
        evidence_detachment.c.evidence_id.is_(None),
    )
    return [_file(row) for row in await tx.execute(statement)]


async def has_fuel(tx: AsyncConnection, import_id: str) -> bool:
    """Whether a record of the import is of a fuel that sites store."""
    found = select(
        exists().where(activity_record.c.import_id == import_id, activity_record.c.category.in_(sorted(FUELS)))
    )
    return bool(await tx.scalar(found))


async def of_inventory(
    tx: AsyncConnection, *, inventory_id: str, limit: int, after: str | None
) -> Sequence[EvidenceFile]:
    """All files of a version: its own, and those of its imports and records."""
    statement = _WHOLE.where(evidence_file.c.inventory_id == inventory_id).order_by(evidence_file.c.id).limit(limit)
    if after is not None:
        statement = statement.where(evidence_file.c.id > after)
    return [_file(row) for row in await tx.execute(statement)]


async def of_imports(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Sequence[EvidenceFile]]:
    """Files of each import, in the order in which they were attached."""
    rows = await tx.execute(_WHOLE.where(evidence_file.c.import_id.in_(ids)).order_by(evidence_file.c.id))
    found: dict[str | None, list[EvidenceFile]] = {import_id: [] for import_id in ids}
    for row in rows:
        found[row.import_id].append(_file(row))
    return [found[import_id] for import_id in ids]


async def of_records(tx: AsyncConnection, ids: Sequence[int]) -> Sequence[Sequence[EvidenceFile]]:
    """Files of each record, and of the lines of earlier versions that it is a copy of."""
    chains = await earlier_of(tx, ids)
    lines = {
        record_id: {record_id, *(step.record_id for step in _copies(chain))}
        for record_id, chain in zip(ids, chains, strict=True)
    }
    every = set[int]().union(*lines.values())
    rows = await tx.execute(_WHOLE.where(evidence_file.c.record_id.in_(every)).order_by(evidence_file.c.id))
    files = [_file(row) for row in rows]
    return [[file for file in files if file.record_id in lines[record_id]] for record_id in ids]


def _copies(chain: Sequence[Any]) -> Sequence[Any]:
    """As far back as the line was only copied: a changed one is shown by other files."""
    kept = []
    for step in chain:
        if step.action != "copied":
            break
        kept.append(step)
    return kept


async def in_use(tx: AsyncConnection, *, limit: int, after: str | None) -> Sequence[tuple[str, str]]:
    """Id and SHA-256 of files that the caller sees, detached ones too, by id."""
    statement = select(evidence_file.c.id, evidence_file.c.sha256).order_by(evidence_file.c.id).limit(limit)
    if after is not None:
        statement = statement.where(evidence_file.c.id > after)
    return [(row.id, row.sha256) for row in await tx.execute(statement)]


def _file(row: Row[*tuple[Any, ...]]) -> EvidenceFile:
    return EvidenceFile(
        id=row.id,
        inventory_id=row.inventory_id,
        location_id=row.location_id,
        import_id=row.import_id,
        record_id=row.record_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        is_sensitive=row.sensitive,
        note=row.note,
        attached_by=Person(subject=row.attached_by_subject, name=row.attached_by),
        attached_at=row.attached_at,
        detachment=None
        if row.detached_at is None
        else Detachment(
            by=Person(subject=row.detached_by_subject, name=row.detached_by), at=row.detached_at, reason=row.reason
        ),
    )
