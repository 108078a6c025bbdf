"""The base year of a location, and when it is recalculated (GHG Protocol Corporate Standard, chapter 5).

Recalculated for structural changes, changes of method and errors, where their cumulative effect is over the threshold
that the location has set; never for organic growth or decline. The standard leaves open how effects of unlike sign add
up: here each trigger counts by its size, so that two errors can't hide each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from enum import StrEnum

from inventory.domain.errors import (
    BaseYearDataMissing,
    NothingToRecalculate,
    ProposalAlreadyDecided,
    ProposalOutOfDate,
    ProposerMayNotDecide,
    ReasonsMissing,
    RecalculationRequired,
    ThresholdOutOfRange,
)
from quantities.person import Person

__all__ = [
    "BaseYear",
    "Decision",
    "Effect",
    "Proposal",
    "Simulation",
    "Trigger",
    "decide",
    "propose",
    "set_base_year",
    "simulate",
]

_EXACT_DIGITS = 80
_PERCENT_MAX = 100


class Trigger(StrEnum):
    """What a base year is recalculated for."""

    STRUCTURAL = "structural"
    """A location moved in or out, merged, or was handed over."""
    METHOD = "method"
    """Another edition of factors, another GWP set, or another rule."""
    ERROR = "error"
    """Something was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseYear:
    """What a location measures its changes from, in one version; earlier ones stay."""

    id: str
    location_id: str
    target_id: str | None
    """The target that it is for; None for the location's own."""
    number: int
    year: int
    inventory_id: str
    """The version of that year's inventory that it rests on."""
    co2e_kg_by_category: Mapping[str, Decimal]
    """Of the minimum boundary."""
    threshold_percent: Decimal
    """Cumulative effect over which it is recalculated."""
    reason: str
    set_by: Person
    set_at: datetime

    @property
    def co2e_kg(self) -> Decimal:
        return _total(self.co2e_kg_by_category)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one thing that happened would change of the base year."""

    trigger: Trigger
    cause_id: str
    """The inventory version, or the location that changed."""
    what: str
    co2e_kg_by_category: Mapping[str, Decimal]
    """More or less than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a base year would become."""

    base: BaseYear
    newest_inventory_id: str
    effects: tuple[Effect, ...]
    missing: tuple[str, ...]
    """Locations that came in, were there in the base year, and have no final inventory of it."""
    organic: tuple[str, ...]
    """Locations that came in and opened after the base year: growth, which changes nothing."""

    @property
    def co2e_kg_by_category(self) -> Mapping[str, Decimal]:
        """As it would be. A category of which nothing is left has no figure."""
        with localcontext(prec=_EXACT_DIGITS):
            found = dict(self.base.co2e_kg_by_category)
            for effect in self.effects:
                for category, kg in effect.co2e_kg_by_category.items():
                    found[category] = found[category] + kg if category in found else kg
        return {category: kg for category, kg in sorted(found.items()) if kg != 0}

    @property
    def co2e_kg(self) -> Decimal:
        return _total(self.co2e_kg_by_category)

    @property
    def co2e_kg_by_trigger(self) -> Mapping[Trigger, Decimal]:
        """Net effect of each."""
        return {
            trigger: _total_of(item.co2e_kg_by_category for item in self.effects if item.trigger == trigger)
            for trigger in Trigger
            if any(item.trigger == trigger for item in self.effects)
        }

    @property
    def share_percent(self) -> Decimal | None:
        """Cumulative effect in percent of the base year; None for a base year of nothing."""
        if self.base.co2e_kg == 0:
            return None
        with localcontext(prec=_EXACT_DIGITS):
            size = sum((abs(kg) for kg in self.co2e_kg_by_trigger.values()), start=Decimal(0))
            return (size / self.base.co2e_kg * 100).quantize(Decimal("0.000001"))

    @property
    def is_over_threshold(self) -> bool:
        share = self.share_percent
        return bool(self.effects) if share is None else share > self.base.threshold_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the second person said."""

    approved: bool
    by: Person
    at: datetime
    reason: str | None
    """Why not; None where it was approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """To recalculate, or not to; with what was known then."""

    id: str
    location_id: str
    base_year_id: str
    recalculate: bool
    share_percent: Decimal | None
    co2e_kg_by_category: Mapping[str, Decimal]
    """As the simulation had it."""
    reason: str
    by: Person
    at: datetime
    decision: Decision | None


def simulate(
    base: BaseYear,
    *,
    newest_inventory_id: str,
    effects: Sequence[Effect],
    missing: Iterable[str] = (),
    organic: Iterable[str] = (),
) -> Simulation:
    """What the effects would make of it. Those that change nothing are left out."""
    return Simulation(
        base=base,
        newest_inventory_id=newest_inventory_id,
        effects=tuple(item for item in effects if any(kg != 0 for kg in item.co2e_kg_by_category.values())),
        missing=tuple(sorted(missing)),
        organic=tuple(sorted(organic)),
    )


def set_base_year(
    *,
    base_year_id: str,
    earlier: BaseYear | None,
    location_id: str,
    target_id: str | None,
    year: int,
    inventory_id: str,
    co2e_kg_by_category: Mapping[str, Decimal],
    threshold_percent: Decimal,
    reason: str,
    by: Person,
    at: datetime,
) -> BaseYear:
    """A base year by choice: the first one, or another year than before.

    Refuses, in this order: ThresholdOutOfRange; ReasonsMissing.
    """
    if not 0 < threshold_percent <= _PERCENT_MAX:
        raise ThresholdOutOfRange(
            subject=location_id,
            found=f"{threshold_percent} percent",
            expected=f"more than 0, up to {_PERCENT_MAX} percent",
            message=f"A threshold of {threshold_percent} percent can't be one.",
        )
    return BaseYear(
        id=base_year_id,
        location_id=location_id,
        target_id=target_id,
        number=1 if earlier is None else earlier.number + 1,
        year=year,
        inventory_id=inventory_id,
        co2e_kg_by_category=co2e_kg_by_category,
        threshold_percent=threshold_percent,
        reason=_reason(location_id, reason),
        set_by=by,
        set_at=at,
    )


def propose(
    found: Simulation, *, proposal_id: str, recalculate: bool, reason: str, by: Person, at: datetime
) -> Proposal:
    """Put a recalculation, or the decision against it, to a second person.

    Refuses, in this order: NothingToRecalculate; BaseYearDataMissing for a recalculation; RecalculationRequired against
    one that is over the threshold; ReasonsMissing.
    """
    name = found.base.location_id
    if not found.effects and not found.missing:
        raise NothingToRecalculate(
            subject=name,
            found="no structural change, change of method or error since",
            expected="at least one",
            message=f"Nothing has happened for which the base year of {name} would be recalculated.",
        )
    if recalculate and found.missing:
        raise BaseYearDataMissing(
            subject=name,
            found=f"no final inventory of {found.base.year}: {', '.join(found.missing)}",
            expected="one of each location that came in",
            message=f"The base year of {name} can't be recalculated without what came in.",
        )
    if not recalculate and found.is_over_threshold:
        raise RecalculationRequired(
            subject=name,
            found=f"{found.share_percent} percent",
            expected=f"up to {found.base.threshold_percent} percent",
            message=f"The effect is over the threshold: the base year of {name} is recalculated.",
        )
    return Proposal(
        id=proposal_id,
        location_id=name,
        base_year_id=found.base.id,
        recalculate=recalculate,
        share_percent=found.share_percent,
        co2e_kg_by_category=found.co2e_kg_by_category,
        reason=_reason(name, reason),
        by=by,
        at=at,
        decision=None,
    )


def decide(
    proposal: Proposal,
    found: Simulation,
    *,
    base_year_id: str,
    approved: bool,
    reason: str | None,
    by: Person,
    at: datetime,
) -> tuple[Decision, BaseYear | None]:
    """The second person's word, and the base year's next version where it is recalculated.

    Refuses, in this order: ProposalAlreadyDecided; ProposerMayNotDecide; ReasonsMissing for a no; ProposalOutOfDate
    where the base year would become something else by now.
    """
    name = proposal.location_id
    if proposal.decision is not None:
        raise ProposalAlreadyDecided(
            subject=name,
            found="a decision",
            expected="none yet",
            message=f"This proposal for the base year of {name} is decided.",
        )
    if proposal.by.is_same_as(by):
        raise ProposerMayNotDecide(
            subject=name,
            found="a decision by the person who proposed it",
            expected="one by somebody else",
            message=f"Who proposed it may not decide on the base year of {name}.",
        )
    if not approved:
        return Decision(approved=False, by=by, at=at, reason=_reason(name, "" if reason is None else reason)), None
    if proposal.base_year_id != found.base.id or proposal.co2e_kg_by_category != found.co2e_kg_by_category:
        raise ProposalOutOfDate(
            subject=name,
            found="something happened since it was proposed",
            expected="the simulation that was proposed",
            message=f"The base year of {name} would become something else by now; propose again.",
        )
    decision = Decision(approved=True, by=by, at=at, reason=None)
    if not proposal.recalculate:
        return decision, None
    base = found.base
    return decision, BaseYear(
        id=base_year_id,
        location_id=base.location_id,
        target_id=base.target_id,
        number=base.number + 1,
        year=base.year,
        inventory_id=found.newest_inventory_id,
        co2e_kg_by_category=found.co2e_kg_by_category,
        threshold_percent=base.threshold_percent,
        reason=proposal.reason,
        set_by=by,
        set_at=at,
    )


def _total(by_category: Mapping[str, Decimal]) -> Decimal:
    return _total_of([by_category])


def _total_of(parts: Iterable[Mapping[str, Decimal]]) -> Decimal:
    with localcontext(prec=_EXACT_DIGITS):
        return sum((kg for part in parts for kg in part.values()), start=Decimal(0))


def _reason(name: str, reason: str) -> str:
    if not reason.strip():
        raise ReasonsMissing(
            subject=name,
            found="no reason",
            expected="what happened, and why this follows",
            message=f"A decision on the base year of {name} says why.",
        )
    return reason.strip()
