"""Every refusal of *access*, in the order in which a request meets them."""

from typing import ClassVar

from quantities.refusal import Refusal

__all__ = [
    "AlreadyMember",
    "BeginsInThePast",
    "DirectoryNotReachable",
    "EndDateNeeded",
    "ExtensionNeedsTwo",
    "ListOutOfDate",
    "LookupsExhausted",
    "MoneyStepsCombined",
    "NotTheProposer",
    "NothingToAttest",
    "OwnMembership",
    "PeriodMalformed",
    "PeriodTooLong",
    "PersonUnknown",
    "ProposerMayNotDecide",
    "RoleExcludesOthers",
    "RoleNotAtLocation",
    "RoleNotGrantable",
    "SubstituteMismatch",
    "TooManyGrants",
    "WrongState",
]


# Who it is about.


class LookupsExhausted(Refusal):
    """Persons are looked up one by one, and not many a minute: this is no directory."""

    code: ClassVar[str] = "LOOKUPS_EXHAUSTED"


class DirectoryNotReachable(Refusal):
    """The identity provider does not answer now; nothing was changed."""

    code: ClassVar[str] = "DIRECTORY_NOT_REACHABLE"


class PersonUnknown(Refusal):
    """The identity provider has no such person who may log in."""

    code: ClassVar[str] = "PERSON_UNKNOWN"


# A step of a membership.


class WrongState(Refusal):
    """The membership is not where this step can be taken; perhaps somebody was quicker."""

    code: ClassVar[str] = "WRONG_STATE"


class OwnMembership(Refusal):
    """Nobody changes own memberships, in either direction."""

    code: ClassVar[str] = "OWN_MEMBERSHIP"


class RoleNotGrantable(Refusal):
    """No role of the caller's at the location or above it gives or takes this one."""

    code: ClassVar[str] = "ROLE_NOT_GRANTABLE"


class RoleNotAtLocation(Refusal):
    """A location of this kind does not have this role; a function is at the root alone."""

    code: ClassVar[str] = "ROLE_NOT_AT_LOCATION"


class ProposerMayNotDecide(Refusal):
    """Dual control: who proposed a membership neither confirms nor refuses it."""

    code: ClassVar[str] = "PROPOSER_MAY_NOT_DECIDE"


class NotTheProposer(Refusal):
    """A proposal is withdrawn by who made it; others confirm or refuse it."""

    code: ClassVar[str] = "NOT_THE_PROPOSER"


class ExtensionNeedsTwo(Refusal):
    """A role under dual control is not extended by one person: propose a new membership."""

    code: ClassVar[str] = "EXTENSION_NEEDS_TWO"


# Its period.


class BeginsInThePast(Refusal):
    """A right begins now or later."""

    code: ClassVar[str] = "BEGINS_IN_THE_PAST"


class PeriodMalformed(Refusal):
    """A period ends after it begins, and not before now."""

    code: ClassVar[str] = "PERIOD_MALFORMED"


class EndDateNeeded(Refusal):
    """Roles under dual control, and substitutes, are for a time."""

    code: ClassVar[str] = "END_DATE_NEEDED"


class PeriodTooLong(Refusal):
    """The period is longer than this kind of membership may be."""

    code: ClassVar[str] = "PERIOD_TOO_LONG"


# What the person holds besides.


class SubstituteMismatch(Refusal):
    """A substitute stands in for another person's active membership, in the same role at the same location."""

    code: ClassVar[str] = "SUBSTITUTE_MISMATCH"


class AlreadyMember(Refusal):
    """The person has this role there in that period, or it is proposed."""

    code: ClassVar[str] = "ALREADY_MEMBER"


class RoleExcludesOthers(Refusal):
    """Who checks does not act, who gives rights has none over data: such a role is held alone."""

    code: ClassVar[str] = "ROLE_EXCLUDES_OTHERS"


class MoneyStepsCombined(Refusal):
    """Two steps of one payment are not one person's."""

    code: ClassVar[str] = "MONEY_STEPS_COMBINED"


class TooManyGrants(Refusal):
    """Somebody with so many roles should hold one higher up."""

    code: ClassVar[str] = "TOO_MANY_GRANTS"


# Attestation.


class NothingToAttest(Refusal):
    """Nobody but the caller is a member there."""

    code: ClassVar[str] = "NOTHING_TO_ATTEST"


class ListOutOfDate(Refusal):
    """The decisions are not about exactly the memberships that there are: look at the list again."""

    code: ClassVar[str] = "LIST_OUT_OF_DATE"
