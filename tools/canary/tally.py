"""What was tried and what was found, as `build/canary.json` has it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Hit", "Tally"]

EXCERPT = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One mark where it must not be."""

    persona: str
    where: str
    """Endpoint and entry, or the log, or the trace."""
    case: str
    """Repeats it alone: `make canary CASE='…'`."""
    mark: str
    of: str
    """Where the mark lives: `service.table.column at location`."""
    excerpt: str
    asked: str = ""

    def __str__(self) -> str:
        lines = (
            f"{self.persona} saw {self.mark} ({self.of})",
            f"  where:  {self.where}",
            f"  case:   {self.case}",
            f"  answer: …{self.excerpt}…",
        )
        return "\n".join((*lines, f"  asked:  {self.asked}") if self.asked else lines)


def excerpt(text: str, place: int) -> str:
    return text[max(0, place - EXCERPT) : place + EXCERPT].replace("\n", " ")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one run."""

    seed: int
    short: bool
    personas: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    """`endpoint Type.field`, arguments and fields of inputs too."""
    paths: set[str] = field(default_factory=set)
    tried: set[tuple[str, int]] = field(default_factory=set)
    """Persona and path, by their hashes."""
    requests: int = 0
    log_lines: int = 0
    spans: int = 0
    events: int = 0
    hits: list[Hit] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What could not be exercised, and what changed though it was refused."""

    @property
    def clean(self) -> bool:
        return not self.hits and not self.problems

    def counts(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "short": self.short,
            "fields": len(self.fields),
            "personas": len(self.personas),
            "paths": len(self.paths),
            "combinations": len(self.tried),
            "requests": self.requests,
            "log_lines": self.log_lines,
            "spans": self.spans,
            "events": self.events,
            "hits": len(self.hits),
            "problems": len(self.problems),
        }

    def write(self, target: Path, *, more: Mapping[str, Any]) -> None:
        document = self.counts() | dict(more)
        document |= {"found": [asdict(hit) for hit in self.hits], "not_exercised": self.problems}
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(document, indent=2) + "\n")

    def __str__(self) -> str:
        counts = "\n".join(f"  {name:<13} {value:>9}" for name, value in self.counts().items())
        parts = [counts, *(f"PROBLEM {problem}" for problem in self.problems), *(f"HIT {hit}" for hit in self.hits)]
        return "\n".join(parts)
