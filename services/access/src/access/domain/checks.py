"""What every change of a membership must hold to."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from access.domain.errors import (
    BeginsInThePast,
    EndDateNeeded,
    MoneyStepsCombined,
    OwnMembership,
    PeriodMalformed,
    PeriodTooLong,
    RoleExcludesOthers,
    RoleNotGrantable,
    TooManyGrants,
)
from access.domain.roles import GRANTS_MAX, Holding, RoleRules
from quantities.person import Person
from quantities.text import require_text

__all__ = [
    "DUAL_CONTROL_MAX",
    "SUBSTITUTE_MAX",
    "TEXT_MAX",
    "require_combinable",
    "require_grantable",
    "require_not_own",
    "require_period",
    "require_reason",
]

TEXT_MAX = 2_000
"""Characters of a justification or a reason."""
SUBSTITUTE_MAX = timedelta(days=366)
"""Longer than a year is no leave but a succession."""
DUAL_CONTROL_MAX = timedelta(days=2 * 366)
"""Roles over money or over the whole Secretariat are given anew every two years, by two persons."""


def require_reason(reason: str) -> str:
    """The words that a decision needs. Refuses, as `require_text`: TextMissing, TextTooLong."""
    return require_text(reason, subject="reason", longest=TEXT_MAX)


def require_not_own(member: Person, by: Person) -> None:
    """Refuses: OwnMembership. Leaving a role is no exception: it could clear the way to one that excludes it."""
    if member.is_same_as(by):
        raise OwnMembership(
            subject="membership",
            found="your own",
            expected="another person's",
            message="Nobody changes own memberships; somebody else who manages members here can.",
        )


def require_grantable(role: str, grantable: frozenset[str], *, location_id: str) -> None:
    """Refuses: RoleNotGrantable."""
    if role not in grantable:
        raise RoleNotGrantable(
            subject=f"{role} at {location_id}",
            found=f"roles of yours that give {', '.join(sorted(grantable)) or 'none'} there",
            expected=f"a role there or above it that gives {role}",
            message=f"None of your roles at {location_id} or above it gives or takes {role}.",
        )


def require_period(
    role: str,
    begins: datetime,
    until: datetime | None,
    *,
    is_substitute: bool,
    rules: RoleRules,
    not_before: datetime | None = None,
) -> None:
    """Refuses, in this order: BeginsInThePast, EndDateNeeded, PeriodMalformed, PeriodTooLong.

    Open-ended are ordinary memberships in roles of a location, since attestation asks for each of them again.
    """
    if not_before is not None and begins < not_before:
        raise BeginsInThePast(
            subject="valid from",
            found=begins.isoformat(),
            expected=f"{not_before.isoformat()} or later",
            message=f"A right begins now or later; {begins.isoformat()} is past.",
        )
    longest = SUBSTITUTE_MAX if is_substitute else DUAL_CONTROL_MAX if role in rules.dual_control else None
    if until is None:
        if longest is not None:
            raise EndDateNeeded(
                subject="valid until",
                found="no end",
                expected=f"an end at most {longest.days} days after the beginning",
                message=f"{'A substitute' if is_substitute else role} is for a time: give an end.",
            )
        return
    if until <= begins:
        raise PeriodMalformed(
            subject="valid until",
            found=until.isoformat(),
            expected=f"later than {begins.isoformat()}",
            message=f"The period must end after it begins, at {begins.isoformat()}.",
        )
    if longest is not None and until - begins > longest:
        raise PeriodTooLong(
            subject="valid until",
            found=f"{(until - begins).days} days",
            expected=f"{longest.days} days at most",
            message=f"{'A substitute' if is_substitute else role} is for {longest.days} days at most.",
        )


def require_combinable(new: Holding, held: Iterable[Holding], *, rules: RoleRules) -> None:
    """What the person holds besides in that period allows the new role.

    Where the other role is held stays unsaid: it may be another location's.

    Refuses, in this order: RoleExcludesOthers, MoneyStepsCombined, TooManyGrants.
    """
    besides = [other for other in held if other.overlaps(new.held_from, new.held_until)]
    for other in besides:
        if rules.excludes(new.role, other.role):
            lonely = new.role if new.role in rules.alone else other.role
            raise RoleExcludesOthers(
                subject=new.role,
                found=f"another role of the same person: {other.role}",
                expected=f"a person for whom {lonely} is the only role",
                message=f"{lonely} is held alone; the same person is not {new.role} and {other.role}.",
            )
    for other in besides:
        if rules.combines_money_steps(new.role, other.role):
            raise MoneyStepsCombined(
                subject=new.role,
                found=f"another step of a payment by the same person: {other.role}",
                expected="another person for each step of a payment",
                message=f"One person is not {new.role} and {other.role}: they are two steps of one payment.",
            )
    if len(besides) >= GRANTS_MAX:
        raise TooManyGrants(
            subject="roles of one person",
            found=f"{len(besides)} already",
            expected=f"{GRANTS_MAX} at most",
            message=f"One person holds {GRANTS_MAX} roles at most; give one higher up instead.",
        )
