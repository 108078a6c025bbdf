"""Emission factors, GWP sets and blends that somebody brings along, instead of those that ship.

As published: each gas with the unit of mass that the publisher states it in, so that nobody converts by hand.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from hashlib import sha256
from types import MappingProxyType

from inventory.domain.activity_data import ALWAYS, Category, Period
from inventory.domain.cells import YEARS, number_in
from inventory.domain.emission_factor import ANYWHERE, EmissionFactor
from inventory.domain.errors import BlendMalformed, GwpSetMalformed
from inventory.domain.rows import Cell, is_blank, shown
from quantities import Blend, GwpSet, GwpSetUnknown, PublishedGwp, Quantity, Refusal, Unit, parse_unit

__all__ = [
    "OWN",
    "FieldProblem",
    "fields_of",
    "own_blends",
    "own_factor",
    "own_gwp_set",
]

OWN = "own"
"""Release of factors that somebody brought along, unless they name it."""

_TEXTS = ("id", "release", "publisher", "document", "table", "licence")
_PER, _CO2E, _BIOGENIC, _GWP_SET, _YEAR = "per", "co2e", "biogenic_co2", "gwp_set", "year"
_UNCERTAINTY = "uncertainty_percent"
_NO_GASES = frozenset({*_TEXTS, _PER, _CO2E, _BIOGENIC, _GWP_SET, _YEAR, _UNCERTAINTY})
_MASS = re.compile(r"\s*([-+.\d ]*\d\.?(?:[eE][-+]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_EXACT_DIGITS = 28
_WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one field of what was brought along."""

    field: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mass:
    kg: Decimal
    is_co2e: bool


def own_factor(
    fields: Mapping[str, Cell],
    *,
    category: Category,
    key: str,
    gwp_set: GwpSet,
    place: str = ANYWHERE,
    valid: Period = ALWAYS,
) -> EmissionFactor | tuple[FieldProblem, ...]:
    """The factor in these fields, or every problem of them.

    `per` is the unit of the activity; `co2e` and `biogenic_co2` are masses, and so is any other field that is no text
    about the source: it is named by its gas. A mass is a number with its unit, such as `0.41 g`; kg where none is
    written. A gas given in kgCO2e is divided by the GWP set that the factor names, as its publisher multiplied. One
    without an `id` gets one from what it says, so that the same factor on two lines is one factor.
    """
    found = _Fields({field: cell for field, cell in fields.items() if not is_blank([cell])})
    unit = found.unit()
    behind = found.gwp_set(gwp_set)
    co2e = found.mass(_CO2E)
    biogenic = found.mass(_BIOGENIC, is_gas=True)
    kg_by_gas = found.gases(behind, run=gwp_set)
    year = found.number(_YEAR)
    percent = found.number(_UNCERTAINTY)
    if unit is not None and not kg_by_gas and co2e is None and not found.problems:
        found.report(_CO2E, "the factor has neither gases nor CO2e", "such as co2: 10.21 kg")
    if kg_by_gas and co2e is not None and behind is None and not found.problems:
        found.report(
            _CO2E, "CO2e is given beside its gases, by no GWP set", f"name its set in {_GWP_SET}, or leave it out"
        )
    if found.problems or unit is None:
        return tuple(found.problems)
    texts = {field: found.text(field) for field in _TEXTS}
    return EmissionFactor(
        id=texts["id"] or found.identity(category, key, place),
        release=texts["release"] or OWN,
        category=category,
        key=key,
        place=place,
        valid_from=valid.start,
        valid_to=valid.end,
        unit=unit,
        kg_by_gas=MappingProxyType(kg_by_gas),
        co2e_kg=None if co2e is None else co2e.kg,
        gwp_set=None if behind is None else behind.name,
        biogenic_co2_kg=Decimal(0) if biogenic is None else biogenic.kg,
        uncertainty_percent=percent,
        published_as=found.as_given(),
        publisher=texts["publisher"] or "given with the lines",
        document=texts["document"],
        table=texts["table"],
        year=None if year is None else int(year),
        licence=texts["licence"],
        status=OWN,
    )


