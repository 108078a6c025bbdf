"""SQL of proposals to adopt editions of factors, and of what became of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.edition_adoption import AdoptionDecision, AdoptionOutcome, AdoptionProposal
from inventory.tables import adoption_decision, adoption_proposal, factor_edition_adoption
from quantities.person import Person

__all__ = ["add_decision", "add_proposal", "adopt", "known_proposal", "lock", "proposal_by_id", "proposals_of"]


async def lock(tx: AsyncConnection) -> None:
    """Words on adoptions wait for each other until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('edition adoption'))"))


async def add_proposal(tx: AsyncConnection, new: AdoptionProposal) -> None:
    await tx.execute(
        insert(adoption_proposal).values(
            id=new.id,
            location_id=new.location_id,
            edition_id=new.edition_id,
            reason=new.reason,
            proposed_by=new.by.name,
            proposed_by_subject=new.by.subject,
            proposed_at=new.at,
        )
    )


async def add_decision(tx: AsyncConnection, proposal: AdoptionProposal, decision: AdoptionDecision) -> None:
    await tx.execute(
        insert(adoption_decision).values(
            proposal_id=proposal.id,
            location_id=proposal.location_id,
            outcome=decision.outcome,
            reason=decision.reason,
            decided_by=decision.by.name,
            decided_by_subject=decision.by.subject,
            decided_at=decision.at,
        )
    )


async def adopt(tx: AsyncConnection, proposal: AdoptionProposal, decision: AdoptionDecision) -> None:
    """New inventories are of the edition from now on. The database refuses it without two people's words."""
    await tx.execute(
        insert(factor_edition_adoption).values(
            edition_id=proposal.edition_id,
            reason=proposal.reason,
            adopted_by=decision.by.name,
            adopted_at=decision.at,
            proposal_id=proposal.id,
        )
    )


_PROPOSALS = select(
    adoption_proposal,
    adoption_decision.c.outcome,
    adoption_decision.c.reason.label("against"),
    adoption_decision.c.decided_by,
    adoption_decision.c.decided_by_subject,
    adoption_decision.c.decided_at,
).outerjoin(adoption_decision, adoption_decision.c.proposal_id == adoption_proposal.c.id)


def _proposal(row: Row[*tuple[Any, ...]]) -> AdoptionProposal:
    decision = None
    if row.decided_at is not None:
        decision = AdoptionDecision(
            outcome=AdoptionOutcome(row.outcome),
            by=Person(subject=row.decided_by_subject, name=row.decided_by),
            at=row.decided_at,
            reason=row.against,
        )
    return AdoptionProposal(
        id=row.id,
        location_id=row.location_id,
        edition_id=row.edition_id,
        reason=row.reason,
        by=Person(subject=row.proposed_by_subject, name=row.proposed_by),
        at=row.proposed_at,
        decision=decision,
    )


async def proposal_by_id(tx: AsyncConnection, proposal_id: str) -> AdoptionProposal | None:
    row = (await tx.execute(_PROPOSALS.where(adoption_proposal.c.id == proposal_id))).one_or_none()
    return None if row is None else _proposal(row)


async def known_proposal(tx: AsyncConnection, proposal_id: str) -> AdoptionProposal:
    """That proposal; it is there."""
    return _proposal((await tx.execute(_PROPOSALS.where(adoption_proposal.c.id == proposal_id))).one())


async def proposals_of(tx: AsyncConnection, edition_ids: Sequence[str]) -> Sequence[Sequence[AdoptionProposal]]:
    """What was proposed of each edition, oldest first."""
    rows = await tx.execute(
        _PROPOSALS.where(adoption_proposal.c.edition_id.in_(edition_ids)).order_by(adoption_proposal.c.id)
    )
    found: dict[str, list[AdoptionProposal]] = {edition_id: [] for edition_id in edition_ids}
    for row in rows:
        found[row.edition_id].append(_proposal(row))
    return [found[edition_id] for edition_id in edition_ids]
