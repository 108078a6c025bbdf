"""A whole version worked out anew from the lineage of its lines, and every figure that differs from what is stored.

Nothing that is stored of a result goes into it: each line is its amount times the factor that it was pinned to, with
the GWP set and the edition of the method of its own, and totals are sums of such lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import MAX_PREC, Decimal, localcontext

from inventory.domain.activity_data import Category
from inventory.domain.air_travel import passenger_km
from inventory.domain.edition import MethodEdition
from inventory.domain.emission_factor import EmissionFactor
from inventory.domain.form_reading import amount_again
from inventory.domain.lineage import LineOrigin, recompute
from inventory.domain.quantification import Coefficient
from quantities import GwpSet, Quantity, Refusal, Unit

__all__ = [
    "Difference",
    "Recomputation",
    "StoredCoefficient",
    "StoredLine",
    "StoredPart",
    "TotalKey",
    "TotalSum",
]

_SCOPE_2 = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCoefficient:
    """A coefficient as it is kept."""

    id: int
    category: Category
    key: str
    unit: Unit
    scope: int
    is_optional: bool
    factor_id: str
    factor_release: str
    gwp_set: str
    kg_per_unit_by_gas: Mapping[str, Decimal]
    co2e_kg_per_unit: Decimal
    biogenic_co2_kg_per_unit: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A line as it is kept."""

    id: int
    location_id: str
    sheet: str
    row_number: int
    category: Category
    amount: Decimal
    unit: Unit
    details: Mapping[str, str]
    scope: int
    is_optional: bool
    coefficient_id: int | None
    co2e_kg: Decimal | None
    biogenic_co2_kg: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that is not what its lineage gives."""

    of: str
    """Which coefficient, line or total."""
    figure: str
    stored: str
    recomputed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalKey:
    """What a total is of; over all sites where `location_id` is None, of one gas where `gas` says so."""

    location_id: str | None
    scope: int
    category: str
    is_optional: bool
    gas: str | None = None

    def __str__(self) -> str:
        of = (self.location_id or "all sites", f"scope {self.scope}", self.category, self.gas)
        apart = "optional" if self.is_optional else None
        return f"total of {', '.join(part for part in (*of, apart) if part)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """A part of the market-based figure of a final version, as it is kept."""

    number: int
    location_id: str
    kwh: Decimal
    co2e_kg: Decimal
    co2e_kg_per_kwh: Decimal | None
    """What its instrument conveys; None where none covers it."""


@dataclass(slots=True, kw_only=True)
class TotalSum:
    """A sum as far as it has come; of one gas, `kg` is its mass."""

    kg: Decimal = Decimal(0)
    biogenic_co2_kg: Decimal | None = Decimal(0)
    """None where only masses are summed."""
    records: int = 0


@dataclass(slots=True, kw_only=True)
class Recomputation:
    """Coefficients first, then every line, then the totals. It keeps coefficients and sums, never lines."""

    edition: MethodEdition
    coefficients: dict[int, Coefficient | None] = field(default_factory=dict)
    """As worked out anew; None where that was refused."""
    sums: dict[TotalKey, TotalSum] = field(default_factory=dict)
    load_kwh: dict[str, Decimal] = field(default_factory=dict)
    """Electricity that each site took from the grid."""
    lines: int = 0

    def coefficient(self, stored: StoredCoefficient, *, factor: EmissionFactor | None) -> Iterator[Difference]:
        """What one unit emits by the factor that is named, held against what was kept."""
        of = f"coefficient {stored.id}"
        origin = LineOrigin(
            category=stored.category,
            key=stored.key,
            amount=Quantity(Decimal(1), stored.unit),
            factor_id=stored.factor_id,
            factor_release=stored.factor_release,
            gwp_set=GwpSet.named(stored.gwp_set),
            edition=self.edition,
        )
        try:
            made = recompute(origin, factor=factor).quantification.coefficient
        except Refusal as refusal:
            self.coefficients[stored.id] = None
            yield Difference(
                of=of, figure=stored.factor_id, stored="used", recomputed=f"{refusal.code}: {refusal.message}"
            )
            return
        self.coefficients[stored.id] = made
        yield from _differing(of, "kgCO2e per unit", stored.co2e_kg_per_unit, made.co2e_kg_per_unit)
        yield from _differing(
            of, "kg biogenic CO2 per unit", stored.biogenic_co2_kg_per_unit, made.biogenic_co2_kg_per_unit
        )
        for gas in sorted({*stored.kg_per_unit_by_gas, *made.kg_per_unit_by_gas}):
            yield from _differing(
                of, f"kg {gas} per unit", stored.kg_per_unit_by_gas.get(gas), made.kg_per_unit_by_gas.get(gas)
            )
        yield from _unlike(of, "scope", stored.scope, made.scope)
        yield from _unlike(of, "optional", stored.is_optional, made.is_optional)

    def line(self, stored: StoredLine) -> Iterator[Difference]:
        """A line's figures, and its part in the totals."""
        self.lines += 1
        of = f"line {stored.id} (sheet '{stored.sheet}', row {stored.row_number})"
        yield from _amount(of, stored)
        if stored.coefficient_id is None:
            # What emits nothing, or is recorded for its use alone; any other line without a factor was passed over.
            may_be = stored.category.is_without_emission or stored.category.is_optional
            if not may_be:
                yield Difference(of=of, figure="factor", stored="none", recomputed=f"needed for {stored.category}")
            yield from _differing(of, "kgCO2e", stored.co2e_kg, None)
            return
        made = self.coefficients.get(stored.coefficient_id)
        if made is None:
            # Named with the coefficient already, unless it is another version's.
            if stored.coefficient_id not in self.coefficients:
                yield Difference(of=of, figure="coefficient", stored=str(stored.coefficient_id), recomputed="none")
            return
        yield from _unlike(of, "category", stored.category.value, made.category.value)
        yield from _unlike(of, "unit", stored.unit.value, made.unit.value)
        yield from _unlike(of, "scope", stored.scope, made.scope)
        yield from _unlike(of, "optional", stored.is_optional, made.is_optional)
        with localcontext(prec=MAX_PREC):
            co2e_kg = stored.amount * made.co2e_kg_per_unit
            biogenic_kg = stored.amount * made.biogenic_co2_kg_per_unit
            kg_by_gas = {gas: stored.amount * kg for gas, kg in made.kg_per_unit_by_gas.items()}
        yield from _differing(of, "kgCO2e", stored.co2e_kg, co2e_kg)
        yield from _differing(of, "kg biogenic CO2", stored.biogenic_co2_kg, biogenic_kg)
        if made.category == Category.GRID_ELECTRICITY:
            kwh = Quantity(stored.amount, stored.unit).to(Unit.KILOWATT_HOUR).value
            self.load_kwh[stored.location_id] = _sum([self.load_kwh.get(stored.location_id, Decimal(0)), kwh])
        for location_id in (stored.location_id, None):
            key = TotalKey(
                location_id=location_id, scope=made.scope, category=made.category.value, is_optional=made.is_optional
            )
            self._add(key, kg=co2e_kg, biogenic_kg=biogenic_kg)
        for gas, kg in kg_by_gas.items():
            key = TotalKey(
                location_id=stored.location_id,
                scope=made.scope,
                category=made.category.value,
                is_optional=made.is_optional,
                gas=gas,
            )
            self._add(key, kg=kg, biogenic_kg=None)

    def _add(self, key: TotalKey, *, kg: Decimal, biogenic_kg: Decimal | None) -> None:
        total = self.sums.setdefault(key, TotalSum(biogenic_co2_kg=None if biogenic_kg is None else Decimal(0)))
        with localcontext(prec=MAX_PREC):
            total.kg += kg
            if biogenic_kg is not None and total.biogenic_co2_kg is not None:
                total.biogenic_co2_kg += biogenic_kg
        total.records += 1

    def totals(self, stored: Mapping[TotalKey, TotalSum], *, over_all_sites: bool) -> Iterator[Difference]:
        """Stored totals held against sums of the lines; those over all sites are kept of final versions alone."""
        made = {key: total for key, total in self.sums.items() if over_all_sites or key.location_id is not None}
        for key in sorted({*stored, *made}, key=str):
            kept, summed = stored.get(key), made.get(key)
            what = "kgCO2e" if key.gas is None else f"kg {key.gas}"
            yield from _differing(
                str(key), what, None if kept is None else kept.kg, None if summed is None else summed.kg
            )
            if kept is None or summed is None:
                continue
            yield from _differing(str(key), "kg biogenic CO2", kept.biogenic_co2_kg, summed.biogenic_co2_kg)
            yield from _unlike(str(key), "lines", kept.records, summed.records)

    def months(self, stored: Mapping[TotalKey, TotalSum]) -> Iterator[Difference]:
        """Totals by month, summed over the months: each line is in them whole, once."""
        made = {key: total for key, total in self.sums.items() if key.location_id is not None and key.gas is None}
        for key in sorted({*stored, *made}, key=str):
            kept, summed = stored.get(key), made.get(key)
            of = f"{key}, over its months"
            yield from _differing(
                of, "kgCO2e", None if kept is None else kept.kg, None if summed is None else summed.kg
            )
            if kept is not None and summed is not None:
                yield from _differing(of, "kg biogenic CO2", kept.biogenic_co2_kg, summed.biogenic_co2_kg)

    def market(self, parts: Iterable[StoredPart], totals: Mapping[TotalKey, TotalSum]) -> Iterator[Difference]:
        """The market-based figure of a final version: every kWh in a part once, each part by its instrument's rate."""
        kwh: dict[str, Decimal] = {}
        co2e_kg: dict[str, Decimal] = {}
        for part in parts:
            kwh[part.location_id] = _sum([kwh.get(part.location_id, Decimal(0)), part.kwh])
            co2e_kg[part.location_id] = _sum([co2e_kg.get(part.location_id, Decimal(0)), part.co2e_kg])
            if part.co2e_kg_per_kwh is not None:
                with localcontext(prec=MAX_PREC):
                    made = part.kwh * part.co2e_kg_per_kwh
                yield from _differing(f"market-based part {part.number}", "kgCO2e", part.co2e_kg, made)
        for site in sorted({*kwh, *self.load_kwh}):
            load = self.load_kwh.get(site) or None
            yield from _differing(f"market-based parts of {site}", "kWh", kwh.get(site), load)
        of_scope_2 = {
            key: total.kg
            for key, total in self.sums.items()
            if key.scope == _SCOPE_2 and key.location_id is not None and key.gas is None
        }
        for key in sorted({*totals, *of_scope_2}, key=str):
            summed = of_scope_2.get(key)
            if summed is not None and key.category == Category.GRID_ELECTRICITY:
                # A site whose lines are of nothing has no part.
                summed = co2e_kg.get(key.location_id or "", Decimal(0))
            kept = totals.get(key)
            yield from _differing(f"market-based {key}", "kgCO2e", None if kept is None else kept.kg, summed)


