"""The lineage of a total on a terminal: no table is wider than 80 columns, long texts are folded."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lichen.lineage import Cell, TotalLineage, co2e_of

__all__ = ["show"]

CO2E = "kgCO2e"
LABEL = 12
SHORTEST = 20
"""Of a value's line, on however narrow a terminal."""
DIGITS = 6
"""Significant digits of the mass of a gas; JSON has all. CO2e is told to the last digit, as it is added up."""


class _Rows:
    """Prints values under each other, each after its label; a long one goes on below itself."""

    def __init__(self, console: Console, *, indent: int) -> None:
        self._console = console
        self._before = " " * indent

    def __call__(self, label: str, value: str) -> None:
        before = Text.assemble(self._before, (f"{label:<{LABEL}}", "dim"))
        width = max(self._console.width - len(before), SHORTEST)
        _print(self._console, Text(_plain(value)), width=width, before=before)


def show(found: TotalLineage, console: Console) -> None:
    """Print it: the total, its parts, the lines of each, and whether they add up."""
    _head(found, console)
    _parts(found, console)
    for cell in (*found.counted, *found.beside):
        _lines(cell, console, location_id=found.location["id"])
    _sums(found, console)


def _head(found: TotalLineage, console: Console) -> None:
    inventory, asked = found.inventory, found.asked
    what = [found.location["name"], f"({found.location['id']})", str(asked.year)]
    what += [f"scope {asked.scope}"] if asked.scope is not None else []
    what += [asked.category] if asked.category is not None else []
    beside = ", beside the total" if found.is_beside_the_total else ""
    _say(console, f"{what[0]} {', '.join(what[1:])}: {_exact(found.said_kg)} {CO2E}{beside}", style="bold")
    counts = found.gwp_sets.most_common()
    sets = [f"{name} ({count:,} lines)" if len(counts) > 1 else name for name, count in counts]
    row = _Rows(console, indent=2)
    row("GWP set", f"{', '.join(sets)}; CO2e that is not split by gas is as published")
    row(
        "version",
        f"{inventory['version']}, {inventory['state']}, by factors of edition {inventory['factorEdition']}",
    )
    if inventory["correctionReason"] is not None:
        row(
            "corrects",
            f"the version before, for its {inventory['correctionCause']}: {inventory['correctionReason']}",
        )
    for step in inventory["steps"]:
        reasons = "" if step["reasons"] is None else f": {step['reasons']}"
        row(step["action"], f"by {step['by']}, {_at(step['at'])}{reasons}")
    for file in found.documents:
        _file(row, "document", file)
    for category, count in found.without_emission.items():
        row("beside", f"{_lines_of(count)} of {category}, with no emission that you may see")
    console.print()


def _parts(found: TotalLineage, console: Console) -> None:
    cells = (*found.counted, *found.beside)
    places = max(_places(cell.said_kg) for cell in cells)
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, pad_edge=False, header_style="dim")
    for title in ("scope", "category"):
        table.add_column(title)
    for title in ("share", CO2E, "lines"):
        table.add_column(title, justify="right", no_wrap=True)
    for cell in cells:
        is_beside = cell.is_optional and not found.is_beside_the_total
        share = "beside" if is_beside else _share(cell.said_kg, found.said_kg)
        values = (str(cell.scope), cell.category, share, _exact(cell.said_kg, places), f"{cell.lines:,}")
        table.add_row(*(Text(_plain(value)) for value in values), style="dim" if is_beside else "")
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _lines(cell: Cell, console: Console, *, location_id: str) -> None:
    of = f"{_exact(cell.said_kg)} {CO2E} of {_lines_of(cell.lines)}"
    which = "" if cell.hidden == 0 else f"; the largest {len(cell.shown):,}"
    beside = " (beside the total)" if cell.is_optional else ""
    console.print()
    _say(console, f"Scope {cell.scope}, {cell.category}{beside}: {of}{which}", style="bold")
    told: tuple[int, dict[str, Any]] | None = None
    for number, line in enumerate(cell.shown, start=1):
        site = "" if line["locationId"] == location_id else f" at {line['locationId']}"
        title = f"{number}. {_exact(co2e_of(line))} {CO2E}: {line['item']}{site}, {_period(line)}"
        _say(console, f"  {title}", style="green")
        alike = told is not None and _has_factor_of(line, told[1])
        _line(_Rows(console, indent=4), line, alike=told[0] if told is not None and alike else None)
        if not alike:
            told = number, line
    if cell.hidden:
        _say(console, f"  {_lines_of(cell.hidden)} more, {_exact(cell.hidden_kg)} {CO2E}, not shown.", style="dim")


