"""Adoptions of editions of factors, with good values unless a test gives others."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chassis.database import Database
from inventory import access, usecases
from inventory.usecases.factors import propose_factor_edition

if TYPE_CHECKING:
    from inventory.domain.edition_adoption import AdoptionProposal
    from services.inventory.tests.conftest import Inventories

__all__ = ["add_edition", "decide", "propose", "withdraw"]


async def add_edition(inventories: "Inventories", *names: str, by: str = "operator") -> None:
    """As the owner of the database, who alone adds to the catalogue."""
    owner = Database.connect(inventories.urls.owner, pool_size=1)
    async with owner.transaction([]) as tx:
        for name in names:
            await propose_factor_edition(
                tx, now=datetime.now(UTC), by=by, name=name, description="for a test", releases=("un-sun-2023",)
            )
    await owner.close()


async def propose(inventories: "Inventories", *, by: str = "coordinator", **given: Any) -> "AdoptionProposal":
    good = {"root": "secretariat", "edition_id": "un-2026", "reason": "a new year"}
    async with inventories._transaction(inventories.person(by), access.PROPOSE_EDITION_ADOPTION) as (tx, who, now):
        return await usecases.propose_edition_adoption(tx, principal=who, now=now, **good | given)


async def decide(
    inventories: "Inventories", proposal_id: str, *, by: str = "other-coordinator", **given: Any
) -> "AdoptionProposal":
    good = {"approve": True, "reason": None}
    async with inventories._transaction(inventories.person(by), access.DECIDE_EDITION_ADOPTION) as (tx, who, now):
        return await usecases.decide_edition_adoption(
            tx, principal=who, now=now, proposal_id=proposal_id, **good | given
        )


async def withdraw(inventories: "Inventories", proposal_id: str, *, by: str = "coordinator") -> "AdoptionProposal":
    async with inventories._transaction(inventories.person(by), access.WITHDRAW_EDITION_ADOPTION) as (tx, who, now):
        return await usecases.withdraw_edition_adoption(
            tx, principal=who, now=now, proposal_id=proposal_id, reason="a slip"
        )
