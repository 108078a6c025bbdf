"""What `quantify` answers: every line with its emissions and lineage, and the totals, exact; or a table, rounded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from inventory.domain.quantification import NOT_SPLIT_BY_GAS
from inventory.domain.rows import Problem
from inventory.domain.uncertainty import Interval
from inventory.domain.worksheet import Line, Rules
from inventory.domain.worksheet_scope2 import BothFigures
from inventory.uncertainty.propagation import propagated
from inventory.uncertainty.simulation import collapsed
from quantities import GwpSet, Quantity, Unit

__all__ = ["Answer", "as_document", "as_tables", "problems_as_document", "problems_as_table"]

_EXACT_DIGITS = 80
_PLACES = Decimal("0.001")
_SMALL = Decimal(1)
_DIGITS_OF_SMALL = 4
Figure = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Lines that were quantified, by these rules."""

    lines: Sequence[Line]
    scope_2: BothFigures | None
    rules: Rules
    factors_from: str
    left_out: Sequence[Problem]
    """Problems of lines that are not among them, where a part was asked for."""


def as_document(answer: Answer) -> dict[str, Any]:
    """All of it with units, figures as exact decimal text."""
    return {
        "by": {
            "gwp_set": answer.rules.gwp_set.name,
            "edition": answer.rules.edition.name,
            "factors": answer.factors_from,
            "place": {"country": answer.rules.place.country, "grid": answer.rules.place.grid},
            "year": answer.rules.year,
        },
        "lines": [_line(line, gwp_set=answer.rules.gwp_set) for line in answer.lines],
        "totals": _totals(answer.lines),
        "scope_2": None if answer.scope_2 is None else _scope_2(answer.scope_2),
        "left_out": problems_as_document(answer.left_out),
    }


