"""What one person proposes and another decides, for the seed: roles, and the adoption of editions of factors."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from chassis.database import Database
from contracts.access import Role
from inventory import catalogue
from inventory.usecases.factors import propose_factor_edition
from tools.canary.people import ROOT
from tools.canary.world import ADMINISTRATOR

if TYPE_CHECKING:
    from tools.canary.seed import Seed

__all__ = ["two_persons"]

ADOPTED, PROPOSED = "canary-2026", "canary-2027"
"""Editions of the releases that the shipped one has: no figure becomes another by them."""


async def two_persons(seed: "Seed") -> None:
    """Another confirms or approves one, refuses one, and one is taken back. Refuses: SeedFailed."""
    await _roles(seed)
    await _adoptions(seed)


async def _roles(seed: "Seed") -> None:
    proposer, other = "canary-function-platform-administrator", "canary-over-all-platform-administrator"
    until = f"{date.today() + timedelta(days=30)}T00:00:00+00:00"  # noqa: DTZ011 - a day
    proposed = []
    for person in seed.world.staff[ROOT].spare[:3]:
        added = await seed.do(
            "addMember", proposer, locationId=ROOT, userName=person, role="APPROVER", justification=seed.text(ROOT),
            validUntil=until,
        )  # fmt: skip
        proposed.append(str(added["id"]))
    await seed.do("confirmMember", other, membershipId=proposed[0])
    await seed.do("refuseMember", other, membershipId=proposed[1], reason=seed.text(ROOT))
    await seed.do("withdrawProposal", proposer, membershipId=proposed[2], reason=seed.text(ROOT))


async def _adoptions(seed: "Seed") -> None:
    """One edition is adopted in the end; the adoption of another stays open."""
    owner = Database.connect(seed.world.platform.owner_url("inventory"), pool_size=1)
    async with owner.transaction([]) as tx:
        for edition in (ADOPTED, PROPOSED):
            await propose_factor_edition(
                tx, now=datetime.now(UTC), by="canary", name=edition, description="for the canary",
                releases=catalogue.editions()[catalogue.EDITION].releases,
            )  # fmt: skip
    await owner.close()
    other = seed.by(ROOT, Role.CENTRAL_COORDINATOR)

    async def proposed(edition: str, by: str) -> str:
        made = await seed.do("proposeEditionAdoption", by, editionId=edition, reason=seed.text(ROOT))
        return str(made["id"])

    withdrawn = await proposed(ADOPTED, ADMINISTRATOR)
    await seed.do("withdrawEditionAdoption", ADMINISTRATOR, proposalId=withdrawn, reason=seed.text(ROOT))
    refused = await proposed(ADOPTED, other)
    await seed.do("decideEditionAdoption", ADMINISTRATOR, proposalId=refused, approve=False, reason=seed.text(ROOT))
    await seed.do("decideEditionAdoption", other, proposalId=await proposed(ADOPTED, ADMINISTRATOR), approve=True)
    await proposed(PROPOSED, ADMINISTRATOR)
