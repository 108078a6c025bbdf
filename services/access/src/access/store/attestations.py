"""Attestations, and what is due for one."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.attestation import Attestation, AttestationDue, AttestedMembership, Verdict
from access.store.locks import lock
from access.store.memberships import is_active
from access.tables import attestation, attestation_entry, membership
from chassis.tables import location_closure
from quantities.person import Person

__all__ = ["add_attestation", "attestations", "attestations_page", "due", "lock_list"]


async def lock_list(tx: AsyncConnection, location_id: str) -> None:
    """One attestation of a location's list at a time."""
    await lock(tx, f"attestation {location_id}")


async def add_attestation(tx: AsyncConnection, new: Attestation) -> None:
    await tx.execute(
        insert(attestation).values(
            id=new.id,
            location_id=new.location_id,
            by_subject=new.by.subject,
            by=new.by.name,
            at=new.at,
            next_due_at=new.next_due_at,
        )
    )
    await tx.execute(
        insert(attestation_entry),
        [
            {
                "attestation_id": new.id,
                "membership_id": entry.membership_id,
                "location_id": new.location_id,
                "role": entry.role,
                "subject": entry.member.subject,
                "user_name": entry.member.name,
                "valid_until": entry.valid_until,
                "verdict": entry.verdict,
            }
            for entry in new.entries
        ],
    )


async def attestations(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[Attestation | None]:
    rows = (await tx.execute(select(attestation).where(attestation.c.id.in_(ids)))).all()
    entries: dict[str, list[AttestedMembership]] = {row.id: [] for row in rows}
    found = await tx.execute(
        select(attestation_entry)
        .where(attestation_entry.c.attestation_id.in_(list(entries)))
        .order_by(attestation_entry.c.membership_id)
    )
    for row in found:
        entries[row.attestation_id].append(
            AttestedMembership(
                membership_id=row.membership_id,
                role=row.role,
                member=Person(subject=row.subject, name=row.user_name),
                valid_until=row.valid_until,
                verdict=Verdict(row.verdict),
            )
        )
    by_id = {
        row.id: Attestation(
            id=row.id,
            location_id=row.location_id,
            by=Person(subject=row.by_subject, name=row.by),
            at=row.at,
            next_due_at=row.next_due_at,
            entries=tuple(entries[row.id]),
        )
        for row in rows
    }
    return [by_id.get(key) for key in ids]


async def attestations_page(
    tx: AsyncConnection, location_id: str, *, limit: int, after: str | None
) -> list[Attestation]:
    """The location's first `limit` attestations with an id above `after`."""
    statement = select(attestation.c.id).where(attestation.c.location_id == location_id)
    if after is not None:
        statement = statement.where(attestation.c.id > after)
    ids = list(await tx.scalars(statement.order_by(attestation.c.id).limit(limit)))
    return [found for found in await attestations(tx, ids) if found is not None]


async def due(
    tx: AsyncConnection, *, at: datetime, interval: timedelta, roots: Collection[str], limit: int, after: str | None
) -> list[AttestationDue]:
    """Locations at `roots` and below with memberships that were last kept, or else given, an interval ago.

    In the order of their codes.
    """
    within = select(location_closure.c.descendant_id).where(location_closure.c.ancestor_id.in_(roots))
    kept = (
        select(func.max(attestation.c.at))
        .join(attestation_entry, attestation_entry.c.attestation_id == attestation.c.id)
        .where(attestation_entry.c.membership_id == membership.c.id)
        .correlate(membership)
        .scalar_subquery()
    )
    looked_at = func.coalesce(kept, membership.c.proposed_at)
    statement = (
        select(membership.c.location_id, func.min(looked_at).label("looked_at"), func.count().label("memberships"))
        .where(is_active(at), looked_at <= at - interval, membership.c.location_id.in_(within))
        .group_by(membership.c.location_id)
        .order_by(membership.c.location_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(membership.c.location_id > after)
    return [
        AttestationDue(location_id=row.location_id, due_at=row.looked_at + interval, memberships=row.memberships)
        for row in await tx.execute(statement)
    ]
