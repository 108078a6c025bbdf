"""Purchases: a request for credits, and the steps that other people take on it.

requested → approved → delivered, or requested → refused. A step is added and never taken back; who takes it is held
against who took the earlier ones.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from offsets.domain.checks import TEXT_MAX, require_tonnes, require_year
from offsets.domain.errors import ApproverMayNotDeliver, RequesterMayNotApprove, RequesterMayNotDeliver, WrongState
from quantities.person import Person
from quantities.text import require_text

__all__ = ["Action", "Purchase", "PurchaseStep", "State", "request_purchase"]


class State(StrEnum):
    """Where a purchase stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    DELIVERED = "delivered"


class Action(StrEnum):
    """What somebody did to a purchase after it was requested."""

    APPROVED = "approved"
    REFUSED = "refused"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseStep:
    """One step of a purchase."""

    action: Action
    by: Person
    at: datetime
    reason: str | None
    """Why it was refused; None for all else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A request for credits for a location and a year, with what became of it."""

    id: str
    location_id: str
    year: int
    tonnes: int
    """tCO2e"""
    justification: str
    requested_by: Person
    requested_at: datetime
    steps: tuple[PurchaseStep, ...]
    """All that happened after the request, oldest first."""

    @property
    def state(self) -> State:
        return State(self.steps[-1].action) if self.steps else State.REQUESTED

    def approve(self, *, by: Person, at: datetime) -> "Purchase":
        """Let it go ahead. Refuses, in this order: WrongState, RequesterMayNotApprove."""
        self._require_decidable(by=by, to_do="approved")
        return self._with(PurchaseStep(action=Action.APPROVED, by=by, at=at, reason=None))

    def refuse(self, *, by: Person, at: datetime, reason: str) -> "Purchase":
        """End it, saying why. Refuses, in this order: WrongState, RequesterMayNotApprove, TextMissing, TextTooLong."""
        self._require_decidable(by=by, to_do="refused")
        kept = require_text(reason, subject="reason", longest=TEXT_MAX)
        return self._with(PurchaseStep(action=Action.REFUSED, by=by, at=at, reason=kept))

    def deliver(self, *, by: Person, at: datetime) -> "Purchase":
        """Note that the credits came. `credit.deliver` checks them.

        Refuses, in this order: WrongState, RequesterMayNotDeliver, ApproverMayNotDeliver.
        """
        self._require_state(State.APPROVED, to_do="delivered")
        if by.is_same_as(self.requested_by):
            raise RequesterMayNotDeliver(
                subject=f"purchase {self.id}",
                found="delivery recorded by the person who requested it",
                expected="delivery recorded by somebody else",
                message="Who requested a purchase may not record its delivery.",
            )
        if any(by.is_same_as(step.by) for step in self.steps):
            raise ApproverMayNotDeliver(
                subject=f"purchase {self.id}",
                found="delivery recorded by the person who approved it",
                expected="delivery recorded by somebody else",
                message="Who approved a purchase may not record its delivery.",
            )
        return self._with(PurchaseStep(action=Action.DELIVERED, by=by, at=at, reason=None))

    def _require_decidable(self, *, by: Person, to_do: str) -> None:
        self._require_state(State.REQUESTED, to_do=to_do)
        if by.is_same_as(self.requested_by):
            raise RequesterMayNotApprove(
                subject=f"purchase {self.id}",
                found="a decision by the person who requested it",
                expected="a decision by somebody else",
                message="Who requested a purchase may neither approve nor refuse it.",
            )

    def _require_state(self, state: State, *, to_do: str) -> None:
        if self.state != state:
            raise WrongState(
                subject=f"purchase {self.id}",
                found=self.state,
                expected=state,
                message=f"The purchase is {self.state}; only a purchase that is {state} can be {to_do}.",
            )

    def _with(self, step: PurchaseStep) -> "Purchase":
        return replace(self, steps=(*self.steps, step))


def request_purchase(
    *, purchase_id: str, location_id: str, year: int, tonnes: int, justification: str, by: Person, at: datetime
) -> Purchase:
    """A valid request, in whole tonnes CO2e. It may come before the inventory is final, and for less than the need.

    Refuses, in this order: YearOutOfRange, TonnesNotPositive, TextMissing, TextTooLong.
    """
    require_year(year)
    require_tonnes(tonnes)
    return Purchase(
        id=purchase_id,
        location_id=location_id,
        year=year,
        tonnes=tonnes,
        justification=require_text(justification, subject="justification", longest=TEXT_MAX),
        requested_by=by,
        requested_at=at,
        steps=(),
    )
