"""A final inventory is corrected by its next version: the same lines, changed while it is a draft, with reasons."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access
from inventory.domain.correction import RecordCorrection, action_of, as_file, with_uncertainty
from inventory.domain.errors import PrivateFactorsElsewhere
from inventory.domain.inventory import Cause, Inventory
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.restatement import require_complete
from inventory.store import completeness, corrections, inventories, private_factors, proxies, restatements, taken_shares
from inventory.store.corrections import Line
from inventory.usecases.imports import take_in
from inventory.usecases.restatements import requantified_by
from inventory.usecases.versions import version_to_change

__all__ = ["correct_activity_record", "correct_inventory"]

_DIGITS_MAX = 18
"""Of an id of a record: a longer number is none."""


async def correct_inventory(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    inventory_id: str,
    reason: str,
    factor_edition: str | None = None,
) -> Inventory:
    """Open the next version of a final inventory, with a copy of every line. The final one stays as it is.

    With an edition of factors it is restated: its cause is the method, and every line is quantified by that edition.

    Refuses: NotFound; as `permitted`; as `Inventory.correct`; FactorEditionUnknown, RestatementRefused;
    PrivateFactorsElsewhere.
    """
    final = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.CORRECT_INVENTORY, location_id=final.location_id)
    newest = await inventories.newest_version(tx, location_id=final.location_id, year=final.year)
    new = final.correct(
        inventory_id=new_id(),
        newest_version=newest,
        cause=Cause.ERROR if factor_edition is None else Cause.METHOD,
        reason=reason,
        by=principal.person,
        factor_edition=factor_edition,
    )
    requantified = None
    if factor_edition is not None:
        requantified = (await requantified_by(tx, [final.id], edition=factor_edition))[final.id]
    if requantified is not None:
        require_complete(requantified, edition=new.factor_edition)
    elif await private_factors.has_hidden_lines(tx, final.id):
        raise PrivateFactorsElsewhere(
            subject=final.id,
            found="lines by factors that another entity has of its own",
            expected="an edition of factors to restate it by",
            message="Lines of it are by factors that belong to another entity; restate it by an edition of factors.",
        )
    # The final version is locked: no other correction of it is under way.
    await inventories.add(tx, new, gwp_set=GWP_SET_NAME, by=principal.person, at=now)
    if requantified is None:
        await corrections.copy_lines(tx, new, of=final.id)
    else:
        await restatements.copy_requantified(tx, new, of=final.id, requantified=requantified)
    await taken_shares.copy(tx, new, of=final.id)
    await completeness.copy_statements(tx, new, of=final.id)
    await proxies.copy(tx, new, of=final.id)
    return new


async def correct_activity_record(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    inventory_id: str,
    record_id: str | None,
    cells: Mapping[str, str] | None,
    reason: str,
) -> RecordCorrection:
    """Change, remove or add one line of a draft; `cells` are those of a row of a file, by column.

    A changed line that does not say how well its amount is known is as well known as it was; a blank takes that away.

    Refuses: NotFound; as `permitted`; InventoryIsFinal or WrongState; as `domain.correction.action_of`; NotFound for a
    record that the draft does not have; ImportRefused with every problem of the row.
    """
    draft = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.CORRECT_ACTIVITY_RECORD, location_id=draft.location_id)
    draft.require_accepts_data()
    action = action_of(inventory=f"{draft.location_id} {draft.year}", record_id=record_id, cells=cells, reason=reason)
    correction_id = new_id()
    old = None
    if record_id is not None:
        if record_id.isdecimal() and len(record_id) <= _DIGITS_MAX:
            old = await corrections.line_of(tx, inventory_id=draft.id, record_id=int(record_id))
        if old is None:
            raise NotFound(kind="activity record", key=record_id)
        await corrections.take_out(tx, old.id)
    new = None
    if cells is not None:
        content = as_file(with_uncertainty(cells, earlier=None if old is None else old.uncertainty_percent))
        taken = await take_in(
            tx,
            principal=principal,
            now=now,
            inventory=draft,
            file_name="correction of a record",
            content=content,
            # The same row may be entered again after it was removed.
            content_hash=sha256(content + correction_id.encode()).hexdigest(),
        )
        new = await corrections.line_of_import(tx, taken.id)
    line = _either(new, old)
    made = RecordCorrection(
        id=correction_id,
        inventory_id=draft.id,
        location_id=line.location_id,
        category=line.category,
        action=action,
        record_id=None if new is None else new.id,
        replaced=None if old is None else old.whole,
        reason=reason.strip(),
        by=principal.person,
        at=now,
    )
    await corrections.add(tx, made)
    return made


def _either(new: Line | None, old: Line | None) -> Line:
    found = new or old
    if found is None:
        message = "a correction has a line"
        raise LookupError(message)
    return found
