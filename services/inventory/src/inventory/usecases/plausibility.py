"""What is plausible, what is found beyond, and what has to be said before an inventory is handed in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from inventory import access, catalogue
from inventory.domain.completeness import SourceState
from inventory.domain.errors import SubmissionRefused
from inventory.domain.inventory import Action, Inventory
from inventory.domain.plausibility import (
    Basis,
    Explanation,
    Finding,
    PlausibilityRange,
    Severity,
    explanation_of,
    findings,
    range_to_set,
    require_explanation,
)
from inventory.store import completeness, plausibility
from inventory.store.completeness import Asked, CellFilter
from inventory.usecases.premises_shares import shares_out_of_date
from inventory.usecases.versions import version_to_change

__all__ = ["explain_warning", "findings_of", "require_ready", "set_plausibility_range"]

_MISSING_NAMED = 1000
"""Missing cells in one refusal."""


async def set_plausibility_range(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    category: str | None,
    item: str | None,
    basis: Basis,
    unit: str | None,
    low: Decimal | None,
    high: Decimal | None,
    severity: Severity,
    valid_from: date,
    valid_to: date | None,
    source: str,
) -> PlausibilityRange:
    """Say what is plausible at a location and all under it, from a day on; earlier ranges stay.

    Refuses, in this order: as `permitted`; as `domain.plausibility.range_to_set`.
    """
    await permitted(tx, principal, access.SET_PLAUSIBILITY_RANGE, location_id=location_id)
    new = range_to_set(
        range_id=new_id(),
        place_id=location_id,
        category=category,
        item=item,
        basis=basis,
        unit=unit,
        low=low,
        high=high,
        severity=severity,
        valid_from=valid_from,
        valid_to=valid_to,
        source=source,
        by=principal.person,
        at=now,
    )
    await plausibility.add_range(tx, new, by=principal.person, at=now)
    return new


async def findings_of(tx: AsyncConnection, inventory: Inventory) -> Sequence[Finding]:
    """What is beyond the plausible in a version as it is now; handed in, by the bounds of then.

    From the records that row security shows: who may not see those of fuel finds nothing of them.
    """
    # open: reads what row security shows, for who asks and for the use cases below
    as_of = None
    if not inventory.accepts_data:
        as_of = max(step.at for step in inventory.steps if step.action == Action.SUBMITTED)
    data = await plausibility.data_of(
        tx,
        inventory_id=inventory.id,
        location_id=inventory.location_id,
        year=inventory.year,
        as_of=as_of,
        shipped=catalogue.plausibility_ranges(),
    )
    # What is handed in had none then; what is replaced later shows at the share itself.
    late = await shares_out_of_date(tx, inventory.id) if as_of is None else ()
    return findings(replace(data, shares_out_of_date=late))


async def explain_warning(
    tx: AsyncConnection, *, principal: Principal, now: datetime, inventory_id: str, finding_id: str, explanation: str
) -> Explanation:
    """Say why something is as it is, of a draft; it holds for these figures alone.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; as
    `domain.plausibility.explanation_of`.
    """
    draft = await version_to_change(tx, inventory_id)
    await permitted(tx, principal, access.EXPLAIN_WARNING, location_id=draft.location_id)
    draft.require_accepts_data()
    said = explanation_of(
        await findings_of(tx, draft),
        explanation_id=new_id(),
        inventory_id=draft.id,
        finding_id=finding_id,
        text=explanation,
        by=principal.person,
        at=now,
    )
    await plausibility.add_explanation(tx, said)
    return said


async def require_ready(tx: AsyncConnection, draft: Inventory, *, missing_because: str | None) -> str | None:
    """Why sources are missing, where some are; errors block, warnings and missing sources want an explanation.

    Refuses, in this order: ExplanationTooShort; SubmissionRefused with all of it.
    """
    # open: a part of the use case that hands in
    missing = await completeness.cells(
        tx,
        Asked(location_id=draft.location_id, year=draft.year, inventory_id=draft.id),
        wanted=CellFilter(states=[SourceState.MISSING]),
        limit=_MISSING_NAMED,
    )
    because = None
    if missing and missing_because is not None:
        because = require_explanation(missing_because, subject="missing sources")
    found = await findings_of(tx, draft)
    errors = [item for item in found if item.severity == Severity.ERROR]
    unexplained = [item for item in found if item.severity == Severity.WARNING and item.explanation is None]
    unsaid = missing if because is None else ()
    if errors or unexplained or unsaid:
        raise SubmissionRefused(
            inventory=f"{draft.location_id} {draft.year}", errors=errors, unexplained=unexplained, missing=unsaid
        )
    return because
