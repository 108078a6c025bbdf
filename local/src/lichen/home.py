"""Where a local run keeps what it has: data, logs, secrets, and what is running now."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

__all__ = ["Home", "Identity"]

REPOSITORY = Path(__file__).resolve().parents[3]


class Identity(StrEnum):
    """Who says who somebody is, in a local run."""

    ISSUER = "issuer"
    KEYCLOAK = "keycloak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """$LICHEN_HOME, by default `.lichen` in the repository."""

    path: Path

    @classmethod
    def of_environment(cls) -> "Home":
        return cls(path=Path(os.environ.get("LICHEN_HOME") or REPOSITORY / ".lichen").resolve())

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)

    def read_run(self) -> dict[str, Any]:
        """What the last run wrote of itself; empty before the first one."""
        path = self.path / "run.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def write_run(self, run: dict[str, Any]) -> None:
        beside = self.path / "run.json.new"
        beside.write_text(json.dumps(run, indent=2))
        beside.replace(self.path / "run.json")

    def secret(self, name: str, *, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        """A secret of this home, made when it is first asked for, readable by its owner alone."""
        path = self.path / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(make())
        return path.read_text()

    @property
    def sample_loaded(self) -> bool:
        return (self.path / "sample-loaded").exists()

    def mark_sample_loaded(self) -> None:
        (self.path / "sample-loaded").touch()
