"""One total taken apart: read down to its lines and documents, and added up anew from the lines.

The total and its parts are what the service keeps as sums; the lines are read page by page, and only the largest kept.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import MAX_PREC, Decimal, localcontext
from typing import Any

from chassis.refusals import NotFound
from lichen import lineage_queries as queries
from lichen.asking import Gateway, Refused

__all__ = ["Asked", "Cell", "Check", "TotalLineage", "read"]

PAGE = 100
LINES_AT_ONCE = 10
"""As many as the gateway has root fields in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which total, and how much of it is shown."""

    location: str
    year: int
    version: int | None
    """None for the newest that may be seen."""
    scope: int | None
    category: str | None
    lines: int
    """Of each category, the largest."""


@dataclass(slots=True, kw_only=True)
class Cell:
    """A category of the total: what it is said to be, and what its lines are."""

    scope: int
    category: str
    is_optional: bool
    """Outside the minimum boundary: beside the total, never in it."""
    said_kg: Decimal
    lines: int = 0
    hidden: int = 0
    """Lines that are not shown."""
    hidden_kg: Decimal = Decimal(0)
    shown: list[dict[str, Any]] = field(default_factory=list)
    """Largest first, each with its lineage."""
    _largest: list[tuple[Decimal, int]] = field(default_factory=list)

    def take(self, line_id: int, kg: Decimal, *, most: int) -> None:
        """Count a line in: it is kept while it is among the largest, and else only added up."""
        self.lines += 1
        # Of lines alike, the one that came first is shown: the same question has the same answer.
        heapq.heappush(self._largest, (kg, -line_id))
        if len(self._largest) > most:
            self.hidden += 1
            self.hidden_kg = _sum((self.hidden_kg, heapq.heappop(self._largest)[0]))

    @property
    def largest_ids(self) -> list[str]:
        return [str(-negative) for _, negative in sorted(self._largest, reverse=True)]

    @property
    def shown_kg(self) -> Decimal:
        return _sum(co2e_of(line) for line in self.shown)

    @property
    def lines_kg(self) -> Decimal:
        return _sum((self.shown_kg, self.hidden_kg))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A sum as it is said, against the same worked out anew."""

    what: str
    said_kg: Decimal
    anew_kg: Decimal

    @property
    def holds(self) -> bool:
        return self.said_kg == self.anew_kg


