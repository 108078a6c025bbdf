"""Memberships: a person's role at a location, for a time, and the steps that people take on it.

proposed → confirmed, refused or withdrawn; confirmed → ended. Roles that are not under dual control are confirmed by
being proposed. A step is added and never taken back. What the clock says comes on top: a confirmed membership is
scheduled before its period, active in it, expired after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from access.domain.checks import (
    TEXT_MAX,
    require_combinable,
    require_grantable,
    require_not_own,
    require_period,
    require_reason,
)
from access.domain.errors import (
    AlreadyMember,
    ExtensionNeedsTwo,
    NotTheProposer,
    PeriodMalformed,
    ProposerMayNotDecide,
    RoleNotAtLocation,
    SubstituteMismatch,
    WrongState,
)
from access.domain.roles import Holding, RoleRules
from quantities.person import Person
from quantities.text import require_text

__all__ = ["Action", "Kind", "Membership", "MembershipStep", "State", "propose"]


class Kind(StrEnum):
    """Why a person has the role."""

    ORDINARY = "ordinary"
    SUBSTITUTE = "substitute"
    """Stands in for another member during leave."""


class State(StrEnum):
    """Where a membership stands at an instant."""

    PROPOSED = "proposed"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    EXPIRED = "expired"


class Action(StrEnum):
    """What somebody did to a membership after it was proposed."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXTENDED = "extended"
    ENDED = "ended"


