"""The adoption of an edition of factors: two people, and every refusal in its order."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.domain import errors
from inventory.domain.edition_adoption import (
    AdoptionDecision,
    AdoptionOutcome,
    AdoptionProposal,
    decide_adoption,
    propose_adoption,
    withdraw_adoption,
)
from inventory.domain.factor_release import FactorEdition
from quantities.person import Person

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AMINA, BARAKA = Person(subject="s-amina", name="amina"), Person(subject="s-baraka", name="baraka")
EDITION = FactorEdition(
    id="un-2026", description="d", releases=("r",), content_hash="h", proposed_by="operator", proposed_at=NOW,
    adopted_at=None,
)  # fmt: skip
ADOPTED = replace(EDITION, adopted_at=NOW)
OPEN = AdoptionProposal(
    id="p", location_id="secretariat", edition_id="un-2026", reason="a new year", by=AMINA, at=NOW, decision=None
)
WITHDRAWN = replace(
    OPEN, decision=AdoptionDecision(outcome=AdoptionOutcome.WITHDRAWN, by=AMINA, at=NOW, reason="a slip")
)


def proposed(edition: FactorEdition = EDITION, **given: Any) -> AdoptionProposal:
    good: dict[str, Any] = {"earlier": (), "reason": " a new year ", "by": AMINA}
    return propose_adoption(edition, proposal_id="p", location_id="secretariat", at=NOW, **good | given)


def decided(proposal: AdoptionProposal = OPEN, edition: FactorEdition = EDITION, **given: Any) -> AdoptionDecision:
    good: dict[str, Any] = {"approved": True, "reason": None, "by": BARAKA}
    return decide_adoption(proposal, edition, at=NOW, **good | given)


def withdrawn(proposal: AdoptionProposal = OPEN, **given: Any) -> AdoptionDecision:
    good: dict[str, Any] = {"reason": "a slip", "by": AMINA}
    return withdraw_adoption(proposal, at=NOW, **good | given)


def test_one_proposes_and_another_approves_refuses_or_who_proposed_withdraws() -> None:
    assert proposed() == OPEN
    assert decided() == AdoptionDecision(outcome=AdoptionOutcome.APPROVED, by=BARAKA, at=NOW, reason=None)
    refused = decided(approved=False, reason=" too early ")
    assert (refused.outcome, refused.reason) == (AdoptionOutcome.REFUSED, "too early")
    assert withdrawn().outcome == AdoptionOutcome.WITHDRAWN


def test_what_was_withdrawn_is_proposed_again() -> None:
    assert proposed(earlier=(WITHDRAWN,)) == OPEN


@pytest.mark.parametrize(
    ("edition", "given", "refusal"),
    [
        (ADOPTED, {"earlier": (OPEN,), "reason": " "}, errors.EditionAlreadyAdopted),
        (EDITION, {"earlier": (WITHDRAWN, OPEN), "reason": " "}, errors.AdoptionAlreadyProposed),
        (EDITION, {"reason": " "}, errors.ReasonsMissing),
    ],
)
def test_what_can_not_be_proposed_is_refused_in_this_order(
    edition: FactorEdition, given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        proposed(edition, **given)


OWN = replace(EDITION, proposed_by="baraka")


@pytest.mark.parametrize(
    ("proposal", "edition", "given", "refusal"),
    [
        (WITHDRAWN, ADOPTED, {"by": AMINA}, errors.ProposalAlreadyDecided),
        (OPEN, ADOPTED, {"by": AMINA}, errors.ProposerMayNotDecide),
        (OPEN, EDITION, {"by": AMINA, "approved": False, "reason": "r"}, errors.ProposerMayNotDecide),
        (OPEN, EDITION, {"by": replace(AMINA, name="renamed")}, errors.ProposerMayNotDecide),
        (OPEN, OWN, {}, errors.ProposerMayNotDecide),
        (OPEN, ADOPTED, {"approved": False}, errors.ReasonsMissing),
        (OPEN, EDITION, {"approved": False, "reason": " "}, errors.ReasonsMissing),
        (OPEN, ADOPTED, {}, errors.EditionAlreadyAdopted),
    ],
)
def test_what_can_not_be_decided_is_refused_in_this_order(
    proposal: AdoptionProposal, edition: FactorEdition, given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        decided(proposal, edition, **given)


@pytest.mark.parametrize(
    ("proposal", "given", "refusal"),
    [
        (WITHDRAWN, {"by": BARAKA, "reason": " "}, errors.ProposalAlreadyDecided),
        (OPEN, {"by": BARAKA, "reason": " "}, errors.NotTheProposer),
        (OPEN, {"reason": " "}, errors.ReasonsMissing),
    ],
)
def test_what_can_not_be_withdrawn_is_refused_in_this_order(
    proposal: AdoptionProposal, given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        withdrawn(proposal, **given)
