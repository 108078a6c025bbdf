"""What *access* does: one plain function a verb. Check the right, load, decide, store, say what happened."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from access import access, outgoing
from access.domain import attestation as attestations
from access.domain import membership as memberships
from access.domain.attestation import Attestation, Decision
from access.domain.membership import Membership
from access.domain.roles import Holding
from access.people import People, unknown
from access.roles import group_path, parsed, roles_held, rules
from access.store import attestations as attestation_store
from access.store import locations
from access.store import memberships as store
from chassis import outbox
from chassis.access import Principal
from chassis.ids import new_id
from chassis.locations import Place
from chassis.permission import permitted
from chassis.refusals import NotFound
from contracts.access import Capability
from quantities.person import Person

__all__ = [
    "add_member",
    "attest_members",
    "attestation_by_id",
    "confirm_member",
    "end_membership",
    "extend_membership",
    "membership_by_id",
    "refuse_member",
    "withdraw_proposal",
]


async def add_member(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    people: People,
    location_id: str,
    user_name: str,
    role: str,
    valid_from: datetime | None,
    valid_until: datetime | None,
    justification: str,
    substitutes_id: str | None,
) -> Membership:
    """Give a role to a person, or propose it where two persons must agree.

    Refuses: as `permitted`; as `People.find`; PersonUnknown; NotFound for the substituted membership; as
    `domain.membership.propose`.
    """
    place = await permitted(tx, principal, access.ADD_MEMBER, location_id=location_id)
    there = await locations.registered_location(tx, location_id)
    person = await people.find(caller=principal.subject, user_name=user_name)
    if person is None:
        raise unknown(user_name)
    in_directory = await people.groups_of(subject=person.subject, user_name=person.user_name)
    await store.lock_person(tx, person.subject)
    substituted = None if substitutes_id is None else await membership_by_id(tx, substitutes_id)
    proposed = memberships.propose(
        membership_id=new_id(),
        location_id=location_id,
        roles_there=rules.at(there.kind, is_root=there.is_root),
        role=role,
        member=Person(subject=person.subject, name=person.user_name),
        valid_from=valid_from,
        valid_until=valid_until,
        justification=justification,
        substitutes=substituted,
        by=principal.person,
        at=now,
        grantable=_grantable(principal, place),
        rules=rules,
        there=await store.memberships_there(tx, subject=person.subject, location_id=location_id),
        held=_all_held(await store.holdings(tx, person.subject), in_directory - {group_path(role, place.path)}, at=now),
    )
    await store.add_membership(tx, proposed)
    if not proposed.needs_confirmation:
        await outbox.add(tx, outgoing.membership_granted(proposed), now=now)
    return proposed


async def confirm_member(
    tx: AsyncConnection, *, principal: Principal, now: datetime, people: People, membership_id: str
) -> Membership:
    """Let a proposal take effect. Refuses: NotFound; as `permitted`; PersonUnknown; as `Membership.confirm`."""
    proposed, place = await _for_step(tx, principal, access.CONFIRM_MEMBER, membership_id)
    await store.lock_person(tx, _subject(proposed))
    in_directory = await people.groups_of(subject=_subject(proposed), user_name=proposed.member.name)
    confirmed = proposed.confirm(
        by=principal.person,
        at=now,
        grantable=_grantable(principal, place),
        rules=rules,
        held=_all_held(
            await store.holdings(tx, _subject(proposed), besides=proposed.id),
            in_directory - {group_path(proposed.role, place.path)},
            at=now,
        ),
    )
    await store.add_step(tx, confirmed)
    await outbox.add(tx, outgoing.membership_granted(confirmed), now=now)
    return confirmed


async def refuse_member(
    tx: AsyncConnection, *, principal: Principal, now: datetime, membership_id: str, reason: str
) -> Membership:
    """Turn a proposal down, saying why. Refuses: NotFound; as `permitted`; as `Membership.refuse`."""
    proposed, place = await _for_step(tx, principal, access.REFUSE_MEMBER, membership_id)
    refused = proposed.refuse(by=principal.person, at=now, grantable=_grantable(principal, place), reason=reason)
    await store.add_step(tx, refused)
    return refused


async def withdraw_proposal(
    tx: AsyncConnection, *, principal: Principal, now: datetime, membership_id: str, reason: str
) -> Membership:
    """Take back one's own proposal. Refuses: NotFound; as `permitted`; as `Membership.withdraw`."""
    proposed, _ = await _for_step(tx, principal, access.WITHDRAW_PROPOSAL, membership_id)
    withdrawn = proposed.withdraw(by=principal.person, at=now, reason=reason)
    await store.add_step(tx, withdrawn)
    return withdrawn


