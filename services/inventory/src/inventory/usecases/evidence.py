"""Files that show where figures come from: attached, read, detached; and files of activity data, kept as they came."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.audit.writing import decided_at
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access
from inventory.domain import evidence as domain
from inventory.domain.disclosure import FUELS
from inventory.domain.evidence import Detachment, EvidenceFile
from inventory.domain.inventory import Inventory
from inventory.store import corrections, evidence, inventories, records
from inventory.store.records import ActivityImport
from inventory.usecases.versions import version_to_change
from inventory.vault import Vault

__all__ = ["attach_evidence", "detach_evidence", "keep_import", "read_evidence"]

_DIGITS_MAX = 18


async def attach_evidence(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    vault: Vault,
    limit_bytes: int,
    inventory_id: str,
    record_id: str | None,
    import_id: str | None,
    file_name: str,
    content: bytes,
    is_sensitive: bool | None,
    note: str | None,
) -> EvidenceFile:
    """Attach a file to a record, to an import, or to a version as a whole. The same file there again changes nothing.

    Without a word on it, a file is sensitive as its record or import is; one of a whole version is, unless said not
    to be.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; as `domain.evidence`:
    EvidenceOfTwoThings, NotFound for a record or an import that the version does not have, EvidenceEmpty,
    EvidenceTooLarge, EvidenceNoteTooLong, EvidenceTypeNotAllowed, EvidenceTypeMismatch; EvidenceTooMany.
    """
    of = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.ATTACH_EVIDENCE, location_id=of.location_id)
    of.require_accepts_data()
    domain.require_one_thing(record_id=record_id, import_id=import_id)
    location_id, by_contents = await _thing(tx, of, record_id=record_id, import_id=import_id)
    name = domain.name_of(file_name)
    domain.require_within(len(content), most=limit_bytes, name=name)
    domain.require_short(note, name=name)
    new = EvidenceFile(
        id=new_id(),
        inventory_id=of.id,
        location_id=location_id,
        import_id=import_id,
        record_id=None if record_id is None else int(record_id),
        name=name,
        media_type=domain.media_type_of(content, name=name),
        size=len(content),
        sha256=domain.digest(content),
        is_sensitive=domain.is_sensitive(by_contents, said=is_sensitive),
        note=None if note is None else note.strip() or None,
        attached_by=principal.person,
        attached_at=now,
    )
    there = await evidence.beside(tx, new)
    earlier = next((file for file in there if file.sha256 == new.sha256), None)
    if earlier is not None:
        return earlier
    domain.require_few(len(there), name=name)
    # Contents first: a row never names what is not there. Contents that no row names hurt nobody.
    await vault.put(content)
    await evidence.add(tx, new)
    return new


async def _thing(
    tx: AsyncConnection, of: Inventory, *, record_id: str | None, import_id: str | None
) -> tuple[str, bool | None]:
    """Where the thing is, and whether by its contents it is sensitive; None of a whole version. Refuses: NotFound."""
    if record_id is not None:
        is_id = record_id.isascii() and record_id.isdigit() and len(record_id) <= _DIGITS_MAX
        line = await corrections.line_of(tx, inventory_id=of.id, record_id=int(record_id)) if is_id else None
        if line is None:
            raise NotFound(kind="activity record", key=record_id)
        return line.location_id, line.category in FUELS
    if import_id is not None:
        (taken,) = await records.imports_by_ids(tx, [import_id])
        if taken is None or taken.inventory_id != of.id:
            raise NotFound(kind="import", key=import_id)
        return taken.location_id, await evidence.has_fuel(tx, import_id)
    return of.location_id, None


async def detach_evidence(
    tx: AsyncConnection, *, principal: Principal, now: datetime, evidence_id: str, reason: str
) -> EvidenceFile:
    """Take a file away from what it is attached to, while the version is open. The file and the trace stay.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; as
    `domain.evidence.require_detachable`.
    """
    found = await _file(tx, evidence_id)
    of = await inventories.for_update(tx, found.inventory_id)
    if of is None:
        raise NotFound(kind="evidence", key=evidence_id)
    await permitted(tx, principal, access.DETACH_EVIDENCE, location_id=of.location_id)
    of.require_accepts_data()
    # Somebody may have detached it while we waited for the version.
    found = await _file(tx, evidence_id)
    domain.require_detachable(found, reason=reason)
    await evidence.detach(tx, found, Detachment(by=principal.person, at=now, reason=reason.strip()))
    return await evidence.by_id(tx, evidence_id)


async def read_evidence(tx: AsyncConnection, *, vault: Vault, evidence_id: str) -> tuple[EvidenceFile, bytes]:
    """A file with its contents, which are those that were attached.

    Refuses, in this order: NotFound; EvidenceDamaged.
    """
    # open: row security shows what the caller may see
    found = await _file(tx, evidence_id)
    decided_at.set(found.location_id)
    return found, domain.require_undamaged(await vault.get(found.sha256), of=found)


async def _file(tx: AsyncConnection, evidence_id: str) -> EvidenceFile:
    (found,) = await evidence.by_ids(tx, [evidence_id])
    if found is None:
        raise NotFound(kind="evidence", key=evidence_id)
    return found


async def keep_import(tx: AsyncConnection, *, vault: Vault, taken: ActivityImport, content: bytes) -> None:
    """Keep the file of an import that was just taken in, as the first evidence of it."""
    # open: a part of use cases that have asked for the right
    await vault.put(content)
    await evidence.add(
        tx,
        EvidenceFile(
            id=new_id(),
            inventory_id=taken.inventory_id,
            location_id=taken.location_id,
            import_id=taken.id,
            record_id=None,
            name=domain.name_of(taken.file_name),
            media_type=domain.media_type_of_import(content),
            size=len(content),
            sha256=domain.digest(content),
            is_sensitive=await evidence.has_fuel(tx, taken.id),
            note=None,
            attached_by=taken.imported_by,
            attached_at=taken.imported_at,
        ),
    )
