"""Editions of the UN-wide method, where their rules differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inventory.domain.errors import MethodEditionUnknown

__all__ = ["CURRENT", "MethodEdition"]

_OF_MONTREAL_PROTOCOL = ("CFC-", "HCFC-")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodEdition:
    """An edition of the method. Each inventory keeps the name of the one that it was made by."""

    name: str
    cited: str
    counts_montreal_gases: bool
    """Whether CFC and HCFC, which the Kyoto Protocol leaves to the Montreal Protocol, are in the total or apart."""

    @staticmethod
    def named(name: str) -> "MethodEdition":
        """Refuses: MethodEditionUnknown."""
        if name not in _EDITIONS:
            expected = ", ".join(_EDITIONS)
            raise MethodEditionUnknown(
                subject="edition of the method",
                found=name,
                expected=expected,
                message=f"There is no edition '{name}' of the method; there are {expected}.",
            )
        return _EDITIONS[name]

    def sets_apart(self, gases: Iterable[str]) -> bool:
        """Whether emissions of these gases are optional ones.

        A blend is one emission, so a blend with a single gas of the Montreal Protocol in it is apart as a whole.
        """
        return not self.counts_montreal_gases and any(gas.startswith(_OF_MONTREAL_PROTOCOL) for gas in gases)


CURRENT = MethodEdition(
    name="un-2023",
    cited="Greening the Blue, methodology of the 2023 report: all refrigerants that have a GWP",
    counts_montreal_gases=True,
)

_EDITIONS: Mapping[str, MethodEdition] = MappingProxyType(
    {
        edition.name: edition
        for edition in (
            MethodEdition(
                name="un-2008",
                cited="UN greenhouse gas inventory 2008: HCFC recorded as optional emissions",
                counts_montreal_gases=False,
            ),
            CURRENT,
        )
    }
)
