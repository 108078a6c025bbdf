"""The whole platform, started as a user starts it, with the main job played once for all journeys.

With LICHEN_TEST_IDENTITY=keycloak, on the real Keycloak.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from embedded.ports import free_port
from embedded.scratch import scratch_parent
from lichen.personas import Tokens
from tools.collector import Collector

ROOT = Path(__file__).resolve().parents[2]
START_DEADLINE_S = 300
IDENTITY = os.environ.get("LICHEN_TEST_IDENTITY", "issuer")


@dataclass(slots=True, kw_only=True)
class Started:
    """A `lichen up` that is up."""

    home: Path
    process: "subprocess.Popen[str]"
    printed: str
    run: dict[str, Any]
    collector: Collector
    tokens: Tokens
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def ask(self, query: str, *, persona: str | None, headers: dict[str, str] | None = None, **variables: Any) -> Any:
        """The answer's body."""
        sent = dict(headers or {})
        if persona is not None:
            sent["authorization"] = f"Bearer {self.tokens.of(persona)}"
        answer = self.client.post(self.run["gateway"], json={"query": query, "variables": variables}, headers=sent)
        return answer.json()

    @property
    def trace_id(self) -> str:
        return re.search(r"one trace: ([0-9a-f]{32})", self.printed)[1]

    def pids(self) -> set[int]:
        return {part["pid"] for part in self.run["parts"].values()} | {self.run["pid"]}


def start(home: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
    return subprocess.Popen(
        [sys.executable, "-m", "lichen.command", "up", *arguments],
        cwd=ROOT,
        env=kept | {"LICHEN_HOME": str(home), "PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def printed_until(process: "subprocess.Popen[str]", ends: tuple[str, ...]) -> str:
    """What it prints, up to a line that begins with one of these, or its end."""
    lines = []
    deadline = time.monotonic() + START_DEADLINE_S
    for line in process.stdout:
        lines.append(line)
        if line.startswith(ends) or time.monotonic() > deadline:
            break
    return "".join(lines)


def gone(pids: set[int], *, within_s: float = 30) -> bool:
    """Whether all of these processes end in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() and not _is_zombie(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="session")
def homes() -> Iterator[Path]:
    """A folder that the unprivileged PostgreSQL can enter too."""
    with tempfile.TemporaryDirectory(prefix="lichen-journeys-", dir=scratch_parent()) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture(scope="session")
def platform(homes: Path) -> Iterator[Started]:
    collector = Collector()
    endpoint = collector.start()
    home = homes / "main"
    process = start(
        home, "--identity", IDENTITY, LICHEN_GATEWAY_PORT=str(free_port()), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint
    )
    printed = printed_until(process, ("Up.", "Lichen stops"))
    assert "Up. Ctrl-C stops it." in printed, printed + (process.stdout.read() if process.poll() is not None else "")
    run = json.loads((home / "run.json").read_text())
    started = Started(
        home=home, process=process, printed=printed, run=run, collector=collector, tokens=Tokens(issuer=run["issuer"])
    )
    yield started
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    collector.stop()