async def end_membership(
    tx: AsyncConnection, *, principal: Principal, now: datetime, membership_id: str, reason: str
) -> Membership:
    """Take a role away, saying why. Refuses: NotFound; as `permitted`; as `Membership.end`."""
    found, place = await _for_step(tx, principal, access.END_MEMBERSHIP, membership_id)
    ended = found.end(by=principal.person, at=now, grantable=_grantable(principal, place), reason=reason)
    await _end(tx, ended, now)
    return ended


async def extend_membership(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    membership_id: str,
    valid_until: datetime,
    reason: str,
) -> Membership:
    """Move the end of a membership's period. Refuses: NotFound; as `permitted`; as `Membership.extend`."""
    found, place = await _for_step(tx, principal, access.EXTEND_MEMBERSHIP, membership_id)
    await store.lock_person(tx, _subject(found))
    extended = found.extend(
        by=principal.person,
        at=now,
        grantable=_grantable(principal, place),
        until=valid_until,
        reason=reason,
        rules=rules,
        held=await store.holdings(tx, _subject(found), besides=found.id),
    )
    await store.add_step(tx, extended)
    return extended


async def attest_members(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    interval: timedelta,
    location_id: str,
    decisions: Mapping[str, Decision],
) -> Attestation:
    """Look at every membership at a location: keep it or end it.

    Refuses: as `permitted`; as `domain.attestation.attest`.
    """
    place = await permitted(tx, principal, access.ATTEST_MEMBERS, location_id=location_id)
    await attestation_store.lock_list(tx, location_id)
    for membership_id in sorted(decisions):
        await store.membership_for_step(tx, membership_id)
    attested, ended = attestations.attest(
        attestation_id=new_id(),
        location_id=location_id,
        memberships=await store.active_at(tx, location_id=location_id, at=now),
        decisions=decisions,
        by=principal.person,
        at=now,
        interval=interval,
        grantable=_grantable(principal, place),
    )
    for each in ended:
        await _end(tx, each, now)
    await attestation_store.add_attestation(tx, attested)
    await outbox.add(tx, outgoing.members_attested(attested), now=now)
    return attested


async def membership_by_id(tx: AsyncConnection, membership_id: str) -> Membership:
    """Refuses: NotFound."""
    # open: row security shows what the caller may see
    (found,) = await store.memberships(tx, [membership_id])
    if found is None:
        raise NotFound(kind="membership", key=membership_id)
    return found


async def attestation_by_id(tx: AsyncConnection, attestation_id: str) -> Attestation:
    """Refuses: NotFound."""
    # open: as above
    (found,) = await attestation_store.attestations(tx, [attestation_id])
    if found is None:
        raise NotFound(kind="attestation", key=attestation_id)
    return found


async def _for_step(
    tx: AsyncConnection, principal: Principal, capability: Capability, membership_id: str
) -> tuple[Membership, Place]:
    """The membership, under lock, and its place. Refuses: NotFound; as `permitted`.

    One that is above the caller's places is shown to those below it, and no step can be taken on it from there: it is
    not found.
    """
    found = await store.membership_for_step(tx, membership_id)
    if found is None:
        raise NotFound(kind="membership", key=membership_id)
    try:
        place = await permitted(tx, principal, capability, location_id=found.location_id)
    except NotFound as error:
        raise NotFound(kind="membership", key=membership_id) from error
    return found, place


async def _end(tx: AsyncConnection, ended: Membership, now: datetime) -> None:
    await store.add_step(tx, ended)
    await outbox.add(tx, outgoing.membership_ended(ended), now=now)


def _grantable(principal: Principal, place: Place) -> frozenset[str]:
    return rules.grantable(roles_held(principal, place))


def _all_held(recorded: Sequence[Holding], in_directory: frozenset[str], *, at: datetime) -> list[Holding]:
    """What a person holds by the record and, besides, in the directory: a role given by hand excludes others too."""
    by_record = Counter(held.role for held in recorded if held.overlaps(at, None) and held.held_from <= at)
    found = [parsed(group) for group in in_directory]
    by_hand = Counter(each[0] for each in found if each is not None) - by_record
    return [*recorded, *(Holding(role=role, held_from=at, held_until=None) for role in by_hand.elements())]


def _subject(membership: Membership) -> str:
    return membership.member.subject or ""
