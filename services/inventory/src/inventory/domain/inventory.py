"""The inventory of one location and year: its life, its totals and its indicators."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

from inventory.domain.activity_data import ActivityData, Category
from inventory.domain.errors import (
    EntererMayNotApprove,
    InventoryIsFinal,
    InventoryYearOutOfRange,
    NewerVersionExists,
    NothingToSubmit,
    ReasonsMissing,
    SubmitterMayNotApprove,
    SubmitterMayNotReturn,
    WrongState,
)
from inventory.domain.quantification import Quantification
from quantities.person import Person

__all__ = [
    "YEARS",
    "Action",
    "Cause",
    "Correction",
    "Inventory",
    "Line",
    "State",
    "Step",
    "Totals",
    "require_year",
    "total",
]

YEARS = range(1990, 2101)
"""That inventories can be of."""

_EXACT_DIGITS = 80


def require_year(year: int, *, location_id: str) -> None:
    """Refuses: InventoryYearOutOfRange."""
    if year not in YEARS:
        raise InventoryYearOutOfRange(
            subject=f"{location_id} {year}",
            found=str(year),
            expected=f"a year from {YEARS[0]} to {YEARS[-1]}",
            message=f"There are inventories of the years {YEARS[0]} to {YEARS[-1]}, not of {year}.",
        )


class State(StrEnum):
    """Where an inventory stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    FINAL = "final"