def _line(row: _Rows, line: dict[str, Any], *, alike: int | None) -> None:
    lineage, emission = line["lineage"], line["emission"]
    anew, source = lineage["recomputed"], lineage["source"]
    note = "" if line["note"] is None else f"; {line['note']}"
    row("amount", f"{_amount(line['amount'])}, {line['quality']}{note}")
    if anew is not None and "conversion" in anew:
        row("conversion", _conversion(anew["conversion"]))
    if alike is None:
        _factor(row, line)
        row("choice", emission["explanation"])
    else:
        row("factor", f"{emission['factorId']}, chosen as that of line {alike}")
    row("gases", _gases(line))
    row("anew", _anew(anew))
    for earlier in lineage["earlier"]:
        reason = "" if earlier["reason"] is None else f": {earlier['reason']}"
        row(
            "earlier",
            f"{_amount(earlier['amount'])}, {earlier['action']} by {earlier['by']}, {_at(earlier['at'])}{reason}",
        )
    if source is not None:
        row("row", f"{source['fileName']}, sheet {line['sheet']}, row {line['row']}")
        row("SHA-256", source["contentHash"])
        row("taken in", f"by {source['importedBy']}, {_at(source['importedAt'])}")
    # The file that the line came in is named already.
    others = [file for file in lineage["evidence"] if source is None or file["sha256"] != source["contentHash"]]
    for file in others:
        _file(row, "evidence", file)
    if not others:
        row("evidence", "none beside that file")


def _factor(row: _Rows, line: dict[str, Any]) -> None:
    factor = line["lineage"]["factor"]
    if factor is None:
        row("factor", f"{line['emission']['factorId']}: a formula, as below")
        return
    row("factor", factor["id"])
    if factor["co2eKg"] is not None:
        value = f"{_decimal(factor['co2eKg'])} {CO2E}"
    else:
        value = ", ".join(f"{_amount(item['mass'], digits=DIGITS)} {item['gas']}" for item in factor["byGas"])
    row("", f"{value} per {factor['unit']}; published as {factor['publishedAs']}")
    row("", f"{factor['publisher']}: {factor['document']}")
    place = "anywhere" if factor["place"] == "default" else factor["place"]
    row("", f"{factor['table']}; for {place}, {_days(factor['validFrom'], factor['validTo'])}")
    row("release", f"{factor['release']}; licence: {factor['licence']}")