class _Fields:
    """Reads the fields of a factor, and keeps what is wrong with them."""

    def __init__(self, fields: Mapping[str, Cell]) -> None:
        self._fields = fields
        self.problems: list[FieldProblem] = []

    def report(self, field: str, reason: str, hint: str) -> None:
        self.problems.append(FieldProblem(field=field, reason=reason, hint=hint))

    def text(self, field: str) -> str:
        return shown(self._fields.get(field)).strip()

    def unit(self) -> Unit | None:
        text = self.text(_PER)
        if not text:
            self.report(
                _PER, "the factor does not say per what it is", "the unit of the activity, such as litre or kWh"
            )
            return None
        try:
            return parse_unit(text)
        except Refusal as refusal:
            self.report(_PER, refusal.message, f"one of {refusal.expected}")
            return None

    def gwp_set(self, run: GwpSet) -> GwpSet | None:
        """The set behind the publisher's own CO2e."""
        name = self.text(_GWP_SET)
        if not name:
            return None
        try:
            return run if name == run.name else GwpSet.named(name)
        except GwpSetUnknown as refusal:
            self.report(_GWP_SET, refusal.message, f"one of {refusal.expected}")
            return None

    def number(self, field: str) -> Decimal | None:
        if field not in self._fields:
            return None
        number = number_in(self._fields[field])
        is_year = field == _YEAR
        if number is None or number < 0 or (is_year and (number != int(number) or int(number) not in YEARS)):
            self.report(field, f"'{self.text(field)}' is not a {'year' if is_year else 'percentage'}", "digits")
            return None
        return number

    def mass(self, field: str, *, is_gas: bool = False) -> _Mass | None:
        """Kilograms; of CO2e where it says so, or where the field is CO2e itself."""
        if field not in self._fields:
            return None
        found = _mass(self._fields[field])
        if found is None:
            self.report(
                field,
                f"'{self.text(field)}' is not a mass",
                "a number of 0 or more with its unit, such as 10.21 kg, 0.41 g or 974.656 pound",
            )
        elif is_gas and found.is_co2e:
            self.report(field, f"'{self.text(field)}' is CO2e", "the mass of the gas itself")
            return None
        return found

    def gases(self, behind: GwpSet | None, *, run: GwpSet) -> dict[str, Decimal]:
        kg_by_gas: dict[str, Decimal] = {}
        for field in self._fields:
            if field in _NO_GASES:
                continue
            mass = self.mass(field)
            try:
                gas = run.gas(field)
                if mass is None:
                    continue
                if gas in kg_by_gas:
                    self.report(field, f"{gas} is given twice", "each gas once")
                kg_by_gas[gas] = self._unweighed(field, mass, gas=gas, behind=behind)
            except Refusal as refusal:
                self.report(field, refusal.message, "a gas of the GWP set, such as co2, ch4, n2o or HFC-134a")
        return kg_by_gas

    def _unweighed(self, field: str, mass: _Mass, *, gas: str, behind: GwpSet | None) -> Decimal:
        if not mass.is_co2e:
            return mass.kg
        if behind is None:
            if _GWP_SET not in self._fields:
                self.report(field, f"{gas} is given as CO2e, by no GWP set", f"name its set in {_GWP_SET}")
            return Decimal(0)
        with localcontext(prec=_EXACT_DIGITS):
            return mass.kg / behind.gwp(gas)

    def identity(self, *of: str) -> str:
        said = (*of, *sorted((field, self.text(field)) for field in self._fields))
        return f"{OWN}:{sha256(repr(said).encode()).hexdigest()[:12]}"

    def as_given(self) -> str:
        parts = [
            f"{shown(cell).strip()} {field}" for field, cell in self._fields.items() if field in {_CO2E, _BIOGENIC}
        ]
        gases = [f"{shown(cell).strip()} {field}" for field, cell in self._fields.items() if field not in _NO_GASES]
        return f"{', '.join((*gases, *parts))} per {self.text(_PER)}"


def _mass(cell: Cell) -> _Mass | None:
    written = _MASS.fullmatch(cell if isinstance(cell, str) else f"{shown(cell)} kg")
    number = None if written is None or isinstance(cell, bool) else number_in(written[1])
    if written is None or number is None or number < 0:
        return None
    is_co2e = written[2].casefold().endswith(_CO2E)
    name = written[2][: -len(_CO2E)].strip() if is_co2e else written[2]
    try:
        return _Mass(kg=Quantity(number, name or Unit.KILOGRAM).to(Unit.KILOGRAM).value, is_co2e=is_co2e)
    except Refusal:
        return None