_CLOSING = {Action.REFUSED: State.REFUSED, Action.WITHDRAWN: State.WITHDRAWN, Action.ENDED: State.ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipStep:
    """One step of a membership."""

    action: Action
    by: Person
    at: datetime
    reason: str | None
    """Why; None for a confirmation."""
    valid_until: datetime | None = None
    """The new end, of an extension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A person's role at a location, and what became of it."""

    id: str
    location_id: str
    role: str
    member: Person
    kind: Kind
    substitutes_id: str | None
    """The membership that a substitute stands in for."""
    valid_from: datetime
    given_until: datetime | None
    """The end of the period as it was proposed, itself outside of it; None: open-ended."""
    justification: str
    proposed_by: Person
    proposed_at: datetime
    needs_confirmation: bool
    steps: tuple[MembershipStep, ...] = ()
    """All that happened after the proposal, oldest first."""

    @property
    def valid_until(self) -> datetime | None:
        """The end of the period as it is now."""
        extended = [step.valid_until for step in self.steps if step.action is Action.EXTENDED]
        return extended[-1] if extended else self.given_until

    @property
    def holding(self) -> Holding:
        """What it makes its member hold; nothing any more from the step on that closed it."""
        closed = self._closing_step
        until = self.valid_until if closed is None else closed.at
        return Holding(role=self.role, held_from=self.valid_from, held_until=until)

    @property
    def _closing_step(self) -> MembershipStep | None:
        return next((step for step in self.steps if step.action in _CLOSING), None)

    def state_at(self, now: datetime) -> State:
        closed = self._closing_step
        if closed is not None:
            return _CLOSING[closed.action]
        if self.valid_until is not None and self.valid_until <= now:
            return State.EXPIRED
        if self.needs_confirmation and not any(step.action is Action.CONFIRMED for step in self.steps):
            return State.PROPOSED
        return State.SCHEDULED if now < self.valid_from else State.ACTIVE

    def confirm(
        self, *, by: Person, at: datetime, grantable: frozenset[str], rules: RoleRules, held: Iterable[Holding]
    ) -> "Membership":
        """Let it begin. `held` is what the member holds besides.

        Refuses, in this order: WrongState, OwnMembership, ProposerMayNotDecide, RoleNotGrantable, and as
        `require_combinable`.
        """
        self._require_decidable(by=by, at=at, to_do="confirmed")
        require_grantable(self.role, grantable, location_id=self.location_id)
        require_combinable(self.holding, held, rules=rules)
        return self._with(MembershipStep(action=Action.CONFIRMED, by=by, at=at, reason=None))

    def refuse(self, *, by: Person, at: datetime, grantable: frozenset[str], reason: str) -> "Membership":
        """Turn a proposal down.

        Refuses, in this order: WrongState, OwnMembership, ProposerMayNotDecide, RoleNotGrantable, TextMissing,
        TextTooLong.
        """
        self._require_decidable(by=by, at=at, to_do="refused")
        require_grantable(self.role, grantable, location_id=self.location_id)
        return self._with(MembershipStep(action=Action.REFUSED, by=by, at=at, reason=require_reason(reason)))

    def withdraw(self, *, by: Person, at: datetime, reason: str) -> "Membership":
        """Take back an own proposal. Refuses, in this order: WrongState, NotTheProposer, TextMissing, TextTooLong."""
        self._require_state(at, "withdrawn", State.PROPOSED)
        if not by.is_same_as(self.proposed_by):
            raise NotTheProposer(
                subject=f"membership {self.id}",
                found="another person than the proposer",
                expected="the proposer",
                message=f"Membership {self.id} was proposed by another person; confirm or refuse it instead.",
            )
        return self._with(MembershipStep(action=Action.WITHDRAWN, by=by, at=at, reason=require_reason(reason)))

    def end(self, *, by: Person, at: datetime, grantable: frozenset[str], reason: str) -> "Membership":
        """Take the role away. One person is enough, also for a role that two must give.

        Refuses, in this order: WrongState, OwnMembership, RoleNotGrantable, TextMissing, TextTooLong.
        """
        self._require_state(at, "ended", State.ACTIVE, State.SCHEDULED)
        require_not_own(self.member, by)
        require_grantable(self.role, grantable, location_id=self.location_id)
        return self._with(MembershipStep(action=Action.ENDED, by=by, at=at, reason=require_reason(reason)))

    def extend(
        self,
        *,
        by: Person,
        at: datetime,
        grantable: frozenset[str],
        until: datetime,
        reason: str,
        rules: RoleRules,
        held: Iterable[Holding],
    ) -> "Membership":
        """Move the end of the period.

        Refuses, in this order: WrongState, OwnMembership, RoleNotGrantable, ExtensionNeedsTwo, TextMissing,
        TextTooLong, PeriodMalformed where the new end is not later, PeriodTooLong, and as `require_combinable`.
        """
        self._require_state(at, "extended", State.ACTIVE, State.SCHEDULED)
        require_not_own(self.member, by)
        require_grantable(self.role, grantable, location_id=self.location_id)
        if self.role in rules.dual_control:
            raise ExtensionNeedsTwo(
                subject=f"membership {self.id}",
                found=f"role {self.role}, under dual control",
                expected="a new membership from the end of this one",
                message=f"{self.role} is given by two persons: propose a new membership from the end of this one.",
            )
        kept = require_reason(reason)
        if self.valid_until is None or until <= self.valid_until:
            end = "open" if self.valid_until is None else self.valid_until.isoformat()
            raise PeriodMalformed(
                subject="valid until",
                found=until.isoformat(),
                expected=f"later than the end that it has ({end})",
                message=f"An extension moves the end to a later time; membership {self.id} ends: {end}.",
            )
        require_period(self.role, self.valid_from, until, is_substitute=self.kind is Kind.SUBSTITUTE, rules=rules)
        changed = self._with(MembershipStep(action=Action.EXTENDED, by=by, at=at, reason=kept, valid_until=until))
        require_combinable(changed.holding, held, rules=rules)
        return changed

    def _require_decidable(self, *, by: Person, at: datetime, to_do: str) -> None:
        self._require_state(at, to_do, State.PROPOSED)
        require_not_own(self.member, by)
        if by.is_same_as(self.proposed_by):
            raise ProposerMayNotDecide(
                subject=f"membership {self.id}",
                found="the proposer",
                expected="another person",
                message=f"You proposed membership {self.id}; another person confirms or refuses it.",
            )

    def _require_state(self, at: datetime, to_do: str, *expected: State) -> None:
        found = self.state_at(at)
        if found not in expected:
            wanted = " or ".join(expected)
            raise WrongState(
                subject=f"membership {self.id}",
                found=found,
                expected=wanted,
                message=f"Membership {self.id} is {found}; it can be {to_do} only when it is {wanted}.",
            )

    def _with(self, step: MembershipStep) -> "Membership":
        return replace(self, steps=(*self.steps, step))


def propose(
    *,
    membership_id: str,
    location_id: str,
    roles_there: frozenset[str],
    role: str,
    member: Person,
    valid_from: datetime | None,
    valid_until: datetime | None,
    justification: str,
    substitutes: Membership | None,
    by: Person,
    at: datetime,
    grantable: frozenset[str],
    rules: RoleRules,
    there: Iterable[Membership],
    held: Iterable[Holding],
) -> Membership:
    """Give a role, or propose it where two persons must agree.

    `there` are the member's own memberships at the location; `held` is all that the member holds, wherever.

    Refuses, in this order: OwnMembership, RoleNotGrantable, RoleNotAtLocation, TextMissing, TextTooLong, and as
    `require_period`; SubstituteMismatch, AlreadyMember, and as `require_combinable`.
    """
    require_not_own(member, by)
    require_grantable(role, grantable, location_id=location_id)
    if role not in roles_there:
        raise RoleNotAtLocation(
            subject=f"{role} at {location_id}",
            found=f"a location that has {', '.join(sorted(roles_there)) or 'no roles'}",
            expected=f"a location that has {role}",
            message=f"{location_id} has no {role}.",
        )
    kept = require_text(justification, subject="justification", longest=TEXT_MAX)
    begins = at if valid_from is None else valid_from
    require_period(role, begins, valid_until, is_substitute=substitutes is not None, rules=rules, not_before=at)
    proposed = Membership(
        id=membership_id,
        location_id=location_id,
        role=role,
        member=member,
        kind=Kind.ORDINARY if substitutes is None else Kind.SUBSTITUTE,
        substitutes_id=None if substitutes is None else substitutes.id,
        valid_from=begins,
        given_until=valid_until,
        justification=kept,
        proposed_by=by,
        proposed_at=at,
        needs_confirmation=role in rules.dual_control,
    )
    if substitutes is not None:
        _require_stands_in(proposed, substitutes, at)
    for other in there:
        if other.role == role and other.holding.overlaps(begins, valid_until):
            raise AlreadyMember(
                subject=f"{role} at {location_id}",
                found=f"membership {other.id}, {other.state_at(at)}",
                expected="a period in which the person does not have the role there",
                message=f"{member.name} is {role} at {location_id} in that period already: membership {other.id}.",
            )
    require_combinable(proposed.holding, held, rules=rules)
    return proposed


def _require_stands_in(proposed: Membership, substituted: Membership, at: datetime) -> None:
    """Refuses: SubstituteMismatch."""
    problems = {
        f"state {substituted.state_at(at)}": substituted.state_at(at) is not State.ACTIVE,
        f"location {substituted.location_id}": substituted.location_id != proposed.location_id,
        f"role {substituted.role}": substituted.role != proposed.role,
        "the same person": substituted.member.is_same_as(proposed.member),
        "a substitute": substituted.kind is Kind.SUBSTITUTE,
    }
    found = [problem for problem, holds in problems.items() if holds]
    if found:
        raise SubstituteMismatch(
            subject=f"membership {substituted.id}",
            found=", ".join(found),
            expected=f"another person's own active membership as {proposed.role} at {proposed.location_id}",
            message=f"Membership {substituted.id} is not one that this person can stand in for: {', '.join(found)}.",
        )
