"""What runs, how much memory it takes, and how long it took to start, held against the budget."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from lichen.home import Home

__all__ = ["BUDGET_FIRST_ANSWER_S", "BUDGET_MEMORY_MB", "BUDGET_START_S", "PartStatus", "parts", "rows"]

BUDGET_FIRST_ANSWER_S = 30
BUDGET_START_S = 10
BUDGET_MEMORY_MB = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """One part with everything that it started."""

    part: str
    running: bool
    pid: int | None
    port: int | None
    ready_s: float | None
    memory_mb: float
    """Proportional set size: pages that several processes share are counted once, in shares."""
    resident_mb: float
    """Resident set size: shared pages counted in each process."""


def parts(home: Home) -> list[PartStatus]:
    run = home.read_run()
    found = []
    processes: dict[str, Any] = run.get("parts", {})
    own = {item["pid"] for item in processes.values()}
    for part, item in processes.items():
        tree = _tree(item["pid"], without=own - {item["pid"]})
        found.append(
            PartStatus(
                part=part,
                running=bool(tree),
                pid=item["pid"],
                port=run.get("ports", {}).get(part),
                ready_s=item["ready_s"],
                memory_mb=sum(_proportional_kb(process.pid) for process in tree) / 1000,
                resident_mb=sum(_resident_kb(process.pid) for process in tree) / 1000,
            )
        )
    if run.get("pid"):
        tree = _tree(run["pid"], without=own)
        found.append(
            PartStatus(
                part="supervisor",
                running=bool(tree),
                pid=run["pid"],
                port=None,
                ready_s=None,
                memory_mb=sum(_proportional_kb(process.pid) for process in tree) / 1000,
                resident_mb=sum(_resident_kb(process.pid) for process in tree) / 1000,
            )
        )
    return found


def rows(home: Home) -> dict[str, Any]:
    """The whole status, as `--output json` gives it."""
    run = home.read_run()
    found = parts(home)
    return {
        "parts": [{name: getattr(item, name) for name in PartStatus.__dataclass_fields__} for item in found],
        "memory_mb": sum(item.memory_mb for item in found),
        "resident_mb": sum(item.resident_mb for item in found),
        "identity": run.get("identity"),
        "cold": run.get("cold"),
        "last": run.get("last"),
        "budget": {
            "first_answer_s": BUDGET_FIRST_ANSWER_S,
            "start_s": BUDGET_START_S,
            "memory_mb": BUDGET_MEMORY_MB,
        },
    }


def _tree(pid: int, *, without: set[int]) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        found = [root]
        for child in root.children():
            if child.pid not in without:
                found += _tree(child.pid, without=without)
    except psutil.Error:
        return []
    return found


def _proportional_kb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return _resident_kb(pid)
    return next((float(line.split()[1]) for line in lines if line.startswith("Pss:")), 0.0)


def _resident_kb(pid: int) -> float:
    try:
        resident: int = psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0.0
    return resident / 1024