def own_gwp_set(
    *, name: str, kg_co2e_per_kg: Mapping[str, Cell], citation: str, extends: GwpSet | None = None
) -> GwpSet:
    """A GWP set of these figures; with `extends`, those and, for all other gases and the blends, that set's.

    Refuses: GwpSetMalformed.
    """
    if name in GwpSet.published():
        raise GwpSetMalformed(
            subject=f"GWP set {name}",
            found=name,
            expected="another name",
            message=f"{name} is the name of a published set; give one of your own another name.",
        )
    gases = {} if extends is None else dict(extends.gases)
    for text, cell in kg_co2e_per_kg.items():
        number = number_in(cell)
        gas = extends.gas(text) if extends is not None and _knows(extends, text) else text.strip()
        if number is None or number < 0 or not gas or (extends is not None and gas in extends.blends):
            raise GwpSetMalformed(
                subject=f"GWP set {name}",
                found=f"{text}: {shown(cell)}",
                expected="a gas and how many kg of CO2e one kg of it is",
                message=f"In the GWP set {name}, '{text}: {shown(cell)}' is not a gas with a number of 0 or more.",
            )
        gases[gas] = PublishedGwp(gas=gas, kg_co2e_per_kg=number, citation=citation)
    co2 = gases.get("CO2")
    if co2 is None or co2.kg_co2e_per_kg != 1:
        raise GwpSetMalformed(
            subject=f"GWP set {name}",
            found="no CO2" if co2 is None else f"CO2: {co2.kg_co2e_per_kg:f}",
            expected="CO2: 1",
            message=f"In the GWP set {name}, CO2 is not 1: it is the gas that all others are compared with.",
        )
    blends = () if extends is None else extends.blends.values()
    return GwpSet.of(name=name, gases=gases.values(), blends=blends)


def own_blends(gwp_set: GwpSet, percent_by_gas_by_blend: Mapping[str, Mapping[str, Cell]], *, citation: str) -> GwpSet:
    """The set with these blends, which hold instead of its own of the same name; parts are percent by mass.

    Refuses: BlendMalformed.
    """
    own = [
        _blend(name, percents, gwp_set=gwp_set, citation=citation) for name, percents in percent_by_gas_by_blend.items()
    ]
    kept = {blend.name: blend for blend in (*gwp_set.blends.values(), *own)}
    return GwpSet.of(name=gwp_set.name, gases=gwp_set.gases.values(), blends=kept.values())


def _blend(name: str, percents: Mapping[str, Cell], *, gwp_set: GwpSet, citation: str) -> Blend:
    fractions: dict[str, Decimal] = {}
    for text, cell in percents.items():
        percent = number_in(cell)
        gas = gwp_set.gas(text) if _knows(gwp_set, text) else None
        if percent is None or percent <= 0 or gas is None or gas in gwp_set.blends or gas in fractions:
            raise BlendMalformed(
                subject=name,
                found=f"{text}: {shown(cell)}",
                expected=f"a gas of the GWP set {gwp_set.name} once, and its percent by mass",
                message=f"In the blend {name}, '{text}: {shown(cell)}' is not a gas of the GWP set {gwp_set.name}"
                " with its percent by mass, once.",
            )
        fractions[gas] = percent / _WHOLE
    if sum(fractions.values()) != 1:
        total = f"{sum(fractions.values()) * _WHOLE:f} %"
        raise BlendMalformed(
            subject=name,
            found=total,
            expected="100 %",
            message=f"The parts of the blend {name} make {total}, not 100 %.",
        )
    return Blend(
        name=_name_of_blend(name, gwp_set), mass_fraction_by_gas=MappingProxyType(fractions), citation=citation
    )


def _name_of_blend(name: str, gwp_set: GwpSet) -> str:
    return gwp_set.gas(name) if _knows(gwp_set, name) else name.strip()


def _knows(gwp_set: GwpSet, text: str) -> bool:
    try:
        gwp_set.gas(text)
    except Refusal:
        return False
    return True


def fields_of(cells: Iterable[tuple[str, Cell]], *, prefix: str) -> dict[str, Cell]:
    """Fields of a factor among the cells of a row: those whose header begins with the prefix."""
    return {
        header.removeprefix(prefix): cell
        for header, cell in cells
        if header.startswith(prefix) and not is_blank([cell])
    }
