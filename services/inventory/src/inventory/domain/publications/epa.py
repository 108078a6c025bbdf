"""The US EPA's GHG Emission Factors Hub, as a list."""

import re
from collections.abc import Sequence
from decimal import Decimal

from inventory.domain.publications.reading import Figure, Taking, entry, plain

__all__ = ["take"]

_POUND_KG = Decimal("0.45359237")
_NEWEST_HUB = 2025
_TOTAL_OUTPUT = re.compile(r"grid electricity, (US Average|[A-Z]{4}) .*, total output")
"""Rates of non-baseload are not for inventories (the hub's own note), and are left."""

_GASES = ("CO2", "CH4", "N2O")
_EGRID = {2021: "eGRID2019", 2022: "eGRID2020", 2023: "eGRID2021", 2024: "eGRID2022", 2025: "eGRID2023"}
_MODIFIED = {2021: " (last modified 2021-09-15)", 2025: " (last modified 2025-01-15)"}


def take(taking: Taking) -> None:
    """Factors of every hub in the file: grids (table 6), steam and heat (table 7), buses (table 10)."""
    found: dict[tuple[int, str], list[Figure]] = {}
    for figure in taking.figures:
        found.setdefault((figure.year, figure.activity), []).append(figure)
    for (hub, activity), figures in sorted(found.items()):
        grid = _TOTAL_OUTPUT.fullmatch(activity)
        if grid is not None:
            _grid(taking, hub=hub, name=grid[1], figures=figures)
        elif activity == "Steam and Heat":
            for key in ("heat", "steam"):
                _add(
                    taking,
                    figures,
                    hub=hub,
                    category="purchased_heat",
                    key=key,
                    unit="mmBtu",
                    per="mmBtu",
                    table="table 7, steam and heat",
                )
        elif activity == "Bus" and figures[0].category == "business travel / commuting":
            _add(
                taking,
                figures,
                hub=hub,
                category="bus_travel",
                key="bus",
                unit="passenger_mile",
                per="passenger-mile",
                table="table 10, business travel, bus",
            )


def _grid(taking: Taking, *, hub: int, name: str, figures: Sequence[Figure]) -> None:
    average = name == "US Average"
    pounds = {gas: _one(figures, f"lb {gas} per MWh") for gas in _GASES}
    if not _is_whole(taking, figures, pounds):
        return
    made = entry(
        release=f"epa-hub-{hub}",
        category="grid_electricity",
        key="grid",
        place="USA" if average else f"US-{name}",
        unit="MWh",
        years=_years(hub),
        gases_stated_in="kg",
        **{gas.lower(): plain(figure.value * _POUND_KG) for gas, figure in pounds.items() if figure},
        published_as=", ".join(f"{figure.value} {figure.unit}" for figure in pounds.values() if figure),
        table=f"table 6, total output emission factors, {'US average' if average else f'subregion {name}'}",
        **_cited(hub, data=f", {_EGRID[hub]}" if hub in _EGRID else ""),
    )
    taking.add(made, of=[figure for figure in pounds.values() if figure])


def _add(
    taking: Taking, figures: Sequence[Figure], *, hub: int, category: str, key: str, unit: str, per: str, table: str
) -> None:
    grams = {gas: _one(figures, f"{'kg' if gas == 'CO2' else 'g'} {gas} per {per}") for gas in _GASES}
    if not _is_whole(taking, figures, grams):
        return
    stated = {
        gas.lower(): plain(figure.value if gas == "CO2" else figure.value / 1000)
        for gas, figure in grams.items()
        if figure
    }
    made = entry(
        release=f"epa-hub-{hub}",
        category=category,
        key=key,
        place="USA",
        unit=unit,
        years=_years(hub),
        gases_stated_in="kg",
        **stated,
        published_as=", ".join(f"{figure.value} {figure.unit}" for figure in grams.values() if figure),
        table=table,
        **_cited(hub, data=""),
    )
    taking.add(made, of=[figure for figure in grams.values() if figure])


def _one(figures: Sequence[Figure], unit: str) -> Figure | None:
    return next((figure for figure in figures if figure.unit == unit), None)


def _is_whole(taking: Taking, figures: Sequence[Figure], by_gas: dict[str, Figure | None]) -> bool:
    lacking = [gas for gas, figure in by_gas.items() if figure is None]
    if lacking:
        first = figures[0]
        taking.wrong(first.line, "gas", first.gas, f"{first.activity} has no row for {', '.join(lacking)}")
    return not lacking


def _years(hub: int) -> tuple[int, int]:
    """A hub's grids are of two years before; it holds for the year before, the newest one until there is another."""
    return hub - 1, hub if hub == _NEWEST_HUB else hub - 1


def _cited(hub: int, *, data: str) -> dict[str, str]:
    return {
        "publisher": "US Environmental Protection Agency",
        "document": f"US EPA GHG Emission Factors Hub {hub}{_MODIFIED.get(hub, '')}{data}",
        "year": str(hub),
        "licence": "public domain (17 USC 105)",
        "status": "published",
    }
