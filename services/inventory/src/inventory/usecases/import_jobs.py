"""Imports as jobs: asked for, cancelled, undone; and the two steps that a worker takes with one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations as register
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound, NotPermitted, NotSignedIn
from inventory import access
from inventory.domain.checked_file import Checked
from inventory.domain.errors import ImportAlreadyUndone, ImportRefused, NothingToTakeIn, ReasonsMissing
from inventory.domain.import_job import ImportJob, ImportOrder, JobState
from inventory.domain.inventory import Inventory, require_year
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.rows import Problem
from inventory.domain.workbook import Reference
from inventory.spreadsheet import JOB_LIMITS, require_size
from inventory.store import factors, import_jobs, inventories, lines, records
from inventory.store.records import ActivityImport
from inventory.usecases.factors import factors_for
from inventory.usecases.imports import open_inventory, reference_for, refuse_overlaps
from inventory.usecases.proxy_lines import give_way
from quantities import GwpSet

__all__ = [
    "GivenFile",
    "cancel_import",
    "find_import_job",
    "import_template",
    "marked_file",
    "request_import",
    "take_in_job",
    "take_in_while_checked",
    "undo_import",
    "what_to_check_against",
]

PROBLEMS_MARKED_MAX = 100_000
"""In a workbook that is given back; further ones are told by GraphQL."""


async def request_import(
    tx: AsyncConnection, *, principal: Principal, now: datetime, order: ImportOrder, content: bytes
) -> ImportJob:
    """Have a file taken in by and by. The same file and order again is the same job, while it runs or has its lines.

    Refuses, in this order: as `permitted`; FileTooLarge. What is wrong in the file or the inventory, the job tells.
    """
    await permitted(tx, principal, access.IMPORT_ACTIVITY_DATA, location_id=order.location_id)
    require_size(content, most=JOB_LIMITS.file_bytes)
    new = ImportJob(
        id=new_id(),
        order=order,
        content_hash=sha256(content).hexdigest(),
        bytes=len(content),
        state=JobState.QUEUED,
        requested_by=principal.person,
        requested_at=now,
    )
    while True:
        same = await import_jobs.same_before(tx, new)
        if same is not None:
            return same
        if await import_jobs.add(tx, new, content):
            return new
        # Somebody asked for it meanwhile; and if that job has ended without its lines by now, this one takes its place.


async def find_import_job(tx: AsyncConnection, *, principal: Principal, job_id: str) -> ImportJob:
    """A job, for who may import there; to all others it is as if there were none. Refuses: NotFound."""
    found = await import_jobs.by_id(tx, job_id)
    if found is None:
        raise NotFound(kind="import", key=job_id)
    try:
        await permitted(tx, principal, access.IMPORT_ACTIVITY_DATA, location_id=found.location_id)
    except (NotFound, NotPermitted, NotSignedIn) as refusal:
        raise NotFound(kind="import", key=job_id) from refusal
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file that leaves, or what it is made of."""

    id: str
    """Of the job, or of the location, that it is about."""
    name: str
    content: bytes
    problems: Sequence[Problem] = ()


async def marked_file(tx: AsyncConnection, *, principal: Principal, job_id: str) -> GivenFile:
    """The file of a job as it came, and what was wrong with it. Refuses: as `find_import_job`."""
    found = await find_import_job(tx, principal=principal, job_id=job_id)
    problems = await import_jobs.problems_page(tx, job_id=found.id, limit=PROBLEMS_MARKED_MAX)
    stem = found.order.file_name.rpartition(".")[0] or found.order.file_name
    return GivenFile(
        id=found.id,
        name=f"{stem} marked.xlsx",
        content=await import_jobs.content_of(tx, found.id),
        problems=[problem for _, problem in problems],
    )


async def import_template(
    tx: AsyncConnection, *, principal: Principal, location_id: str, year: int, language: str
) -> GivenFile:
    """A workbook to fill in for a location and year, by its edition of factors.

    Refuses, in this order: as `permitted`; InventoryYearOutOfRange.
    """
    from inventory.importing.template import TemplateFor, template  # noqa: PLC0415 - who takes files in writes none

    place = await permitted(tx, principal, access.IMPORT_ACTIVITY_DATA, location_id=location_id)
    require_year(year, location_id=location_id)
    version_id = await inventories.newest_id(tx, location_id=location_id, year=year)
    (newest,) = [None] if version_id is None else await inventories.by_ids(tx, [version_id])
    edition = await factors.adopted_edition(tx) if newest is None else newest.factor_edition
    chosen, places = await factors_for(tx, path=place.path, edition=edition)
    made = template(
        TemplateFor(
            location_id=location_id,
            year=year,
            sites=sorted(places),
            catalogue=chosen,
            gwp_set=GwpSet.named(GWP_SET_NAME),
            language=language,
        )
    )
    return GivenFile(id=location_id, name=f"{location_id} {year} activity data.xlsx", content=made)


async def cancel_import(tx: AsyncConnection, *, principal: Principal, now: datetime, job_id: str) -> ImportJob:
    """Stop a job. Refuses: NotFound; as `permitted`; as `ImportJob.cancel`."""
    found = await import_jobs.for_update(tx, job_id)
    if found is None:
        raise NotFound(kind="import", key=job_id)
    await permitted(tx, principal, access.CANCEL_IMPORT, location_id=found.location_id)
    cancelled = found.cancel(at=now)
    await import_jobs.save_cancellation(tx, cancelled)
    return cancelled


