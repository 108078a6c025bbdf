"""The base year of a location: set by choice, recalculated by policy, each time with a second person."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access
from inventory.domain import base_year
from inventory.domain.base_year import BaseYear, Proposal, Simulation
from inventory.domain.errors import BaseYearMissing, FinalInventoryMissing
from inventory.store import base_years

__all__ = ["decide_recalculation", "propose_recalculation", "set_base_year", "simulate_recalculation"]


async def set_base_year(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    target_id: str | None,
    year: int,
    threshold_percent: Decimal,
    reason: str,
) -> BaseYear:
    """Choose the base year, or another one; earlier versions stay.

    Refuses, in this order: as `permitted`; FinalInventoryMissing; as `domain.base_year.set_base_year`.
    """
    await permitted(tx, principal, access.SET_BASE_YEAR, location_id=location_id)
    await base_years.lock(tx, location_id)
    inventory_id = await base_years.newest_final(tx, location_id=location_id, year=year)
    if inventory_id is None:
        raise FinalInventoryMissing(
            subject=f"{location_id} {year}",
            found="no final inventory",
            expected="one that was approved",
            message=f"{location_id} has no final inventory of {year} to rest a base year on.",
        )
    new = base_year.set_base_year(
        base_year_id=new_id(),
        earlier=await base_years.newest(tx, location_id=location_id, target_id=target_id),
        location_id=location_id,
        target_id=target_id,
        year=year,
        inventory_id=inventory_id,
        co2e_kg_by_category=await base_years.co2e_kg_by_category(tx, inventory_id),
        threshold_percent=threshold_percent,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await base_years.add(tx, new)
    return new


async def simulate_recalculation(tx: AsyncConnection, *, location_id: str, target_id: str | None) -> Simulation | None:
    """What the base year would become by all that has happened since; None where there is none that the caller sees."""
    # open: reads what row security shows, for who asks and for the use cases below
    base = await base_years.newest(tx, location_id=location_id, target_id=target_id)
    if base is None:
        return None
    structural, missing, organic = await base_years.structural_effects(tx, base)
    newest = await base_years.newest_final(tx, location_id=location_id, year=base.year)
    return base_year.simulate(
        base,
        newest_inventory_id=newest or base.inventory_id,
        effects=[*await base_years.version_effects(tx, base), *structural],
        missing=missing,
        organic=organic,
    )


async def propose_recalculation(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    target_id: str | None,
    recalculate: bool,
    reason: str,
) -> Proposal:
    """Put a recalculation, or the decision against it, to a second person.

    Refuses, in this order: as `permitted`; BaseYearMissing; as `domain.base_year.propose`.
    """
    await permitted(tx, principal, access.PROPOSE_RECALCULATION, location_id=location_id)
    await base_years.lock(tx, location_id)
    found = await simulate_recalculation(tx, location_id=location_id, target_id=target_id)
    if found is None:
        raise BaseYearMissing(
            subject=location_id,
            found="no base year",
            expected="one that was set",
            message=f"{location_id} has no base year for this.",
        )
    proposal = base_year.propose(
        found, proposal_id=new_id(), recalculate=recalculate, reason=reason, by=principal.person, at=now
    )
    await base_years.add_proposal(tx, proposal)
    return proposal


async def decide_recalculation(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    proposal_id: str,
    approve: bool,
    reason: str | None,
) -> Proposal:
    """The second person's word; the base year's next version follows, where it is recalculated.

    Refuses: NotFound; as `permitted`; as `domain.base_year.decide`.
    """
    proposal = await base_years.proposal_by_id(tx, proposal_id)
    if proposal is None:
        raise NotFound(kind="base year proposal", key=proposal_id)
    await permitted(tx, principal, access.DECIDE_RECALCULATION, location_id=proposal.location_id)
    await base_years.lock(tx, proposal.location_id)
    proposal = await base_years.known_proposal(tx, proposal_id)
    proposed_on = await base_years.by_id(tx, proposal.base_year_id)
    found = await simulate_recalculation(tx, location_id=proposal.location_id, target_id=proposed_on.target_id)
    if found is None:
        raise NotFound(kind="base year", key=proposal.base_year_id)
    decision, after = base_year.decide(
        proposal, found, base_year_id=new_id(), approved=approve, reason=reason, by=principal.person, at=now
    )
    await base_years.add_decision(tx, proposal, decision)
    if after is not None:
        await base_years.add(tx, after)
    return await base_years.known_proposal(tx, proposal_id)
