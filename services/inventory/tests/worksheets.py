"""`quantify` as somebody runs it: lines in, and what it prints read again."""

import io
import json
from collections.abc import Mapping
from typing import Any

from inventory.commands import quantify

__all__ = ["EPA", "GOOD", "answered", "problems_of", "refused", "run", "the_line"]

Run = tuple[int, str, str]
EPA = {
    "per": "us_gallon", "co2": "10.21 kg", "ch4": "0.41 g", "n2o": "0.08 g",
    "publisher": "US EPA", "document": "GHG Emission Factors Hub 2025", "table": "table 1", "year": 2025,
}  # fmt: skip
GOOD = {"category": "heating_fuel", "item": "distillate no 2", "amount": 100, "unit": "us_gallon", "factor": EPA}


def run(lines: Any, *options: str) -> Run:
    content = lines if isinstance(lines, bytes) else json.dumps(lines).encode()
    out, err = io.StringIO(), io.StringIO()
    code = quantify.main(["-", *options], stdin=io.BytesIO(content), stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


def answered(lines: Any, *options: str) -> dict[str, Any]:
    code, out, err = run(lines, "--format", "json", *options)
    assert (code, err) == (0, ""), out
    return json.loads(out)


def the_line(line: Mapping[str, Any], *options: str) -> dict[str, Any]:
    (found,) = answered([line], *options)["lines"]
    return found


def problems_of(lines: Any, *options: str) -> list[tuple[int, str, str]]:
    code, out, _ = run(lines, "--format", "json", *options)
    assert code == 1
    assert "totals" not in out
    assert "emissions" not in out
    return [(item["line"], item["column"], item["code"]) for item in json.loads(out)["problems"]]


def refused(lines: Any, *options: str) -> str:
    code, out, _ = run(lines, "--format", "json", *options)
    assert code == 1
    return json.loads(out)["refused"]["code"]
