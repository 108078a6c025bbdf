"""What *targets* does: one plain function a verb. Check the right, load, decide, store, say what happened."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from targets import access, outgoing, store
from targets.domain import progress
from targets.domain.errors import TargetAlreadySet
from targets.domain.progress import MeasuredIndicator
from targets.domain.target import Target
from targets.domain.target import set_target as decide_target

__all__ = ["assess_inventory", "set_target"]


async def set_target(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    indicator: str,
    unit: str,
    base_year: int,
    base_value: Decimal,
    target_year: int,
    target_value: Decimal,
) -> Target:
    """Set a target and hold it against the inventories that are final already.

    Refuses, in this order: as `permitted`; as `domain.target.set_target`; TargetAlreadySet.
    """
    await permitted(tx, principal, access.SET_TARGET, location_id=location_id)
    target = decide_target(
        target_id=new_id(),
        location_id=location_id,
        indicator=indicator,
        unit=unit,
        base_year=base_year,
        base_value=base_value,
        target_year=target_year,
        target_value=target_value,
        by=principal.name,
        at=now,
    )
    await store.lock_location(tx, location_id)
    if not await store.add_target(tx, target):
        raise TargetAlreadySet(
            subject=f"{indicator} of {location_id} by {target_year}",
            found="a target for it",
            expected="none yet",
            message=f"{location_id} has a target for {indicator} by {target_year} already.",
        )
    await outbox.add(tx, outgoing.target_set(target), now=now)
    for measured in await store.latest_measured(tx, location_id=location_id, indicator=indicator):
        await _assess(tx, target=target, measured=measured, now=now)
    return target


async def assess_inventory(
    tx: AsyncConnection, *, now: datetime, location_id: str, measured: Sequence[MeasuredIndicator]
) -> None:
    """Hold every target of the location against a final inventory. An indicator that it lacks is not assessed."""
    # open: a consequence of an event, not a person's request
    await store.lock_location(tx, location_id)
    await store.add_measured(tx, measured)
    for target in await store.targets_of(tx, location_id):
        for item in measured:
            await _assess(tx, target=target, measured=item, now=now)


async def _assess(tx: AsyncConnection, *, target: Target, measured: MeasuredIndicator, now: datetime) -> None:
    assessment = progress.assess(assessment_id=new_id(), target=target, measured=measured, at=now)
    if assessment is not None and await store.add_assessment(tx, assessment):
        await outbox.add(tx, outgoing.progress_assessed(assessment, target), now=now)