class Action(StrEnum):
    """What somebody did to an inventory."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"


class Cause(StrEnum):
    """Why a final inventory is followed by another version (GHG Protocol Corporate Standard, chapter 5)."""

    ERROR = "error"
    """Something in it was wrong: data, sites, or what was chosen of the catalogue."""
    METHOD = "method"
    """Another edition of factors, another GWP set, or another rule of the method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a version is there for."""

    corrects_id: str
    """The version before it, which stays as it is."""
    cause: Cause
    reason: str
    opened_by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step in the life of an inventory."""

    action: Action
    by: Person
    at: datetime
    reasons: str | None
    """Why it was returned, or handed in with sources missing; None for all else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One version of the inventory of a location and year. A correction of a final one is a new version."""

    id: str
    location_id: str
    year: int
    version: int
    state: State
    steps: tuple[Step, ...]
    """All that happened to it, oldest first."""
    factor_edition: str
    """Edition of emission factors that its lines are quantified by."""
    correction: Correction | None = None
    """None for a first version."""

    @property
    def accepts_data(self) -> bool:
        """Records may be entered or replaced."""
        return self.state in (State.DRAFT, State.RETURNED)

    def require_accepts_data(self) -> None:
        """Refuses, in this order: InventoryIsFinal, WrongState."""
        self._require(State.DRAFT, State.RETURNED, to_do="change")

    def submit(self, *, by: Person, at: datetime, record_count: int, missing_because: str | None = None) -> "Inventory":
        """Hand it to the local steering group; `missing_because` says why expected sources are missing.

        Refuses, in this order: InventoryIsFinal, WrongState, NothingToSubmit.
        """
        self._require(State.DRAFT, State.RETURNED, to_do="submit")
        if record_count < 1:
            raise NothingToSubmit(
                subject=self._name,
                found="no activity data",
                expected="at least one record",
                message=f"The inventory of {self._name} holds no activity data to submit.",
            )
        return self._with(State.SUBMITTED, Step(action=Action.SUBMITTED, by=by, at=at, reasons=missing_because))

    def return_(self, *, by: Person, at: datetime, reasons: str) -> "Inventory":
        """Give it back to the technical team, saying why.

        Refuses, in this order: InventoryIsFinal, WrongState, SubmitterMayNotReturn, ReasonsMissing.
        """
        self._require(State.SUBMITTED, to_do="return")
        if self._was_submitted_by(by):
            raise SubmitterMayNotReturn(
                subject=self._name,
                found="return by a person who submitted it",
                expected="return by somebody else",
                message=f"Who submitted the inventory of {self._name} may not return it.",
            )
        if not reasons.strip():
            raise ReasonsMissing(
                subject=self._name,
                found="no reasons",
                expected="what has to be put right",
                message=f"The inventory of {self._name} is returned only with reasons.",
            )
        return self._with(State.RETURNED, Step(action=Action.RETURNED, by=by, at=at, reasons=reasons.strip()))

    def approve(self, *, by: Person, at: datetime, entered_by: Iterable[Person]) -> "Inventory":
        """Make it final; `entered_by` are all who entered data of this version.

        Refuses, in this order: InventoryIsFinal, WrongState, SubmitterMayNotApprove, EntererMayNotApprove.
        """
        self._require(State.SUBMITTED, to_do="approve")
        if self._was_submitted_by(by):
            raise SubmitterMayNotApprove(
                subject=self._name,
                found="approval by a person who submitted it",
                expected="approval by somebody else",
                message=f"Who submitted the inventory of {self._name} may not approve it.",
            )
        if any(by.is_same_as(person) for person in entered_by):
            raise EntererMayNotApprove(
                subject=self._name,
                found="approval by a person who entered data of it",
                expected="approval by somebody else",
                message=f"Who entered data of the inventory of {self._name} may not approve it.",
            )
        return self._with(State.FINAL, Step(action=Action.APPROVED, by=by, at=at, reasons=None))

    def correct(
        self,
        *,
        inventory_id: str,
        newest_version: int,
        cause: Cause,
        reason: str,
        by: Person,
        factor_edition: str | None = None,
    ) -> "Inventory":
        """The next version, as a draft with the same lines; of the same edition of factors unless another is given.

        Refuses, in this order: WrongState unless it is final; NewerVersionExists; ReasonsMissing.
        """
        if self.state != State.FINAL:
            raise WrongState(
                subject=self._name,
                found=self.state,
                expected=State.FINAL,
                message=f"The inventory of {self._name} is {self.state}: it can be changed itself.",
            )
        if newest_version != self.version:
            raise NewerVersionExists(
                subject=self._name,
                found=f"version {newest_version}",
                expected="the newest version",
                message=f"The inventory of {self._name} is followed by version {newest_version}; correct that one.",
            )
        if not reason.strip():
            raise ReasonsMissing(
                subject=self._name,
                found="no reason",
                expected="what was wrong, or what has changed",
                message=f"The inventory of {self._name} is corrected only with a reason.",
            )
        return Inventory(
            id=inventory_id,
            location_id=self.location_id,
            year=self.year,
            version=self.version + 1,
            state=State.DRAFT,
            steps=(),
            factor_edition=factor_edition or self.factor_edition,
            correction=Correction(corrects_id=self.id, cause=cause, reason=reason.strip(), opened_by=by),
        )

    @property
    def _name(self) -> str:
        return f"{self.location_id} {self.year}, version {self.version}"

    def _was_submitted_by(self, person: Person) -> bool:
        return any(step.action == Action.SUBMITTED and step.by.is_same_as(person) for step in self.steps)

    def _require(self, *states: State, to_do: str) -> None:
        if self.state in states:
            return
        refusal = InventoryIsFinal if self.state == State.FINAL else WrongState
        expected = " or ".join(states)
        raise refusal(
            subject=self._name,
            found=self.state,
            expected=expected,
            message=f"The inventory of {self._name} is {self.state}; only a {expected} one can be used to {to_do} it.",
        )

    def _with(self, state: State, step: Step) -> "Inventory":
        return replace(self, state=state, steps=(*self.steps, step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record and its emissions; None where its use is recorded and no emission counted."""

    activity: ActivityData
    quantification: Quantification | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over an inventory, unrounded."""

    co2e_kg: Decimal
    """Of the minimum boundary: scopes 1, 2, and business travel of scope 3."""
    co2e_kg_by_scope: Mapping[int, Decimal]
    co2e_kg_by_category: Mapping[Category, Decimal]
    kg_by_gas: Mapping[str, Decimal]
    """Mass of each gas within the total."""
    optional_co2e_kg: Decimal
    """Beside the total."""
    optional_co2e_kg_by_category: Mapping[Category, Decimal]
    biogenic_co2_kg: Decimal
    """Beside the total, never in it; CH4 and N2O of the same fuel are in it."""
    scope2_market_co2e_kg: Decimal | None = None
    """Scope 2 by the market-based method, beside the location-based figure that the total holds; None until it was
    worked out, or where there is no scope 2."""

    @property
    def market_based_co2e_kg(self) -> Decimal | None:
        """The total with scope 2 by the market-based method."""
        if self.scope2_market_co2e_kg is None:
            return None
        with localcontext(prec=_EXACT_DIGITS):
            return self.co2e_kg - self.co2e_kg_by_scope.get(2, Decimal(0)) + self.scope2_market_co2e_kg

    def with_market_based(self, electricity_co2e_kg: Decimal) -> "Totals":
        """With electricity by the market. Heat, steam and cooling have no instruments: they are what they are."""
        if 2 not in self.co2e_kg_by_scope:  # noqa: PLR2004 - the scope's name
            return self
        with localcontext(prec=_EXACT_DIGITS):
            market = electricity_co2e_kg + sum(
                kg
                for category, kg in self.co2e_kg_by_category.items()
                if category.scope == 2 and category != Category.GRID_ELECTRICITY  # noqa: PLR2004 - as above
            )
        return replace(self, scope2_market_co2e_kg=market)


def total(lines: Iterable[Line]) -> Totals:
    """Totals of the lines by scope, category and gas; optional and biogenic apart."""
    by_scope: dict[int, Decimal] = {}
    by_category: dict[Category, Decimal] = {}
    by_gas: dict[str, Decimal] = {}
    optional: dict[Category, Decimal] = {}
    biogenic = Decimal(0)
    with localcontext(prec=_EXACT_DIGITS):
        for line in lines:
            found, category = line.quantification, line.activity.category
            if found is None:
                continue
            biogenic += found.biogenic_co2_kg
            if found.coefficient.is_optional:
                optional[category] = optional.get(category, Decimal(0)) + found.co2e_kg
                continue
            by_scope[category.scope] = by_scope.get(category.scope, Decimal(0)) + found.co2e_kg
            by_category[category] = by_category.get(category, Decimal(0)) + found.co2e_kg
            for gas, kg in found.kg_by_gas.items():
                by_gas[gas] = by_gas.get(gas, Decimal(0)) + kg
        return Totals(
            co2e_kg=sum(by_scope.values(), start=Decimal(0)),
            co2e_kg_by_scope=MappingProxyType(by_scope),
            co2e_kg_by_category=MappingProxyType(by_category),
            kg_by_gas=MappingProxyType(by_gas),
            optional_co2e_kg=sum(optional.values(), start=Decimal(0)),
            optional_co2e_kg_by_category=MappingProxyType(optional),
            biogenic_co2_kg=biogenic,
        )
