"""Memberships, their steps, and what each person holds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, not_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.membership import Action, Kind, Membership, MembershipStep
from access.domain.roles import Holding
from access.store.locks import lock
from access.tables import holding, membership, membership_step
from chassis.tables import location_closure
from quantities.person import Person

__all__ = [
    "active_at",
    "add_membership",
    "add_step",
    "grants_page",
    "has_expired",
    "history_page",
    "holdings",
    "is_active",
    "lock_person",
    "membership_for_step",
    "memberships",
    "memberships_there",
    "of_person",
    "until_now",
]

_CLOSING = ("refused", "withdrawn", "ended")


async def lock_person(tx: AsyncConnection, subject: str) -> None:
    """One change of what a person holds at a time: two roles that exclude each other could both be given."""
    await lock(tx, f"person {subject}")


# Add.


async def add_membership(tx: AsyncConnection, new: Membership) -> None:
    await tx.execute(
        insert(membership).values(
            id=new.id,
            location_id=new.location_id,
            role=new.role,
            subject=new.member.subject,
            user_name=new.member.name,
            kind=new.kind,
            substitutes_id=new.substitutes_id,
            valid_from=new.valid_from,
            given_until=new.given_until,
            justification=new.justification,
            proposed_by_subject=new.proposed_by.subject,
            proposed_by=new.proposed_by.name,
            proposed_at=new.proposed_at,
            needs_confirmation=new.needs_confirmation,
        )
    )
    await _add_holding(tx, new)


async def add_step(tx: AsyncConnection, changed: Membership) -> None:
    """Keep the last step."""
    last = changed.steps[-1]
    await tx.execute(
        insert(membership_step).values(
            membership_id=changed.id,
            step=len(changed.steps),
            location_id=changed.location_id,
            action=last.action,
            by_subject=last.by.subject,
            by=last.by.name,
            at=last.at,
            reason=last.reason,
            valid_until=last.valid_until,
        )
    )
    await _add_holding(tx, changed)


async def _add_holding(tx: AsyncConnection, changed: Membership) -> None:
    held = changed.holding
    await tx.execute(
        insert(holding).values(
            membership_id=changed.id,
            step=len(changed.steps),
            subject=changed.member.subject,
            role=held.role,
            held_from=held.held_from,
            held_until=held.held_until,
        )
    )


# Read.


async def membership_for_step(tx: AsyncConnection, membership_id: str) -> Membership | None:
    """The membership as it stands now; nobody else takes a step on it until this transaction ends."""
    await lock(tx, f"membership {membership_id}")
    (found,) = await memberships(tx, [membership_id])
    return found


async def memberships(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Membership | None]:
    rows = (await tx.execute(select(membership).where(membership.c.id.in_(ids)))).all()
    found = {item.id: item for item in await _with_steps(tx, rows)}
    return [found.get(key) for key in ids]


async def memberships_there(tx: AsyncConnection, *, subject: str, location_id: str) -> list[Membership]:
    """All that a person has or had at the location itself."""
    wanted = (membership.c.subject == subject) & (membership.c.location_id == location_id)
    return await _with_steps(tx, (await tx.execute(select(membership).where(wanted))).all())


async def of_person(tx: AsyncConnection, subject: str, *, limit: int, after: str | None) -> list[Membership]:
    """A person's first memberships with an id above `after`."""
    statement = select(membership).where(membership.c.subject == subject).order_by(membership.c.id).limit(limit)
    if after is not None:
        statement = statement.where(membership.c.id > after)
    return await _with_steps(tx, (await tx.execute(statement)).all())


async def holdings(tx: AsyncConnection, subject: str, *, besides: str | None = None) -> list[Holding]:
    """What a person holds or will hold, wherever; without what one membership gives."""
    newest = (
        select(holding)
        .ext(distinct_on(holding.c.membership_id))
        .where(holding.c.subject == subject)
        .order_by(holding.c.membership_id, holding.c.step.desc())
    )
    return [
        Holding(role=row.role, held_from=row.held_from, held_until=row.held_until)
        for row in await tx.execute(newest)
        if row.membership_id != besides
    ]


async def active_at(tx: AsyncConnection, *, location_id: str, at: datetime) -> list[Membership]:
    """The memberships at the location itself that hold at that instant."""
    wanted = and_(membership.c.location_id == location_id, is_active(at))
    statement = select(membership).where(wanted).order_by(membership.c.id)
    return await _with_steps(tx, (await tx.execute(statement)).all())