async def undo_import(
    tx: AsyncConnection, *, principal: Principal, now: datetime, import_id: str, reason: str
) -> ActivityImport:
    """Take all lines of an import out of a draft again; totals follow. What a correction made of a line since stays.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; ReasonsMissing;
    ImportAlreadyUndone.
    """
    found = await records.import_by_id(tx, import_id)
    inventory = None if found is None else await inventories.for_update(tx, found.inventory_id)
    if found is None or inventory is None:
        raise NotFound(kind="import", key=import_id)
    await permitted(tx, principal, access.UNDO_IMPORT, location_id=found.location_id)
    inventory.require_accepts_data()
    if not reason.strip():
        raise ReasonsMissing(
            subject=f"import {import_id}",
            found="no reason",
            expected="why it is undone",
            message=f"The import of {found.file_name} is undone only with a reason.",
        )
    undone = replace(found, undone_at=now, undone_by=principal.person, undone_reason=reason.strip())
    # Asked again under the lock of the inventory.
    if not await records.undo_import(tx, undone):
        raise ImportAlreadyUndone(
            subject=f"import {import_id}",
            found="undone already",
            expected="an import whose lines are in the inventory",
            message=f"The import of {found.file_name} was undone already.",
        )
    return undone


async def what_to_check_against(tx: AsyncConnection, *, job: ImportJob, now: datetime) -> tuple[Inventory, Reference]:
    """The inventory that the job is for, and what its rows are checked against."""
    # open: a worker carries out what was permitted when it was asked for
    inventory = await _inventory(tx, job=job, now=now)
    inventory.require_accepts_data()
    place = await register.place(tx, job.location_id)
    if place is None:
        raise NotFound(kind="location", key=job.location_id)
    reference = await reference_for(tx, place=place, inventory=inventory)
    return inventory, replace(reference, decimal_comma=job.order.decimal_comma)


async def take_in_job(
    tx: AsyncConnection,
    *,
    job: ImportJob,
    now: datetime,
    checked: Checked,
    edition: str,
    said: Callable[[int], Awaitable[None]],
) -> ActivityImport | None:
    """Lines of the job's file into the inventory, or those of the same file that are there already.

    None where the inventory has another edition of factors by now than `edition`, which the file was checked with. Of a
    dry run everything is done, for the caller to roll back.

    Refuses, in this order: InventoryIsFinal or WrongState; ImportRefused, unless the sound rows are to be taken in
    alone; NothingToTakeIn.
    """
    # open: as above
    inventory = await _inventory(tx, job=job, now=now)
    earlier = await records.import_by_hash(tx, inventory_id=inventory.id, content_hash=job.content_hash)
    if earlier is not None:
        return earlier
    inventory.require_accepts_data()
    if inventory.factor_edition != edition:
        return None
    await refuse_overlaps(tx, checked, inventory=inventory)
    if checked.problems and not job.order.accept_partial:
        raise ImportRefused(file_name=job.order.file_name, problems=checked.problems)
    if not checked.lines:
        raise NothingToTakeIn(
            subject=job.order.file_name,
            found="no sound row",
            expected="at least one",
            message=f"Not one row of {job.order.file_name} is sound; nothing was taken in.",
        )
    new = _import_of(job, inventory=inventory, now=now, rows=len(checked.lines))
    await records.add_import(tx, new)
    await lines.add_checked(tx, checked, of=inventory, import_id=new.id, said=said)
    await give_way(tx, by=job.requested_by, now=now, draft=inventory, import_id=new.id, file_name=new.file_name)
    return new


async def take_in_while_checked(
    tx: AsyncConnection,
    *,
    job: ImportJob,
    now: datetime,
    checked: Checked,
    edition: str,
    ready: Callable[[int], Awaitable[int]],
    said: Callable[[int], Awaitable[None]],
) -> ActivityImport | None:
    """As `take_in_job`, of a file of which `checked` holds more and more, as `ready` says: `lines.add_checked`.

    None where that way does not end well, for the caller to roll back, and to go the other way: `take_in_job` decides
    and refuses.
    """
    # open: as above
    inventory = await _inventory(tx, job=job, now=now)
    earlier = await records.import_by_hash(tx, inventory_id=inventory.id, content_hash=job.content_hash)
    if earlier is not None or inventory.factor_edition != edition or not inventory.accepts_data:
        return None
    new = _import_of(job, inventory=inventory, now=now, rows=0)
    await lines.import_comes_after(tx)
    await lines.add_checked(tx, checked, of=inventory, import_id=new.id, said=said, ready=ready)
    await refuse_overlaps(tx, checked, inventory=inventory, but=new.id)
    if checked.problems or not checked.lines:
        return None
    new = replace(new, row_count=len(checked.lines))
    await records.add_import(tx, new)
    await lines.import_is_there(tx)
    await give_way(tx, by=job.requested_by, now=now, draft=inventory, import_id=new.id, file_name=new.file_name)
    return new


def _import_of(job: ImportJob, *, inventory: Inventory, now: datetime, rows: int) -> ActivityImport:
    return ActivityImport(
        id=new_id(),
        inventory_id=inventory.id,
        location_id=inventory.location_id,
        file_name=job.order.file_name,
        content_hash=job.content_hash,
        row_count=rows,
        imported_by=job.requested_by,
        imported_at=now,
    )


async def _inventory(tx: AsyncConnection, *, job: ImportJob, now: datetime) -> Inventory:
    who = Principal(subject=job.requested_by.subject or "", name=job.requested_by.name, grants=())
    return await open_inventory(tx, principal=who, now=now, location_id=job.location_id, year=job.order.year)
