"""Global warming potentials over 100 years, by assessment report of the IPCC."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from quantities.errors import GasNotInGwpSet, GwpSetUnknown

__all__ = ["Blend", "GwpSet", "PublishedGwp"]

_EXACT_DIGITS = 80
_FLUOROCARBON = re.compile(r"(?:HFC|HCFC|CFC)-(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedGwp:
    """One figure of a GWP set, as published."""

    gas: str
    kg_co2e_per_kg: Decimal
    citation: str
    """Report, chapter and table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """A refrigerant made of several gases."""

    name: str
    mass_fraction_by_gas: Mapping[str, Decimal]
    """Parts of 1, by gas."""
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GwpSet:
    """The global warming potentials of one assessment report, and the refrigerant blends that can be made of them."""

    name: str
    """`AR4`, `AR5` or `AR6`."""
    gases: Mapping[str, PublishedGwp]
    blends: Mapping[str, Blend]
    names: Mapping[str, str]
    """Gas or blend by every spelling of it, letters and digits only."""

    @staticmethod
    def named(name: str) -> "GwpSet":
        """The set of an assessment report.

        Refuses: GwpSetUnknown.
        """
        sets = _published_sets()
        if name not in sets:
            expected = ", ".join(sets)
            raise GwpSetUnknown(
                subject="GWP set",
                found=name,
                expected=expected,
                message=f"There is no GWP set '{name}'; there are {expected}.",
            )
        return sets[name]

    @staticmethod
    def published() -> tuple[str, ...]:
        """Names of the sets that ship."""
        return tuple(_published_sets())

    @staticmethod
    def of(*, name: str, gases: Iterable[PublishedGwp], blends: Iterable[Blend] = ()) -> "GwpSet":
        """A set of these gases. A blend with a component that they have no figure for is no blend of the set."""
        by_gas = {item.gas: item for item in gases}
        by_blend = {item.name: item for item in blends if item.mass_fraction_by_gas.keys() <= by_gas.keys()}
        return GwpSet(
            name=name,
            gases=MappingProxyType(by_gas),
            blends=MappingProxyType(by_blend),
            names=MappingProxyType({spelling: name for name in (*by_blend, *by_gas) for spelling in _spellings(name)}),
        )

    def gas(self, text: str) -> str:
        """The gas or blend as this set spells it: `R22` and `HCFC-22` are one, as are `R-410A` and `HFC410a`.

        Refuses: GasNotInGwpSet.
        """
        found = self.names.get(_bare(text))
        if found is None:
            raise GasNotInGwpSet(
                subject="gas",
                found=text,
                expected=f"a gas or a blend of the GWP set {self.name}",
                message=f"'{text}' has no global warming potential in the GWP set {self.name}.",
            )
        return found

    def split(self, gas: str) -> Mapping[str, Decimal]:
        """Mass fraction of each gas that a blend is made of; a gas is made of itself.

        Refuses: GasNotInGwpSet.
        """
        name = self.gas(gas)
        blend = self.blends.get(name)
        return {name: Decimal(1)} if blend is None else blend.mass_fraction_by_gas

    def gwp(self, gas: str) -> Decimal:
        """Kilograms of CO2e of one kilogram of the gas or blend.

        Refuses: GasNotInGwpSet.
        """
        with localcontext(prec=_EXACT_DIGITS):
            return sum(
                (part * self.gases[component].kg_co2e_per_kg for component, part in self.split(gas).items()),
                start=Decimal(0),
            )

    def co2e_kg(self, kg_by_gas: Mapping[str, Decimal]) -> Decimal:
        """Kilograms of CO2e of these masses, unrounded.

        Refuses: GasNotInGwpSet.
        """
        with localcontext(prec=_EXACT_DIGITS):
            return sum((kg * self.gwp(gas) for gas, kg in kg_by_gas.items()), start=Decimal(0))


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _rows(file_name: str) -> Iterator[dict[str, str]]:
    text = files("quantities").joinpath("data", file_name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _spellings(name: str) -> Iterator[str]:
    yield _bare(name)
    fluorocarbon = _FLUOROCARBON.fullmatch(name)
    if fluorocarbon:
        yield _bare(f"R-{fluorocarbon[1]}")
    elif name.startswith("R-"):
        yield _bare(f"HFC-{name[2:]}")


@cache
def _published_sets() -> Mapping[str, GwpSet]:
    gases_by_set: dict[str, dict[str, PublishedGwp]] = {}
    for row in _rows("gwp100.csv"):
        gases_by_set.setdefault(row["gwp_set"], {})[row["gas"]] = PublishedGwp(
            gas=row["gas"], kg_co2e_per_kg=Decimal(row["kg_co2e_per_kg"]), citation=row["citation"]
        )
    parts: dict[str, dict[str, Decimal]] = {}
    citations: dict[str, str] = {}
    for row in _rows("refrigerant_blends.csv"):
        parts.setdefault(row["blend"], {})[row["gas"]] = Decimal(row["mass_percent"]) / 100
        citations[row["blend"]] = row["citation"]
    blends = [
        Blend(name=name, mass_fraction_by_gas=MappingProxyType(fractions), citation=citations[name])
        for name, fractions in parts.items()
    ]
    sets = {name: GwpSet.of(name=name, gases=gases.values(), blends=blends) for name, gases in gases_by_set.items()}
    return MappingProxyType(sets)
