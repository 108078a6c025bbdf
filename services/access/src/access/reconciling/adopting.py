"""Recording what a directory had before there was a record."""

from collections.abc import Sequence
from datetime import datetime

from access import outgoing
from access.domain.membership import Kind, Membership
from access.store import effects, memberships
from access.store.effects import JOINED, UNRECORDED, Drift
from chassis import outbox
from chassis.database import Database
from chassis.ids import new_id
from quantities.person import Person

__all__ = ["adopt"]

_RECONCILE = Person(subject="reconcile", name="reconcile")


async def adopt(database: Database, found: Sequence[Drift], *, root: str, at: datetime) -> int:
    """Keep a membership for each unrecorded one; returns how many.

    Open-ended and without a second person, since nobody here decided it: attestation asks for each of them, and what
    excludes what is reported by reconcile.
    """
    unrecorded = [each for each in found if each.kind == UNRECORDED]
    for each in unrecorded:
        async with database.transaction([root]) as tx:
            await memberships.lock_person(tx, each.subject)
            adopted = Membership(
                id=new_id(),
                location_id=each.location_id,
                role=each.role,
                member=Person(subject=each.subject, name=each.user_name),
                kind=Kind.ORDINARY,
                substitutes_id=None,
                valid_from=at,
                given_until=None,
                justification="Held in the identity provider before it was recorded.",
                proposed_by=_RECONCILE,
                proposed_at=at,
                needs_confirmation=False,
            )
            await memberships.add_membership(tx, adopted)
            await effects.add_effect(tx, adopted, JOINED, at=at)
            await outbox.add(tx, outgoing.membership_granted(adopted), now=at)
    return len(unrecorded)