def _sum(values: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=MAX_PREC):
        return sum(values, start=Decimal(0))


def _amount(of: str, stored: StoredLine) -> Iterator[Difference]:
    """The amount by what the line keeps of its row: legs and passengers of a flight, or the inputs of its form."""
    details = stored.details
    again = amount_again(stored.category, details)
    if again is not None:
        yield from _unlike(of, "unit", stored.unit.value, again.unit.value)
        yield from _differing(of, f"amount in {again.unit}", stored.amount, again.value)
        return
    if stored.category != Category.AIR_TRAVEL or not {"distance_km", "passengers", "return"} <= details.keys():
        return
    if stored.unit != Unit.PASSENGER_KILOMETRE:
        return
    made = passenger_km(
        distance_km=Decimal(details["distance_km"]),
        passengers=int(details["passengers"]),
        is_return=details["return"] == "yes",
    )
    yield from _differing(of, "passenger-kilometres", stored.amount, made)


def _differing(of: str, figure: str, stored: Decimal | None, recomputed: Decimal | None) -> Iterator[Difference]:
    if stored != recomputed:
        yield Difference(of=of, figure=figure, stored=_plain(stored), recomputed=_plain(recomputed))


def _unlike(of: str, figure: str, stored: object, recomputed: object) -> Iterator[Difference]:
    if stored != recomputed:
        yield Difference(of=of, figure=figure, stored=str(stored), recomputed=str(recomputed))


def _plain(number: Decimal | None) -> str:
    return "none" if number is None else f"{number:f}"
