"""What lines would be, and become, by another edition of factors (GHG Protocol Corporate Standard, chapter 5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from inventory.domain.activity_data import Category, Period
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import FactorMissing, RestatementRefused
from inventory.domain.quantification import Coefficient, resolve_coefficient
from quantities import GasNotInGwpSet, GwpSet, Refusal, Unit, UnitsNotConvertible

__all__ = ["CategoryComparison", "Comparison", "Question", "Requantified", "compare", "requantify", "require_complete"]

_EXACT_DIGITS = 80
_NAMED_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What lines of one kind ask the catalogue, and what their amounts sum to."""

    category: Category
    key: str
    unit: Unit
    location_id: str
    period: Period
    amount: Decimal
    sheet: str
    row: int
    """Of the first of these lines, in the file that it came in."""
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requantified:
    """A question with the coefficient that answers it now."""

    question: Question
    coefficient: Coefficient | None
    """None where the use is recorded and no emission counted."""
    refusal: Refusal | None
    """Why there is none, where one is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryComparison:
    """A category's CO2e as it is, and as it would be."""

    category: Category
    optional: bool
    kept_co2e_kg: Decimal | None
    """None where nothing was counted."""
    new_co2e_kg: Decimal | None
    """None where nothing would be counted, or a factor is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An inventory by its own edition of factors, and by another; nothing of it is stored."""

    kept_co2e_kg: Decimal | None
    new_co2e_kg: Decimal | None
    """Of the minimum boundary; None where a factor is missing."""
    categories: tuple[CategoryComparison, ...]
    missing: tuple[str, ...]
    """Why lines have no factor in the other edition."""


def requantify(
    questions: Iterable[Question], *, places: Mapping[str, Place], catalogue: Catalogue, gwp_set: GwpSet
) -> tuple[Requantified, ...]:
    """Each question with its answer by this catalogue."""
    found = []
    for question in questions:
        coefficient, refused = None, None
        try:
            coefficient = resolve_coefficient(
                category=question.category,
                key=question.key,
                unit=question.unit,
                place=places[question.location_id],
                period=question.period,
                catalogue=catalogue,
                gwp_set=gwp_set,
            )
        except (FactorMissing, UnitsNotConvertible, GasNotInGwpSet) as refusal:
            refused = refusal
        found.append(Requantified(question=question, coefficient=coefficient, refusal=refused))
    return tuple(found)


def require_complete(requantified: Iterable[Requantified], *, edition: str) -> None:
    """Refuses: RestatementRefused, naming the lines that the edition has no factor for."""
    missing = _missing(requantified)
    if missing:
        more = f", and {len(missing) - _NAMED_MAX} more" if len(missing) > _NAMED_MAX else ""
        named = "; ".join(missing[:_NAMED_MAX])
        raise RestatementRefused(
            subject=edition,
            found=f"{len(missing)} kinds of lines without a factor",
            expected="a factor for every line",
            message=f"The edition {edition} can't quantify: {named}{more}.",
        )


def compare(kept: Mapping[tuple[Category, bool], Decimal], requantified: Iterable[Requantified]) -> Comparison:
    """By category; `kept` are its totals as they are, by category and whether it is apart from the total."""
    every = tuple(requantified)
    new: dict[tuple[Category, bool], Decimal] = {}
    lacking = {item.question.category for item in every if item.refusal is not None}
    with localcontext(prec=_EXACT_DIGITS):
        for item in every:
            if item.coefficient is None:
                continue
            key = (item.question.category, item.coefficient.is_optional)
            new[key] = new.get(key, Decimal(0)) + item.question.amount * item.coefficient.co2e_kg_per_unit
        categories = tuple(
            CategoryComparison(
                category=category,
                optional=optional,
                kept_co2e_kg=kept.get((category, optional)),
                new_co2e_kg=None if category in lacking else new.get((category, optional)),
            )
            for category, optional in sorted({*kept, *new})
        )
        counted = [kg for (_, optional), kg in kept.items() if not optional]
        counted_new = [kg for (_, optional), kg in new.items() if not optional]
        return Comparison(
            kept_co2e_kg=sum(counted, start=Decimal(0)) if counted else None,
            new_co2e_kg=None if lacking or not counted_new else sum(counted_new, start=Decimal(0)),
            categories=categories,
            missing=tuple(_missing(every)),
        )


def _missing(requantified: Iterable[Requantified]) -> list[str]:
    return [
        f"sheet '{item.question.sheet}', row {item.question.row}"
        f"{f' and {item.question.lines - 1} more' if item.question.lines > 1 else ''}: {item.refusal.message}"
        for item in requantified
        if item.refusal is not None
    ]