@dataclass(slots=True, kw_only=True)
class TotalLineage:
    """A total, down to its lines."""

    location: dict[str, Any]
    """Without its inventory."""
    inventory: dict[str, Any]
    asked: Asked
    cells: list[Cell]
    """Those that were asked for."""
    gwp_sets: Counter[str]
    """By how many lines each has made CO2e of."""
    without_emission: Counter[str]
    """By category, lines of use alone, which no figure comes of, or by factors that are another entity's own."""
    documents: list[dict[str, Any]]
    """Files attached to the version as a whole."""

    @property
    def counted(self) -> list[Cell]:
        """What the total is made of; where all that was asked for is beside the total, that."""
        return self.cells if self.is_beside_the_total else [cell for cell in self.cells if not cell.is_optional]

    @property
    def beside(self) -> list[Cell]:
        return [] if self.is_beside_the_total else [cell for cell in self.cells if cell.is_optional]

    @property
    def is_beside_the_total(self) -> bool:
        """Whether all that was asked for is."""
        return all(cell.is_optional for cell in self.cells)

    @property
    def said_kg(self) -> Decimal:
        """The total, as the inventory says it."""
        asked = self.asked
        if asked.category is not None or self.is_beside_the_total:
            return _sum(cell.said_kg for cell in self.counted)
        if asked.scope is not None:
            return _sum(kg for scope, kg in self._scopes() if scope == asked.scope)
        return Decimal(self.inventory["total"]["value"])

    @property
    def shown_kg(self) -> Decimal:
        return _sum(cell.shown_kg for cell in self.counted)

    @property
    def hidden_kg(self) -> Decimal:
        return _sum(cell.hidden_kg for cell in self.counted)

    def checks(self) -> list[Check]:
        """Every sum that is said, against the lines; then the figure of each line that is shown, worked out anew."""
        counted = self.counted
        found = [Check(what="the total", said_kg=self.said_kg, anew_kg=_sum((self.shown_kg, self.hidden_kg)))]
        if self.asked.scope is None and self.asked.category is None:
            for scope, kg in self._scopes():
                anew = _sum(cell.lines_kg for cell in counted if cell.scope == scope)
                found.append(Check(what=f"scope {scope}", said_kg=kg, anew_kg=anew))
        return found + [
            Check(
                what=f"{cell.category} of scope {cell.scope}{', beside the total,' if cell.is_optional else ''}",
                said_kg=cell.said_kg,
                anew_kg=cell.lines_kg,
            )
            for cell in self.cells
        ]

    def differing_lines(self) -> list[dict[str, Any]]:
        """Lines that are shown and whose figure is not what their lineage gives."""
        return [line for cell in self.cells for line in cell.shown if not _is_as_stored(line)]

    @property
    def adds_up(self) -> bool:
        return all(check.holds for check in self.checks()) and not self.differing_lines()

    def document(self) -> dict[str, Any]:
        """All of it, for a machine: figures as strings, with every digit."""
        return {
            "location": self.location,
            "year": self.asked.year,
            "scope": self.asked.scope,
            "category": self.asked.category,
            "inventory": self.inventory,
            "documents": self.documents,
            "total": _quantity(self.said_kg),
            "gwpSets": dict(self.gwp_sets),
            "linesWithoutEmission": dict(self.without_emission),
            "categories": [
                {
                    "scope": cell.scope,
                    "category": cell.category,
                    "optional": cell.is_optional,
                    "co2e": _quantity(cell.said_kg),
                    "lines": cell.lines,
                    "shown": cell.shown,
                    "shownCo2e": _quantity(cell.shown_kg),
                    "notShown": cell.hidden,
                    "notShownCo2e": _quantity(cell.hidden_kg),
                }
                for cell in self.cells
            ],
            "checks": [
                {
                    "what": check.what,
                    "said": _quantity(check.said_kg),
                    "ofLines": _quantity(check.anew_kg),
                    "holds": check.holds,
                }
                for check in self.checks()
            ],
            "linesNotAsTheirLineage": [line["id"] for line in self.differing_lines()],
            "addsUp": self.adds_up,
        }

    def _scopes(self) -> Iterator[tuple[int, Decimal]]:
        return ((item["scope"], Decimal(item["co2e"]["value"])) for item in self.inventory["byScope"])


def read(gateway: Gateway, asked: Asked, *, on_lines: Callable[[int], None] = lambda _: None) -> TotalLineage:
    """The total that was asked for, with its lines; `on_lines` hears how many were read.

    Refuses: Refused for what is not there, or not the caller's to see, as for all that the platform refuses.
    """
    location = gateway.ask(queries.TOTAL, location=asked.location, year=asked.year, version=asked.version)["location"]
    inventory = _inventory_of(gateway, location, asked)
    found = TotalLineage(
        location={name: value for name, value in location.items() if name != "inventory"},
        inventory=inventory,
        asked=asked,
        cells=_cells(inventory, asked),
        gwp_sets=Counter(),
        without_emission=Counter(),
        documents=[
            file
            for file in _pages(gateway, queries.DOCUMENTS, id=inventory["id"])
            if file["recordId"] is None and file["importId"] is None
        ],
    )
    _read_lines(gateway, found, on_lines)
    if not any(cell.lines for cell in found.cells):
        # A published total is everybody's to read, its lines are not.
        raise _nothing("line", f"of the total of {asked.location} for {asked.year}")
    for cell in found.cells:
        cell.shown = list(_shown(gateway, cell.largest_ids))
    return found


def _inventory_of(gateway: Gateway, location: dict[str, Any] | None, asked: Asked) -> dict[str, Any]:
    if location is None:
        raise _nothing("location", asked.location)
    inventory: dict[str, Any] | None = location["inventory"]
    if inventory is not None:
        if inventory["total"] is None:
            raise _nothing("line", f"in the inventory of {asked.location} for {asked.year}")
        return inventory
    version = "" if asked.version is None else f", version {asked.version},"
    refusal = _nothing("inventory", f"of {asked.location} for {asked.year}{version}")
    below = gateway.ask(queries.BELOW, location=asked.location, year=asked.year)["location"]["figures"]["figures"]
    if others := sorted(item["locationId"] for item in below if item["locationId"] != asked.location):
        refusal = Refused(f"{refusal} Under it there are those of {', '.join(others)}.")
    raise refusal


