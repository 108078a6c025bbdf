"""An edition of factors becomes that of new inventories: one person proposes it, another approves."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from contracts.access import Capability
from inventory import access
from inventory.domain.edition_adoption import (
    AdoptionOutcome,
    AdoptionProposal,
    decide_adoption,
    propose_adoption,
    withdraw_adoption,
)
from inventory.store import edition_adoptions, factors

__all__ = ["decide_edition_adoption", "propose_edition_adoption", "withdraw_edition_adoption"]


async def propose_edition_adoption(
    tx: AsyncConnection, *, principal: Principal, now: datetime, root: str, edition_id: str, reason: str
) -> AdoptionProposal:
    """Put the adoption of an edition to a second person. Until then nothing changes.

    Refuses, in this order: as `permitted` at the root; FactorEditionUnknown; as
    `domain.edition_adoption.propose_adoption`.
    """
    await permitted(tx, principal, access.PROPOSE_EDITION_ADOPTION, location_id=root)
    await edition_adoptions.lock(tx)
    edition = await factors.edition(tx, edition_id)
    (earlier,) = await edition_adoptions.proposals_of(tx, [edition_id])
    proposal = propose_adoption(
        edition,
        earlier=earlier,
        proposal_id=new_id(),
        location_id=root,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await edition_adoptions.add_proposal(tx, proposal)
    return proposal


async def decide_edition_adoption(
    tx: AsyncConnection, *, principal: Principal, now: datetime, proposal_id: str, approve: bool, reason: str | None
) -> AdoptionProposal:
    """The second person's word. Approved, new inventories are of the edition; those that are there keep theirs.

    Refuses: NotFound; as `permitted`; as `domain.edition_adoption.decide_adoption`.
    """
    proposal = await _to_decide(tx, principal, access.DECIDE_EDITION_ADOPTION, proposal_id=proposal_id)
    edition = await factors.edition(tx, proposal.edition_id)
    decision = decide_adoption(proposal, edition, approved=approve, reason=reason, by=principal.person, at=now)
    await edition_adoptions.add_decision(tx, proposal, decision)
    if decision.outcome == AdoptionOutcome.APPROVED:
        await edition_adoptions.adopt(tx, proposal, decision)
    return await edition_adoptions.known_proposal(tx, proposal_id)


async def withdraw_edition_adoption(
    tx: AsyncConnection, *, principal: Principal, now: datetime, proposal_id: str, reason: str
) -> AdoptionProposal:
    """Taken back by who made it. Refuses: NotFound; as `permitted`; as `domain.edition_adoption.withdraw_adoption`."""
    proposal = await _to_decide(tx, principal, access.WITHDRAW_EDITION_ADOPTION, proposal_id=proposal_id)
    decision = withdraw_adoption(proposal, reason=reason, by=principal.person, at=now)
    await edition_adoptions.add_decision(tx, proposal, decision)
    return await edition_adoptions.known_proposal(tx, proposal_id)


async def _to_decide(
    tx: AsyncConnection, principal: Principal, capability: Capability, *, proposal_id: str
) -> AdoptionProposal:
    """As it is once nobody else decides on it. Refuses, in this order: NotFound; as `permitted`."""
    proposal = await edition_adoptions.proposal_by_id(tx, proposal_id)
    if proposal is None:
        raise NotFound(kind="adoption proposal", key=proposal_id)
    await permitted(tx, principal, capability, location_id=proposal.location_id)
    await edition_adoptions.lock(tx)
    return await edition_adoptions.known_proposal(tx, proposal_id)