async def grants_page(
    tx: AsyncConnection,
    location_ids: Sequence[str],
    *,
    at: datetime,
    include_inherited: bool,
    limit: int,
    after: str | None,
) -> Sequence[Sequence[Membership]]:
    """For each location its first `limit` memberships that hold there at that instant, with an id above `after`."""
    there = select(membership, location_closure.c.descendant_id.label("reaches")).join(
        location_closure, location_closure.c.ancestor_id == membership.c.location_id
    )
    wanted: list[ColumnElement[bool]] = [location_closure.c.descendant_id.in_(location_ids), is_active(at)]
    if not include_inherited:
        wanted.append(location_closure.c.descendant_id == membership.c.location_id)
    return await _pages(tx, there.where(*wanted), location_ids, limit=limit, after=after)


async def history_page(
    tx: AsyncConnection, location_ids: Sequence[str], *, limit: int, after: str | None
) -> Sequence[Sequence[Membership]]:
    """For each location its first `limit` memberships of any state with an id above `after`."""
    there = select(membership, membership.c.location_id.label("reaches")).where(
        membership.c.location_id.in_(location_ids)
    )
    return await _pages(tx, there, location_ids, limit=limit, after=after)


async def _pages(
    tx: AsyncConnection, there: Any, location_ids: Sequence[str], *, limit: int, after: str | None
) -> Sequence[Sequence[Membership]]:
    if after is not None:
        there = there.where(membership.c.id > after)
    rows = there.subquery()
    place = func.row_number().over(partition_by=rows.c.reaches, order_by=rows.c.id).label("place")
    ranked = select(rows, place).subquery()
    statement = select(ranked).where(ranked.c.place <= limit).order_by(ranked.c.reaches, ranked.c.id)
    found = (await tx.execute(statement)).all()
    by_id = {item.id: item for item in await _with_steps(tx, found)}
    pages: dict[str, list[Membership]] = {location_id: [] for location_id in location_ids}
    for row in found:
        pages[row.reaches].append(by_id[row.id])
    return [pages[location_id] for location_id in location_ids]


def until_now() -> Any:
    """The end of a membership's period, as its last extension has it."""
    extended = (
        select(membership_step.c.valid_until)
        .where(membership_step.c.membership_id == membership.c.id, membership_step.c.action == Action.EXTENDED)
        .order_by(membership_step.c.step.desc())
        .limit(1)
        .correlate(membership)
        .scalar_subquery()
    )
    return func.coalesce(extended, membership.c.given_until)


def is_active(at: datetime) -> ColumnElement[bool]:
    """Whether a row of `membership` is active at that instant: as `Membership.state_at`."""
    until = until_now()
    return and_(
        membership.c.proposed_at <= at, membership.c.valid_from <= at, or_(until.is_(None), until > at), _was_given(at)
    )


def has_expired(at: datetime) -> ColumnElement[bool]:
    """Whether a row of `membership` was given and its period is over at that instant."""
    return and_(until_now() <= at, _was_given(at))


def _was_given(at: datetime) -> ColumnElement[bool]:
    """Whether everybody agreed who must, and nobody closed it since."""

    def has_step(*actions: str) -> ColumnElement[bool]:
        return (
            select(membership_step.c.step)
            .where(
                membership_step.c.membership_id == membership.c.id,
                membership_step.c.action.in_(actions),
                membership_step.c.at <= at,
            )
            .correlate(membership)
            .exists()
        )

    return and_(
        or_(not_(membership.c.needs_confirmation), has_step(Action.CONFIRMED)),
        not_(has_step(*_CLOSING)),
    )


async def _with_steps(tx: AsyncConnection, rows: Iterable[Row[Any]]) -> list[Membership]:
    kept = {row.id: row for row in rows}
    if not kept:
        return []
    steps: dict[str, list[MembershipStep]] = {key: [] for key in kept}
    found = await tx.execute(
        select(membership_step).where(membership_step.c.membership_id.in_(list(kept))).order_by(membership_step.c.step)
    )
    for row in found:
        steps[row.membership_id].append(
            MembershipStep(
                action=Action(row.action),
                by=Person(subject=row.by_subject, name=row.by),
                at=row.at,
                reason=row.reason,
                valid_until=row.valid_until,
            )
        )
    return [
        Membership(
            id=row.id,
            location_id=row.location_id,
            role=row.role,
            member=Person(subject=row.subject, name=row.user_name),
            kind=Kind(row.kind),
            substitutes_id=row.substitutes_id,
            valid_from=row.valid_from,
            given_until=row.given_until,
            justification=row.justification,
            proposed_by=Person(subject=row.proposed_by_subject, name=row.proposed_by),
            proposed_at=row.proposed_at,
            needs_confirmation=row.needs_confirmation,
            steps=tuple(steps[row.id]),
        )
        for row in kept.values()
    ]
