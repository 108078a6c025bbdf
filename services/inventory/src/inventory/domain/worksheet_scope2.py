"""Both figures of scope 2 of lines without a register: by the grids' averages, and by what was bought."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from functools import partial

from inventory.domain.activity_data import Category
from inventory.domain.cells import YEARS, day_in, number_in
from inventory.domain.errors import InstrumentMalformed
from inventory.domain.instrument import Instrument, InstrumentKind, instrument_to_record
from inventory.domain.rows import Cell, is_blank, shown
from inventory.domain.scope2 import Excess, Load, Part, market_based, residual_mix_of
from inventory.domain.worksheet import Line, Rules
from quantities import Unit
from quantities.person import Person

__all__ = ["BothFigures", "both_figures", "own_instrument"]

_EXACT_DIGITS = 80
_SCOPE_2 = 2
_FIELDS = frozenset(
    {"reference", "kind", "source", "market", "year", "amount", "unit", "co2e_kg_per_kwh", "redeemed_on", "evidence"}
)
_NOBODY = Person(subject=None, name="given with the lines")


@dataclass(frozen=True, slots=True, kw_only=True)
class BothFigures:
    """Scope 2 of all lines, both ways."""

    location_based_kg: Decimal
    market_based_kg: Decimal
    """Heat, steam and cooling have no instruments: they are in it as they are by the place."""
    parts: tuple[Part, ...]
    excess: tuple[Excess, ...]


def own_instrument(fields: Mapping[str, Cell], *, number: int, markets: Iterable[str]) -> Instrument:
    """An instrument that was brought along, by the criteria of those that are recorded.

    It is an energy attribute certificate unless it says another kind. `markets` are countries and grids of the lines.

    Refuses, in this order: InstrumentMalformed; as `instrument_to_record`.
    """
    strange = fields.keys() - _FIELDS
    year, amount = number_in(fields.get("year")), number_in(fields.get("amount"))
    rate = number_in(fields.get("co2e_kg_per_kwh"))
    redeemed = None if is_blank([fields.get("redeemed_on")]) else day_in(fields["redeemed_on"])
    kind = shown(fields.get("kind")) or InstrumentKind.ENERGY_ATTRIBUTE_CERTIFICATE
    found = {
        "no field of an instrument": ", ".join(sorted(strange)),
        "year": "" if year is not None and year in YEARS else "no year",
        "amount": "" if amount is not None else "no number",
        "co2e_kg_per_kwh": "" if rate is not None else "no number",
        "redeemed_on": "" if redeemed is not None or is_blank([fields.get("redeemed_on")]) else "no day",
        "kind": "" if kind in set(InstrumentKind) else f"'{kind}'",
    }
    wrong = "; ".join(f"{field}: {what}" for field, what in found.items() if what)
    if wrong or year is None or amount is None or rate is None:
        raise InstrumentMalformed(
            subject=f"instrument {number}",
            found=wrong,
            expected=f"the fields {', '.join(sorted(_FIELDS))}",
            message=f"The instrument {number} can't be read: {wrong}.",
        )
    year_end = date(int(year), 12, 31)
    return instrument_to_record(
        instrument_id=f"instrument {number:04}",
        location_id="the worksheet",
        markets=frozenset(markets),
        year=int(year),
        kind=InstrumentKind(kind),
        market=shown(fields.get("market")),
        source=shown(fields.get("source")),
        amount=amount,
        unit=shown(fields.get("unit")),
        co2e_kg_per_kwh=rate,
        reference=shown(fields.get("reference")) or f"instrument {number}",
        redeemed_on=year_end if redeemed is None else redeemed,
        evidence=shown(fields.get("evidence")) or _NOBODY.name,
        by=_NOBODY,
        # A worksheet is of no day: whatever was redeemed in time by then is.
        at=datetime(int(year) + 1, 12, 31, tzinfo=UTC),
    )


def both_figures(lines: Sequence[Line], *, instruments: Sequence[Instrument], rules: Rules) -> BothFigures | None:
    """None where there is nothing of scope 2. A line of no year has no instrument, as these are of one."""
    scope_2 = [line for line in lines if line.category.scope == _SCOPE_2 and line.quantification is not None]
    if not scope_2:
        return None
    parts: list[Part] = []
    excess: list[Excess] = []
    by_year: dict[int | None, list[Load]] = {}
    others = []
    for line in scope_2:
        if line.category == Category.GRID_ELECTRICITY:
            by_year.setdefault(None if line.period is None else line.period.start.year, []).append(_load(line))
        else:
            others.append(_co2e_kg(line))
    years = {*by_year, *(item.year for item in instruments)}
    for year in sorted(years, key=lambda year: (year is not None, year)):
        found = market_based(
            [load for load in by_year.get(year, []) if load.kwh],
            instruments=instruments,
            year=year,
            residual_mix=partial(residual_mix_of, year=year, catalogue=rules.catalogue, gwp_set=rules.gwp_set),
        )
        parts += found.parts
        excess += found.excess
    with localcontext(prec=_EXACT_DIGITS):
        return BothFigures(
            location_based_kg=sum((_co2e_kg(line) for line in scope_2), start=Decimal(0)),
            market_based_kg=sum((*(part.co2e_kg for part in parts), *others), start=Decimal(0)),
            parts=tuple(parts),
            excess=tuple(excess),
        )


def _load(line: Line) -> Load:
    return Load(
        # One of its own for each line, so that a part says which line it is of.
        location_id=f"line {line.source.row:09}",
        place=line.place,
        kwh=line.reading.amount.to(Unit.KILOWATT_HOUR).value,
        co2e_kg=_co2e_kg(line),
        explanation="" if line.quantification is None else line.quantification.coefficient.explanation,
    )


def _co2e_kg(line: Line) -> Decimal:
    return Decimal(0) if line.quantification is None else line.quantification.co2e_kg
