"""What the bench says: a table for people, the same as JSON for programs, and how quiet the machine was."""

import json
import os
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tools.bench.measure import Result

__all__ = ["Machine", "table", "write"]

QUIET_LOAD = 1.0
QUIET_CORES = 0.2


def table(results: Sequence[Result]) -> str:
    """`±` is half the way from the lowest run to the highest, in percent of the median."""
    lines = [
        f"{'measure':<23}{'ours':>10}{'±%':>5}{'reference':>11}{'±%':>5}  {'unit':<9}{'ratio':>7}{'runs':>6}  against"
    ]
    lines += [
        f"{item.name:<23}{item.ours:>10,.1f}{_spread(item.ours_runs):>5.0f}{item.reference:>11,.1f}"
        f"{_spread(item.reference_runs):>5.0f}  {item.unit:<9}{item.ratio:>#7.3g}{item.runs:>6}  {item.against}"
        for item in results
    ]
    lines.append("ratio: our cost in costs of the reference; 1 is equal, more is dearer.")
    return "\n".join(lines)


def _spread(runs: Sequence[float]) -> float:
    return (max(runs) - min(runs)) / 2 / sorted(runs)[len(runs) // 2] * 100


def write(results: Sequence[Result], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(item) for item in results], indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the machine had done at one moment."""

    at_s: float
    load: float
    """Average of the last minute."""
    busy_s: float
    """Seconds of all cores in which they worked, for whomever, hypervisor's other guests included."""
    own_s: float
    """As above, for us and for our children that have ended."""

    @classmethod
    def now(cls) -> "Machine":
        cpu = psutil.cpu_times()
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return cls(
            at_s=time.monotonic(),
            load=os.getloadavg()[0],
            busy_s=sum(cpu) - cpu.idle - getattr(cpu, "iowait", 0.0),
            own_s=sum(usage.ru_utime + usage.ru_stime for usage in usages),
        )

    def told_since(self, before: "Machine") -> str:
        """How long it took and who else was at work; call it when every child has ended."""
        seconds = self.at_s - before.at_s
        others_cores = max(0.0, (self.busy_s - before.busy_s) - (self.own_s - before.own_s)) / seconds
        line = (
            f"{seconds:.0f} s; load average {before.load:.1f} before and {self.load:.1f} after;"
            f" others kept {others_cores:.2f} of {os.cpu_count()} cores busy meanwhile."
        )
        if before.load > QUIET_LOAD or others_cores > QUIET_CORES:
            line += "\nThe machine was not quiet: trust no figure of this run, and its ratios only if they are large."
        return line
