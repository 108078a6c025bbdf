"""What the directory was told of each membership, and what it has otherwise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, insert, not_, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.membership import Membership
from access.store.memberships import has_expired, is_active, memberships
from access.tables import drift, membership, membership_effect

__all__ = [
    "JOINED",
    "LEFT",
    "MISSING",
    "UNRECORDED",
    "Drift",
    "Effect",
    "Standing",
    "add_drift",
    "add_effect",
    "drift_now",
    "drift_page",
    "effects",
    "end_drift",
    "is_covered",
    "standing",
    "to_apply",
]

JOINED, LEFT = "joined", "left"
UNRECORDED, MISSING = "unrecorded", "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the directory was last told of a membership."""

    number: int
    effect: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A role that a person has in the directory alone, or in the record alone."""

    location_id: str
    role: str
    subject: str
    user_name: str
    kind: str
    """unrecorded or missing"""
    seen_at: datetime | None = None
    id: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.location_id, self.role, self.subject, self.kind


async def effects(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Effect | None]:
    """The last effect of each membership; None before any."""
    rows = await tx.execute(
        select(membership_effect)
        .where(membership_effect.c.membership_id.in_(ids))
        .order_by(membership_effect.c.membership_id, membership_effect.c.number)
    )
    last = {row.membership_id: Effect(number=row.number, effect=row.effect, at=row.at) for row in rows}
    return [last.get(key) for key in ids]


async def add_effect(tx: AsyncConnection, of: Membership, effect: str, *, at: datetime) -> None:
    (last,) = await effects(tx, [of.id])
    await tx.execute(
        insert(membership_effect).values(
            membership_id=of.id,
            number=1 if last is None else last.number + 1,
            location_id=of.location_id,
            effect=effect,
            at=at,
        )
    )


def _last_effect() -> ColumnElement[str | None]:
    """What the directory was last told of a row of `membership`."""
    return (
        select(membership_effect.c.effect)
        .where(membership_effect.c.membership_id == membership.c.id)
        .order_by(membership_effect.c.number.desc())
        .limit(1)
        .correlate(membership)
        .scalar_subquery()
    )


async def to_apply(
    tx: AsyncConnection, *, at: datetime, limit: int, only: str | None = None, besides: Collection[str] = ()
) -> list[tuple[Membership, str]]:
    """Memberships of which the directory was not told yet what holds now, and what to tell it; oldest first.

    One that began and expired while the directory was away is among them: its end is still to be said.
    """
    holds, last = is_active(at), _last_effect()
    statement = select(membership.c.id, holds.label("holds")).where(
        or_(
            and_(holds, or_(last.is_(None), last == LEFT)),
            and_(not_(holds), last == JOINED),
            and_(last.is_(None), has_expired(at)),
        ),
        membership.c.id.not_in(besides),
    )
    if only is not None:
        statement = statement.where(membership.c.id == only)
    rows = (await tx.execute(statement.order_by(membership.c.id).limit(limit))).all()
    wanted = {row.id: JOINED if row.holds else LEFT for row in rows}
    found = await memberships(tx, list(wanted))
    return [(item, wanted[item.id]) for item in found if item is not None]


async def is_covered(tx: AsyncConnection, of: Membership, *, at: datetime) -> bool:
    """Whether another membership gives the same person the same role there at that instant."""
    wanted = and_(
        membership.c.subject == of.member.subject,
        membership.c.role == of.role,
        membership.c.location_id == of.location_id,
        membership.c.id != of.id,
        is_active(at),
    )
    return bool(await tx.scalar(select(select(membership.c.id).where(wanted).exists())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A membership, as the directory and the record are compared by it."""

    location_id: str
    role: str
    subject: str
    user_name: str
    is_active: bool
    joined_at: datetime | None
    """When the directory was told to let the member in; None where it was not, or told to let the member out since."""


async def standing(tx: AsyncConnection, *, at: datetime, told_since: datetime) -> list[Standing]:
    """Memberships that hold, that the directory was told of as holding, or that it was told of since an instant."""
    last = (
        select(membership_effect)
        .ext(distinct_on(membership_effect.c.membership_id))
        .order_by(membership_effect.c.membership_id, membership_effect.c.number.desc())
        .subquery()
    )
    holds = is_active(at)
    rows = await tx.execute(
        select(
            membership.c.location_id,
            membership.c.role,
            membership.c.subject,
            membership.c.user_name,
            holds.label("is_active"),
            case((last.c.effect == JOINED, last.c.at)).label("joined_at"),
        )
        .outerjoin(last, last.c.membership_id == membership.c.id)
        .where(or_(holds, last.c.effect == JOINED, last.c.at >= told_since))
    )
    return [Standing(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented mapping


# Drift.


async def drift_now(tx: AsyncConnection) -> list[Drift]:
    """What was seen last and is not over."""
    rows = await tx.execute(select(drift).where(drift.c.gone_at.is_(None)).order_by(drift.c.id))
    return [_drift(row) for row in rows]


async def drift_page(tx: AsyncConnection, location_id: str, *, limit: int, after: int | None) -> list[Drift]:
    """What the directory has otherwise at the location now."""
    statement = select(drift).where(drift.c.gone_at.is_(None), drift.c.location_id == location_id)
    if after is not None:
        statement = statement.where(drift.c.id > after)
    return [_drift(row) for row in await tx.execute(statement.order_by(drift.c.id).limit(limit))]


async def add_drift(tx: AsyncConnection, new: Drift, *, at: datetime) -> None:
    await tx.execute(
        upsert(drift)
        .values(
            location_id=new.location_id,
            role=new.role,
            subject=new.subject,
            user_name=new.user_name,
            kind=new.kind,
            seen_at=at,
        )
        .on_conflict_do_nothing()
    )


async def end_drift(tx: AsyncConnection, over: Sequence[Drift], *, at: datetime) -> None:
    await tx.execute(update(drift).where(drift.c.id.in_([item.id for item in over])).values(gone_at=at))


def _drift(row: object) -> Drift:
    return Drift(**{name: getattr(row, name) for name in Drift.__slots__})
