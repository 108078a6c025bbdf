"""GraphQL types of the adoption of an edition of factors."""

from datetime import datetime
from typing import Self

import strawberry

from inventory.domain import edition_adoption
from inventory.domain.edition_adoption import AdoptionOutcome

__all__ = ["AdoptionProposal"]

strawberry.enum(
    AdoptionOutcome,
    name="AdoptionOutcome",
    description="A proposal is approved or refused by another person, or withdrawn by who made it.",
)


@strawberry.type(description="That new inventories be of an edition of factors: put to a second person.")
class AdoptionProposal:
    id: strawberry.ID
    edition_id: strawberry.ID
    reason: str
    proposed_by: str
    proposed_at: datetime
    outcome: AdoptionOutcome | None = strawberry.field(description="Null while it is open.")
    decided_by: str | None = strawberry.field(description="Who approved, refused or withdrew it.")
    decided_at: datetime | None
    decision_reason: str | None = strawberry.field(description="Why not; null where it was approved.")

    @classmethod
    def of(cls, found: edition_adoption.AdoptionProposal) -> Self:
        decision = found.decision
        return cls(
            id=strawberry.ID(found.id),
            edition_id=strawberry.ID(found.edition_id),
            reason=found.reason,
            proposed_by=found.by.name,
            proposed_at=found.at,
            outcome=None if decision is None else decision.outcome,
            decided_by=None if decision is None else decision.by.name,
            decided_at=None if decision is None else decision.at,
            decision_reason=None if decision is None else decision.reason,
        )
