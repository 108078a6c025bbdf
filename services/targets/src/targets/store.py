"""Every SQL statement of *targets*. Row security narrows each to what the transaction may see."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location
from targets.domain.progress import MeasuredIndicator, ProgressAssessment, Verdict
from targets.domain.target import Target
from targets.tables import measured_indicator, progress_assessment, target

__all__ = [
    "add_assessment",
    "add_measured",
    "add_target",
    "assessments_by_target",
    "latest_measured",
    "lock_location",
    "target_by_id",
    "targets_of",
    "targets_page",
]


def _target(row: Row[Any]) -> Target:
    return Target(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented mapping of a row


def _assessment(row: Row[Any]) -> ProgressAssessment:
    values = dict(row._mapping)  # noqa: SLF001 - as above
    return ProgressAssessment(**values | {"verdict": Verdict(values["verdict"])})


async def lock_location(tx: AsyncConnection, location_id: str) -> None:
    """One at a time for a location: a target and an inventory that come at once would each not see the other."""
    await tx.execute(select(location.c.id).where(location.c.id == location_id).with_for_update(key_share=True))


async def add_target(tx: AsyncConnection, new: Target) -> bool:
    """Whether it is new: one target for an indicator and target year of a location, also when two are set at once."""
    return bool((await tx.execute(upsert(target).values(**asdict(new)).on_conflict_do_nothing())).rowcount)


async def target_by_id(tx: AsyncConnection, target_id: str) -> Target | None:
    row = (await tx.execute(select(target).where(target.c.id == target_id))).one_or_none()
    return None if row is None else _target(row)


async def targets_of(tx: AsyncConnection, location_id: str) -> Sequence[Target]:
    rows = await tx.execute(select(target).where(target.c.location_id == location_id).order_by(target.c.id))
    return [_target(row) for row in rows]


async def targets_page(
    tx: AsyncConnection, location_ids: Sequence[str], *, limit: int, after: str | None
) -> Sequence[Sequence[Target]]:
    """For each location its first `limit` targets with an id above `after`, in one statement."""
    numbered = select(
        target, func.row_number().over(partition_by=target.c.location_id, order_by=target.c.id).label("place")
    ).where(target.c.location_id.in_(location_ids), *([target.c.id > after] if after else []))
    ranked = numbered.subquery()
    rows = await tx.execute(
        select(*(ranked.c[column.name] for column in target.c))
        .where(ranked.c.place <= limit)
        .order_by(ranked.c.location_id, ranked.c.id)
    )
    found: dict[str, list[Target]] = {location_id: [] for location_id in location_ids}
    for row in rows:
        found[row.location_id].append(_target(row))
    return [found[location_id] for location_id in location_ids]


async def add_measured(tx: AsyncConnection, measured: Sequence[MeasuredIndicator]) -> None:
    """Keep what a final inventory measured; the same version again changes nothing."""
    if measured:
        await tx.execute(upsert(measured_indicator).on_conflict_do_nothing(), [asdict(item) for item in measured])


async def latest_measured(tx: AsyncConnection, *, location_id: str, indicator: str) -> Sequence[MeasuredIndicator]:
    """The newest inventory version of each year that has the indicator."""
    rows = await tx.execute(
        select(measured_indicator)
        .ext(distinct_on(measured_indicator.c.year))
        .where(measured_indicator.c.location_id == location_id, measured_indicator.c.indicator == indicator)
        .order_by(measured_indicator.c.year, measured_indicator.c.inventory_version.desc())
    )
    return [MeasuredIndicator(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def add_assessment(tx: AsyncConnection, new: ProgressAssessment) -> bool:
    """Whether it is new: an inventory version is assessed once for a target."""
    statement = upsert(progress_assessment).values(**asdict(new)).on_conflict_do_nothing()
    return bool((await tx.execute(statement)).rowcount)


async def assessments_by_target(
    tx: AsyncConnection, target_ids: Sequence[str]
) -> Sequence[Sequence[ProgressAssessment]]:
    """For each target the newest assessment of each year, newest year first."""
    rows = await tx.execute(
        select(progress_assessment)
        .ext(distinct_on(progress_assessment.c.target_id, progress_assessment.c.year))
        .where(progress_assessment.c.target_id.in_(target_ids))
        .order_by(
            progress_assessment.c.target_id,
            progress_assessment.c.year.desc(),
            progress_assessment.c.inventory_version.desc(),
        )
    )
    found: dict[str, list[ProgressAssessment]] = {target_id: [] for target_id in target_ids}
    for row in rows:
        found[row.target_id].append(_assessment(row))
    return [found[target_id] for target_id in target_ids]
