"""The adoption of an edition of factors for new inventories: one person proposes it, another decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inventory.domain.errors import (
    AdoptionAlreadyProposed,
    EditionAlreadyAdopted,
    NotTheProposer,
    ProposalAlreadyDecided,
    ProposerMayNotDecide,
    ReasonsMissing,
)
from inventory.domain.factor_release import FactorEdition
from quantities.person import Person

__all__ = [
    "AdoptionDecision",
    "AdoptionOutcome",
    "AdoptionProposal",
    "decide_adoption",
    "propose_adoption",
    "withdraw_adoption",
]


class AdoptionOutcome(StrEnum):
    """What became of a proposal."""

    APPROVED = "approved"
    """By a second person: new inventories are of the edition from then on."""
    REFUSED = "refused"
    """By a second person."""
    WITHDRAWN = "withdrawn"
    """By who proposed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionDecision:
    """What ended a proposal."""

    outcome: AdoptionOutcome
    by: Person
    at: datetime
    reason: str | None
    """Why not; None where it was approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionProposal:
    """That new inventories be of an edition. It changes nothing by itself."""

    id: str
    location_id: str
    """The root: editions are those of all locations."""
    edition_id: str
    reason: str
    by: Person
    at: datetime
    decision: AdoptionDecision | None
    """None while it is open."""


def propose_adoption(
    edition: FactorEdition,
    *,
    earlier: Iterable[AdoptionProposal],
    proposal_id: str,
    location_id: str,
    reason: str,
    by: Person,
    at: datetime,
) -> AdoptionProposal:
    """Put the adoption of an edition to a second person; `earlier` are the proposals that it had.

    Refuses, in this order: EditionAlreadyAdopted; AdoptionAlreadyProposed where one is open; ReasonsMissing.
    """
    _require_not_adopted(edition)
    open_ones = [proposal for proposal in earlier if proposal.decision is None]
    if open_ones:
        raise AdoptionAlreadyProposed(
            subject=edition.id,
            found=f"a proposal of {open_ones[0].at.date()} that is open",
            expected="none",
            message=f"The adoption of the edition {edition.id} is proposed already; it is decided or withdrawn first.",
        )
    return AdoptionProposal(
        id=proposal_id,
        location_id=location_id,
        edition_id=edition.id,
        reason=_reason(edition.id, reason, expected="why new inventories are of this edition from now on"),
        by=by,
        at=at,
        decision=None,
    )


def decide_adoption(
    proposal: AdoptionProposal, edition: FactorEdition, *, approved: bool, reason: str | None, by: Person, at: datetime
) -> AdoptionDecision:
    """The second person's word.

    Who put the edition together is known by the name that the operator gave. Refuses, in this order:
    ProposalAlreadyDecided; ProposerMayNotDecide for who proposed the adoption, or the edition; ReasonsMissing for a no;
    EditionAlreadyAdopted for a yes.
    """
    _require_open(proposal)
    if proposal.by.is_same_as(by) or Person(subject=None, name=edition.proposed_by).is_same_as(by):
        raise ProposerMayNotDecide(
            subject=proposal.edition_id,
            found="a decision by the person who proposed it",
            expected="one by somebody else",
            message=f"Who proposed the edition {proposal.edition_id}, or its adoption, may not decide on it.",
        )
    if not approved:
        why = _reason(proposal.edition_id, "" if reason is None else reason, expected="why it is not adopted")
        return AdoptionDecision(outcome=AdoptionOutcome.REFUSED, by=by, at=at, reason=why)
    _require_not_adopted(edition)
    return AdoptionDecision(outcome=AdoptionOutcome.APPROVED, by=by, at=at, reason=None)


def withdraw_adoption(proposal: AdoptionProposal, *, reason: str, by: Person, at: datetime) -> AdoptionDecision:
    """Taken back by who made it. Refuses, in this order: ProposalAlreadyDecided; NotTheProposer; ReasonsMissing."""
    _require_open(proposal)
    if not proposal.by.is_same_as(by):
        raise NotTheProposer(
            subject=proposal.edition_id,
            found="a withdrawal by somebody else",
            expected="one by the person who proposed it; others approve or refuse",
            message=f"The adoption of the edition {proposal.edition_id} was proposed by somebody else.",
        )
    why = _reason(proposal.edition_id, reason, expected="why it is taken back")
    return AdoptionDecision(outcome=AdoptionOutcome.WITHDRAWN, by=by, at=at, reason=why)


def _require_open(proposal: AdoptionProposal) -> None:
    if proposal.decision is not None:
        raise ProposalAlreadyDecided(
            subject=proposal.edition_id,
            found=f"{proposal.decision.outcome} on {proposal.decision.at.date()}",
            expected="a proposal that is open",
            message=f"This proposal to adopt {proposal.edition_id} was {proposal.decision.outcome} already.",
        )


def _require_not_adopted(edition: FactorEdition) -> None:
    if edition.adopted_at is not None:
        raise EditionAlreadyAdopted(
            subject=edition.id,
            found=f"adopted on {edition.adopted_at.date()}",
            expected="an edition that is proposed",
            message=f"The edition {edition.id} was adopted already.",
        )


def _reason(edition: str, reason: str, *, expected: str) -> str:
    if not reason.strip():
        raise ReasonsMissing(
            subject=edition,
            found="no reason",
            expected=expected,
            message=f"A word on the adoption of the edition {edition} says why.",
        )
    return reason.strip()