def problems_as_document(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "sheet": problem.sheet,
            "line": problem.row,
            "column": problem.column,
            "value": problem.value,
            "code": problem.code.value,
            "reason": problem.reason,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def _line(line: Line, *, gwp_set: GwpSet) -> dict[str, Any]:
    found = line.quantification
    period = line.period
    return {
        "sheet": line.source.sheet,
        "line": line.source.row,
        "site": line.site,
        "category": line.category.value,
        "item": line.reading.item,
        "scope": line.category.scope,
        "optional": line.category.is_optional if found is None else found.coefficient.is_optional,
        "period": None if period is None else {"start": str(period.start), "end": str(period.end)},
        "amount": _quantity(line.reading.amount),
        "stated": {"form": line.reading.form.name, **dict(line.reading.stated.inputs)},
        "quality": None if line.quality is None else line.quality.value,
        "note": line.note,
        "emissions": None
        if found is None
        else {
            "co2e": _figure(found.co2e_kg, "kgCO2e"),
            "by_gas": {gas: _figure(kg, "kg") for gas, kg in found.kg_by_gas.items()},
            "biogenic_co2": _figure(found.biogenic_co2_kg, "kg"),
            "interval": _interval(_interval_of([line])),
        },
        "uncertainty": {
            "amount_percent": None if line.amount_percent is None else _plain(line.amount_percent),
            "factor_percent": None if line.factor_percent is None else _plain(line.factor_percent),
        },
        "lineage": None if found is None else _lineage(line, gwp_set=gwp_set),
    }


def _lineage(line: Line, *, gwp_set: GwpSet) -> dict[str, Any]:
    """Enough to work the line out again by hand: the factor as published, the conversion, the GWPs."""
    found = line.quantification
    if found is None:
        return {}
    coefficient, factor = found.coefficient, line.factor
    per = Unit.KILOGRAM if factor is None else factor.unit
    gases = [gas for gas in coefficient.kg_per_unit_by_gas if gas in gwp_set.gases or gas in gwp_set.blends]
    return {
        "factor_id": coefficient.factor_id,
        "release": coefficient.factor_release,
        "explanation": coefficient.explanation,
        "publisher": None if factor is None else factor.publisher,
        "document": None if factor is None else factor.document,
        "table": None if factor is None else factor.table,
        "year": None if factor is None else factor.year,
        "licence": None if factor is None else factor.licence,
        "place": None if factor is None else factor.place,
        "published_as": None if factor is None else factor.published_as,
        "conversion": {
            "from": _figure(Decimal(1), coefficient.unit),
            "to": _quantity(Quantity(Decimal(1), coefficient.unit).to(per)),
        },
        "coefficient": {
            "per": coefficient.unit.value,
            "co2e": _figure(coefficient.co2e_kg_per_unit, "kgCO2e"),
            "by_gas": {gas: _figure(kg, "kg") for gas, kg in coefficient.kg_per_unit_by_gas.items()},
            "biogenic_co2": _figure(coefficient.biogenic_co2_kg_per_unit, "kg"),
        },
        "gwp_set": coefficient.gwp_set,
        "gwp": {gas: _gwp(gas, gwp_set=gwp_set) for gas in gases},
    }


def _gwp(gas: str, *, gwp_set: GwpSet) -> dict[str, str]:
    published = gwp_set.gases.get(gas)
    citation = gwp_set.blends[gas].citation if published is None else published.citation
    return {**_figure(gwp_set.gwp(gas), "kgCO2e/kg"), "citation": citation}


def _totals(lines: Sequence[Line]) -> dict[str, Any]:
    counted = [line for line in lines if _is_counted(line)]
    apart = [line for line in lines if line.quantification is not None and not _is_counted(line)]
    by_gas: dict[str, Decimal] = {}
    for line in counted:
        if line.quantification is not None:
            for gas, kg in line.quantification.kg_by_gas.items():
                by_gas[gas] = _sum([by_gas.get(gas, Decimal(0)), kg])
    return {
        "co2e": _co2e(counted),
        "by_scope": {str(scope): _co2e(of) for scope, of in _grouped(counted, by="scope").items()},
        "by_category": {category: _co2e(of) for category, of in _grouped(counted, by="category").items()},
        "by_gas": {gas: _figure(kg, "kg") for gas, kg in sorted(by_gas.items())},
        "optional": _co2e(apart),
        "optional_by_category": {category: _co2e(of) for category, of in _grouped(apart, by="category").items()},
        # Of optional lines too: it is beside the total in any case.
        "biogenic_co2": _figure(
            _sum(line.quantification.biogenic_co2_kg for line in lines if line.quantification is not None), "kg"
        ),
        "interval": _interval(_interval_of(counted)),
    }


def _scope_2(found: BothFigures) -> dict[str, Any]:
    """The total holds the location-based figure; the other stands beside it."""
    return {
        "location_based": _figure(found.location_based_kg, "kgCO2e"),
        "market_based": _figure(found.market_based_kg, "kgCO2e"),
        "parts": [
            {
                "line": int(part.location_id.removeprefix("line ")),
                "amount": _figure(part.kwh, Unit.KILOWATT_HOUR),
                "co2e": _figure(part.co2e_kg, "kgCO2e"),
                "basis": part.basis.value,
                "explanation": part.explanation,
            }
            for part in found.parts
        ],
        "excess": [
            {"amount": _figure(item.kwh, Unit.KILOWATT_HOUR), "explanation": item.explanation} for item in found.excess
        ],
    }


def _is_counted(line: Line) -> bool:
    return line.quantification is not None and not line.quantification.coefficient.is_optional


def _grouped(lines: Iterable[Line], *, by: str) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        key = str(line.category.scope) if by == "scope" else line.category.value
        found.setdefault(key, []).append(line)
    return dict(sorted(found.items()))


def _co2e(lines: Iterable[Line]) -> Figure:
    kg = (line.quantification.co2e_kg for line in lines if line.quantification is not None)
    return _figure(_sum(kg), "kgCO2e")


def _sum(values: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=_EXACT_DIGITS):
        return sum(values, start=Decimal(0))


def _interval_of(lines: Sequence[Line]) -> Interval | None:
    """By approach 1. Lines of one factor are wrong together, so its errors are added before they are squared."""
    factors: dict[tuple[str, Decimal | None], int] = {}
    co2e, amounts, of = [], [], []
    for line in lines:
        if line.quantification is None:
            continue
        question = (line.quantification.coefficient.factor_id, line.factor_percent)
        of.append(factors.setdefault(question, len(factors)))
        co2e.append(float(line.quantification.co2e_kg))
        amounts.append(np.nan if line.amount_percent is None else float(line.amount_percent))
    if not of:
        return None
    groups, total = collapsed(
        co2e_kg=np.array(co2e),
        amount_percent=np.array(amounts),
        factor=np.array(of, dtype=np.intp),
        factor_percent=np.array([np.nan if percent is None else float(percent) for _, percent in factors]),
    )
    return propagated(groups, all_co2e_kg=total)


def _interval(found: Interval | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "low": _figure(found.low_kg, "kgCO2e"),
        "high": _figure(found.high_kg, "kgCO2e"),
        "percent": _plain(found.percent),
        "of": _figure(found.co2e_kg, "kgCO2e"),
        "covered_percent": _plain(found.covered_percent),
        "confidence_percent": "95",
        "approach": "IPCC 2006 Guidelines, volume 1, chapter 3, approach 1",
    }


def _quantity(quantity: Quantity) -> Figure:
    return _figure(quantity.value, quantity.unit)


def _figure(value: Decimal, unit: str) -> Figure:
    return {"value": _plain(value), "unit": str(unit)}


def _plain(number: Decimal) -> str:
    # Not `normalize`: that would round to the digits of the context.
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(text: str) -> str:
    """As a table shows a figure: to a gram, or to four digits where that would be too little; half to even."""
    number = Decimal(text)
    if number and abs(number) < _SMALL:
        shown = f"{number:.{_DIGITS_OF_SMALL}g}"
        return f"{Decimal(shown):f}"
    return f"{number.quantize(_PLACES):,}".replace(",", " ")


def as_tables(answer: Answer) -> str:
    """For people: rounded, and said so."""
    document = as_document(answer)
    by = document["by"]
    place = "/".join(part for part in by["place"].values() if part) or "anywhere"
    about = (
        f"CO2e by {by['gwp_set']}; method's edition {by['edition']}; factors: {by['factors']}; place: {place}"
        " unless a line says otherwise. Rounded here; --format json has every digit."
    )
    parts = [
        about,
        _lines_table(document["lines"]),
        _totals_table(document["totals"]),
        _scope_2_text(document["scope_2"]),
        _lineage_text(document["lines"]),
    ]
    if answer.left_out:
        parts.append(f"Left out, with {len(answer.left_out)} problem(s): see above.")
    return "\n\n".join(part for part in parts if part)


def _lines_table(lines: Sequence[Mapping[str, Any]]) -> str:
    head = ("line", "category", "item", "amount", "scope", "kgCO2e", "± %", "biogenic kgCO2", "kg of each gas")
    rows = []
    for line in lines:
        found = line["emissions"]
        amount = f"{line['amount']['value']} {line['amount']['unit']}"
        scope = f"{line['scope']}{' optional' if line['optional'] else ''}"
        head_of_row = (str(line["line"]), line["category"], line["item"], amount, scope)
        if found is None:
            rows.append((*head_of_row, "none counted", "", "", ""))
            continue
        gases = ", ".join(f"{gas} {_rounded(figure['value'])}" for gas, figure in found["by_gas"].items())
        interval = found["interval"]
        percent = "" if interval is None else _rounded(interval["percent"])
        biogenic = _rounded(found["biogenic_co2"]["value"])
        rows.append((*head_of_row, _rounded(found["co2e"]["value"]), percent, biogenic, gases))
    return _table(head, rows, right=frozenset({0, 3, 5, 6, 7}))


def _totals_table(totals: Mapping[str, Any]) -> str:
    rows = [("total", _rounded(totals["co2e"]["value"]), "kgCO2e")]
    rows += [(f"  scope {scope}", _rounded(of["value"]), of["unit"]) for scope, of in totals["by_scope"].items()]
    rows += [(f"  {name}", _rounded(of["value"]), of["unit"]) for name, of in totals["by_category"].items()]
    rows += [(f"  {_gas(gas)}", _rounded(of["value"]), of["unit"]) for gas, of in totals["by_gas"].items()]
    rows += [
        (f"optional, apart: {name}", _rounded(of["value"]), of["unit"])
        for name, of in totals["optional_by_category"].items()
    ]
    rows.append(("biogenic CO2, beside", _rounded(totals["biogenic_co2"]["value"]), "kg"))
    interval = totals["interval"]
    text = _table(("", "", ""), rows, right=frozenset({1}))
    if interval is None:
        return f"{text}\n\nNo interval: no line states the uncertainty of both its amount and its factor."
    low, high = _rounded(interval["low"]["value"]), _rounded(interval["high"]["value"])
    return (
        f"{text}\n\n95 % interval, {interval['approach']}: {low} to {high} kgCO2e"
        f" (± {_rounded(interval['percent'])} %), of the {_rounded(interval['covered_percent'])} % of the total"
        " whose uncertainty is stated."
    )


def _scope_2_text(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    location, market = (_rounded(found[name]["value"]) for name in ("location_based", "market_based"))
    parts = [f"  line {part['line']}: {part['explanation']}" for part in found["parts"]]
    excess = [f"  {item['explanation']}" for item in found["excess"]]
    head = f"scope 2: {location} kgCO2e location-based, as in the total; {market} kgCO2e market-based, beside it"
    # Without an instrument the parts say no more than the lines.
    is_plain = not excess and all(part["basis"] == "location_based" for part in found["parts"])
    return "\n".join((head, *(() if is_plain else (*parts, *excess))))


def _gas(gas: str) -> str:
    return "CO2e, not split by gas" if gas == NOT_SPLIT_BY_GAS else gas


def _lineage_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """One paragraph a factor, with the lines that it is behind."""
    behind: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        lineage = line["lineage"]
        if lineage is None:
            continue
        to = lineage["conversion"]["to"]
        per = lineage["coefficient"]["per"]
        conversion = "" if to["unit"] == per else f" 1 {per} = {to['value']} {to['unit']}."
        behind.setdefault((lineage["factor_id"], f"{lineage['explanation']}{conversion}"), []).append(str(line["line"]))
    return "\n".join(
        f"line {', '.join(numbers)}: [{factor_id}] {text}" for (factor_id, text), numbers in behind.items()
    )


def problems_as_table(problems: Iterable[Problem]) -> str:
    rows = [(str(item.row), item.column, item.code.value, item.reason, item.hint) for item in problems]
    return _table(("line", "column", "code", "what is wrong", "what to do"), rows, right=frozenset({0}))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int]) -> str:
    every = [head, *rows] if any(head) else list(rows)
    widths = [max(len(row[number]) for row in every) for number in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    )
