"""Published files of emission factors, one adapter a publisher's format."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from inventory.domain.publications import desnz, epa, grid, ipcc, un_sun
from inventory.domain.publications.reading import (
    Adapter,
    Publication,
    PublishedRow,
    RowProblem,
    parts_make_whole,
    taking_of,
)

__all__ = ["Format", "Publication", "PublishedRow", "RowProblem", "parts_make_whole", "read_publication"]


class Format(StrEnum):
    """Whose file it is."""

    DESNZ = "desnz"
    EPA = "epa"
    IPCC = "ipcc"
    EMBER = "ember"
    UN_SUN = "un-sun"


_ADAPTERS: Mapping[Format, Adapter] = MappingProxyType(
    {
        Format.DESNZ: desnz.take,
        Format.EPA: epa.take,
        Format.IPCC: ipcc.take,
        Format.EMBER: grid.take,
        Format.UN_SUN: un_sun.take,
    }
)
_WITH_TEXTS = frozenset({Format.IPCC})


def read_publication(rows: Iterable[PublishedRow], *, of: Format, year: int | None = None) -> Publication:
    """The factors that a published file has for the categories of the method, and every problem of its rows.

    With a year, of its releases those of that year alone.
    """
    kept = desnz.as_list(rows) if of == Format.DESNZ else rows
    taking = taking_of(kept, numbers_alone=of not in _WITH_TEXTS, year=year)
    _ADAPTERS[of](taking)
    return taking.publication()
