"""Attestation of rights: who answers for a location looks at every membership there, keeps it or ends it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from access.domain.errors import ListOutOfDate, NothingToAttest
from access.domain.membership import Membership
from quantities.person import Person

__all__ = ["Attestation", "AttestationDue", "AttestedMembership", "Decision", "Verdict", "attest"]


class Verdict(StrEnum):
    """What became of a membership."""

    KEPT = "kept"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """On one membership."""

    verdict: Verdict
    reason: str | None
    """Why it ends; kept ones need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedMembership:
    """A membership as it was when it was looked at."""

    membership_id: str
    role: str
    member: Person
    valid_until: datetime | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One look at a location's whole list. It stays as it was, whatever becomes of the memberships."""

    id: str
    location_id: str
    by: Person
    at: datetime
    next_due_at: datetime
    entries: tuple[AttestedMembership, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationDue:
    """A location whose memberships somebody should look at."""

    location_id: str
    due_at: datetime
    """Of the membership that waits longest."""
    memberships: int
    """How many are due."""


def attest(
    *,
    attestation_id: str,
    location_id: str,
    memberships: Iterable[Membership],
    decisions: Mapping[str, Decision],
    by: Person,
    at: datetime,
    interval: timedelta,
    grantable: frozenset[str],
) -> tuple[Attestation, tuple[Membership, ...]]:
    """The attestation, and the memberships that it ended.

    `memberships` are those that are active at the location itself. Exactly each of them needs a decision, save the
    attester's own: those stay due until another person attests.

    Refuses, in this order: NothingToAttest, ListOutOfDate, and as `Membership.end`.
    """
    others = {each.id: each for each in memberships if not each.member.is_same_as(by)}
    if not others:
        raise NothingToAttest(
            subject=location_id,
            found="no membership of another person",
            expected="one or more",
            message=f"Nobody else is a member at {location_id}: there is nothing to attest.",
        )
    left_out, unknown = others.keys() - decisions.keys(), decisions.keys() - others.keys()
    if left_out or unknown:
        raise ListOutOfDate(
            subject=location_id,
            found=f"{len(left_out)} without a decision, {len(unknown)} that are no active membership of others there",
            expected=f"one decision on each of {len(others)} memberships",
            message=f"The list of {location_id} is another now: look at it again and decide on each.",
        )
    ended = tuple(
        others[key].end(by=by, at=at, grantable=grantable, reason=decision.reason or "")
        for key, decision in sorted(decisions.items())
        if decision.verdict is Verdict.ENDED
    )
    entries = tuple(
        AttestedMembership(
            membership_id=key,
            role=found.role,
            member=found.member,
            valid_until=found.valid_until,
            verdict=decisions[key].verdict,
        )
        for key, found in sorted(others.items())
    )
    return (
        Attestation(
            id=attestation_id, location_id=location_id, by=by, at=at, next_due_at=at + interval, entries=entries
        ),
        ended,
    )