def _nothing(kind: str, key: str) -> Refused:
    """In the platform's own words, as its queries answer with nothing for what is not there and what is not yours."""
    refusal = NotFound(kind=kind, key=key)
    return Refused(f"{refusal.code}: {refusal.message}")


def _cells(inventory: dict[str, Any], asked: Asked) -> list[Cell]:
    """Those that were asked for. Refuses: Refused where the total has none such."""
    found = [
        Cell(
            scope=item["scope"],
            category=item["category"],
            is_optional=item["optional"],
            said_kg=Decimal(item["co2e"]["value"]),
        )
        for item in inventory["byCategory"]
        if asked.scope in {None, item["scope"]} and asked.category in {None, item["category"]}
    ]
    if not found:
        parts = [f"scope {asked.scope}"] if asked.scope is not None else []
        parts += [f"category {asked.category}"] if asked.category is not None else []
        there = sorted({f"{item['category']} (scope {item['scope']})" for item in inventory["byCategory"]})
        refusal = _nothing("part", f"{', '.join(parts)} of the total of {asked.location} for {asked.year}")
        raise Refused(f"{refusal} Its parts: {', '.join(there)}.")
    return sorted(found, key=lambda cell: (cell.is_optional, cell.scope, -cell.said_kg))


def _read_lines(gateway: Gateway, found: TotalLineage, on_lines: Callable[[int], None]) -> None:
    cells = {(cell.scope, cell.category, cell.is_optional): cell for cell in found.cells}
    asked = found.asked
    wanted: dict[str, Any] = {} if asked.category is None else {"categories": [asked.category]}
    if asked.scope is not None:
        wanted["scopes"] = [asked.scope]
    for count, line in enumerate(_pages(gateway, queries.LINES, id=found.inventory["id"], filter=wanted), start=1):
        if count % PAGE == 0:
            on_lines(count)
        emission = line["emission"]
        if emission is None:
            found.without_emission[line["category"]] += 1
            continue
        found.gwp_sets[emission["gwpSet"]] += 1
        cell = cells.get((emission["scope"], line["category"], emission["optional"]))
        if cell is None:
            # Of a draft that has it since the sums were read: nothing of it may be left out of what is added up.
            raise Refused(f"The inventory changed while it was read, by line {line['id']}; ask again.")
        cell.take(int(line["id"]), co2e_of(line), most=asked.lines)


def _pages(gateway: Gateway, document: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """Nodes of the one connection of an inventory that the document asks for."""
    after = None
    while True:
        inventory = gateway.ask(document, first=PAGE, after=after, **variables)["inventory"]
        if inventory is None:
            raise _nothing("inventory", variables["id"])
        connection = inventory["page"]
        for edge in connection["edges"]:
            yield edge["node"]
        if not connection["pageInfo"]["hasNextPage"]:
            return
        after = connection["pageInfo"]["endCursor"]


def _shown(gateway: Gateway, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(ids), LINES_AT_ONCE):
        some = ids[start : start + LINES_AT_ONCE]
        answer = gateway.ask(queries.lines_with_lineage(len(some)), **{f"id{at}": id_ for at, id_ in enumerate(some)})
        for at, id_ in enumerate(some):
            line = answer[f"line{at}"]
            if line is None or line["emission"] is None:
                raise _nothing("line", id_)
            yield line


def _sum(values: Iterable[Decimal]) -> Decimal:
    """To the last digit, however many there are."""
    with localcontext(prec=MAX_PREC):
        return sum(values, Decimal(0))


def co2e_of(line: dict[str, Any]) -> Decimal:
    return Decimal(line["emission"]["co2e"]["value"])


def _is_as_stored(line: dict[str, Any]) -> bool:
    anew = line["lineage"]["recomputed"]
    return anew is not None and bool(anew.get("equalsStored"))


def _quantity(kg: Decimal) -> dict[str, str]:
    return {"value": format(kg, "f"), "unit": "kgCO2e"}