def _has_factor_of(line: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same one, for the same reasons."""
    names = ("factorId", "factorRelease", "explanation")
    return all(line["emission"][name] == other["emission"][name] for name in names)


def _conversion(conversion: dict[str, Any]) -> str:
    recorded, converted = conversion["recorded"], conversion["converted"]
    if recorded["unit"] == converted["unit"]:
        return f"none: the factor is per {converted['unit']}"
    rate = f"1 {recorded['unit']} = {_decimal(conversion['unitsPerUnit'])} {converted['unit']}"
    return f"{_amount(converted)} ({rate})"


def _gases(line: dict[str, Any]) -> str:
    """Each mass and its GWP."""
    emission, lineage = line["emission"], line["lineage"]
    gwps = {item["gas"]: item["gwp"] for item in (lineage["recomputed"] or {}).get("byGas", ())}
    told = []
    for item in emission["byGas"]:
        if item["gas"] == "CO2e":
            behind = (lineage["factor"] or {}).get("gwpSet") or "a GWP set that is not stated"
            told.append(f"{_amount(item['mass'], digits=DIGITS)} as published, by {behind}, not split by gas")
            continue
        gwp = gwps.get(item["gas"])
        by = "" if gwp is None else f" × {_decimal(gwp['value'])}"  # noqa: RUF001 - it multiplies
        told.append(f"{_amount(item['mass'], digits=DIGITS)} {item['gas']}{by}")
    if any(item["gas"] != "CO2e" for item in emission["byGas"]):
        told.append(f"by GWP set {emission['gwpSet']}")
    if Decimal(emission["biogenicCo2"]["value"]):
        told.append(f"beside them {_amount(emission['biogenicCo2'])} biogenic CO2")
    return ", ".join(told)


def _anew(anew: dict[str, Any] | None) -> str:
    if anew is None:
        return "can't be worked out"
    if anew["__typename"] == "Refusal":
        return f"can't be worked out: {anew['code']}: {anew['message']}"
    stored = "as stored, to the last digit" if anew["equalsStored"] else "NOT AS STORED"
    return f"{_exact(Decimal(anew['co2e']['value']))} {CO2E} from the above alone: {stored}"


def _sums(found: TotalLineage, console: Console) -> None:
    counted = found.counted
    shown, hidden = sum(len(cell.shown) for cell in counted), sum(cell.hidden for cell in counted)
    total = found.checks()[0]
    rows = (
        (f"{_lines_of(shown)} shown", found.shown_kg),
        (f"{_lines_of(hidden)} not shown", found.hidden_kg),
        ("together", total.anew_kg),
        ("the total, as it is stated", total.said_kg),
    )
    places = max(_places(kg) for _, kg in rows)
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    for what, kg in rows:
        table.add_row(what, f"{_exact(kg, places)} {CO2E}")
    console.print()
    _say(console, "Does it add up?", style="bold")
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    if found.adds_up:
        _say(console, _yes(found), style="bold green")
        return
    for check in found.checks():
        if not check.holds:
            said = f"{check.what} is stated as {_exact(check.said_kg)} {CO2E}"
            sum_of_lines = f"the lines that you may see sum to {_exact(check.anew_kg)} {CO2E}"
            _say(console, f"NO: {said}; {sum_of_lines}.", style="bold red")
    for line in found.differing_lines():
        _say(console, f"NO: line {line['id']} is not what its lineage gives.", style="bold red")
    reasons = ["there are lines that you may not see", "what is stored is wrong"]
    if found.inventory["state"] != "final":
        reasons.insert(1, "it was changed while it was read")
    _say(console, f"Either {', or '.join(reasons)}.", style="red")


def _yes(found: TotalLineage) -> str:
    lines = sum(cell.lines for cell in found.counted)
    shown = sum(len(cell.shown) for cell in found.cells)
    parts = "; so is each scope and category of its own" if len(found.cells) > 1 else ""
    return (
        f"Yes: the total is the sum of its {_lines_of(lines)}, to the last digit{parts}. Worked out anew, the figures"
        f" of the {_lines_of(shown)} shown are as stored."
    )


def _file(row: _Rows, label: str, file: dict[str, Any]) -> None:
    gone = file.get("detachment")
    taken_away = "" if gone is None else f"; taken away by {gone['by']}, {_at(gone['at'])}: {gone['reason']}"
    row(label, f"{file['name']}, attached by {file['attachedBy']}, {_at(file['attachedAt'])}{taken_away}")
    row("SHA-256", file["sha256"])


def _say(console: Console, line: str, *, style: str = "") -> None:
    _print(console, Text(_plain(line), style=style), width=console.width)


def _print(console: Console, text: Text, *, width: int, before: Text | None = None) -> None:
    """Folded to that width, each line after `before`, or its like in spaces, and with nothing invisible at its end."""
    for line in text.wrap(console, width, overflow="fold"):
        line.rstrip()
        console.print(line if before is None else before + line, soft_wrap=True)
        before = None if before is None else Text(" " * len(before))


def _plain(value: str) -> str:
    """Texts are of people and files: none of them steers the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value)


def _exact(kg: Decimal, places: int | None = None) -> str:
    """Every digit, and no zero that says nothing; with as many places as are asked for."""
    return f"{kg:,.{_places(kg) if places is None else places}f}"


def _places(kg: Decimal) -> int:
    return len(format(kg, "f").partition(".")[2].rstrip("0"))


def _decimal(value: str) -> str:
    return _exact(Decimal(value))


def _amount(quantity: dict[str, str], *, digits: int | None = None) -> str:
    value = Decimal(quantity["value"])
    if digits is not None and value:
        value = round(value, digits - 1 - value.adjusted())
    return f"{_exact(value)} {quantity['unit']}"


def _share(kg: Decimal, of: Decimal) -> str:
    return "" if of == 0 else f"{100 * kg / of:.1f} %"


def _lines_of(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _at(value: str) -> str:
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC"


def _period(line: dict[str, Any]) -> str:
    return _days(line["periodStart"], line["periodEnd"])


def _days(start: str, end: str) -> str:
    """From the first day to the last; `end` is the first that no longer belongs to it."""
    last = date.fromisoformat(end) - timedelta(days=1)
    return f"{start} to {last}"
