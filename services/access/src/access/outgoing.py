"""The only maker of the events of *access*."""

from datetime import datetime

from access.domain.attestation import Attestation, Verdict
from access.domain.membership import Action, Membership
from contracts.access_events import MembersAttested, MembershipEnded, MembershipGranted
from quantities.person import Person

__all__ = ["members_attested", "membership_ended", "membership_expired", "membership_granted"]


def membership_granted(membership: Membership) -> MembershipGranted:
    confirmed = next((step for step in membership.steps if step.action is Action.CONFIRMED), None)
    return MembershipGranted(
        location_id=membership.location_id,
        membership_id=membership.id,
        role=membership.role,
        subject=_subject(membership.member),
        kind=membership.kind,
        substitutes_membership_id=membership.substitutes_id,
        valid_from=membership.valid_from,
        valid_until=membership.valid_until,
        proposed_by=_subject(membership.proposed_by),
        confirmed_by=None if confirmed is None else _subject(confirmed.by),
    )


def membership_ended(membership: Membership) -> MembershipEnded:
    last = membership.steps[-1]
    return MembershipEnded(
        location_id=membership.location_id,
        membership_id=membership.id,
        role=membership.role,
        subject=_subject(membership.member),
        how="ended",
        ended_by=_subject(last.by),
        ended_at=last.at,
    )


def membership_expired(membership: Membership, *, at: datetime) -> MembershipEnded:
    return MembershipEnded(
        location_id=membership.location_id,
        membership_id=membership.id,
        role=membership.role,
        subject=_subject(membership.member),
        how="expired",
        ended_by=None,
        ended_at=membership.valid_until or at,
    )


def members_attested(attestation: Attestation) -> MembersAttested:
    def those(verdict: Verdict) -> tuple[str, ...]:
        return tuple(entry.membership_id for entry in attestation.entries if entry.verdict is verdict)

    return MembersAttested(
        location_id=attestation.location_id,
        attestation_id=attestation.id,
        attested_by=_subject(attestation.by),
        kept=those(Verdict.KEPT),
        ended=those(Verdict.ENDED),
        next_due_at=attestation.next_due_at,
    )


def _subject(person: Person) -> str:
    if person.subject is None:
        message = f"{person.name} has no subject"
        raise RuntimeError(message)
    return person.subject
