"""Run the tests: everything on embedded PostgreSQL and NATS, each service in an environment that has only itself.

`tools/test.py` runs all; `tools/test.py inventory` one service; `tools/test.py tests/journeys` a folder.
The environment of a service shows an import that its pyproject does not declare.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from contracts.catalogue import SERVICES

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
LIBRARIES = ("contracts", "libs/quantities", "libs/chassis", "libs/embedded")
OTHERS = ("libs", "contracts", "identity", "local")
CANARY = "tests/canary"
LANES = 2
"""Suites at once: most tests wait for a server more than they work, and two fill two cores."""


def service_environment(service: str) -> Path:
    """An environment with one service, its libraries and pytest; made anew when its lock changed."""
    home = ROOT / "build" / "environments" / service
    lock = (ROOT / "locks" / f"{service}-test.txt").read_text()
    stamp = home / "lock.txt"
    if not stamp.exists() or stamp.read_text() != lock:
        uv = [str(BIN / "uv")]
        python = str(home / "bin" / "python")
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", str(BIN / "python"), str(home)], check=True)
        install = [*uv, "pip", "install", "--quiet", "--python", python]
        subprocess.run([*install, "--require-hashes", "-r", f"locks/{service}-test.txt"], cwd=ROOT, check=True)
        members = [flag for member in (*LIBRARIES, f"services/{service}") for flag in ("-e", f"./{member}")]
        subprocess.run([*install, "--no-deps", *members], cwd=ROOT, check=True)
        stamp.write_text(lock)
    return home / "bin" / "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One pytest run."""

    name: str
    python: Callable[[], Path]
    """Makes the environment too, where it must."""
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    name: str
    code: int
    passed: int
    seconds: float


def run(suite: Suite, *, aloud: bool) -> Outcome:
    """Run it; its words come as they are said, or at its end where others run beside it."""
    python = suite.python()
    started = time.monotonic()
    process = subprocess.Popen(
        [str(python), "-m", "pytest", *suite.paths],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    passed, said = 0, [f"{suite.name}:\n"]
    for line in process.stdout or ():
        if aloud:
            print(line, end="", flush=True)
        said.append(line)
        if found := re.search(r"(\d+) passed", line):
            passed = int(found[1])
    code = process.wait()
    if not aloud:
        print("".join(said), flush=True)
    return Outcome(name=suite.name, code=code, passed=passed, seconds=time.monotonic() - started)


def suite_named(name: str) -> Suite:
    if name in SERVICES:
        return Suite(name=name, python=lambda: service_environment(name), paths=(f"services/{name}/tests",))
    return Suite(name=name, python=lambda: BIN / "python", paths=(name,))


def every_suite() -> list[Suite]:
    """The longest first, that none is left over at the end."""
    together = [f"tests/{path.name}" for path in sorted((ROOT / "tests").iterdir()) if any_test(path)]
    rest = tuple(path for path in together if path != CANARY)
    return [
        Suite(name="tests", python=lambda: BIN / "python", paths=rest),
        suite_named(CANARY),
        suite_named("gateway"),
        *map(suite_named, SERVICES),
        Suite(
            name="libs", python=lambda: BIN / "python", paths=tuple(item for item in OTHERS if any_test(ROOT / item))
        ),
    ]


def any_test(path: Path) -> bool:
    return any(path.rglob("test_*.py"))


def inner(wanted: list[str]) -> int:
    suites = [suite_named(name) for name in wanted] or every_suite()
    lanes = 1 if wanted else LANES
    with ThreadPoolExecutor(max_workers=lanes) as pool:
        outcomes = list(pool.map(lambda suite: run(suite, aloud=lanes == 1), suites))
    print()
    for found in outcomes:
        failed = "" if found.code == 0 else f"   FAILED (exit {found.code})"
        print(f"  {found.name:<16} {found.passed:>5} passed {found.seconds:>7.1f} s{failed}")
    failures = sum(found.code != 0 for found in outcomes)
    print(f"{sum(found.passed for found in outcomes)} passed, {failures} failed")
    return 1 if failures else 0


def main() -> None:
    if "--inner" in sys.argv:
        sys.exit(inner([argument for argument in sys.argv[1:] if argument != "--inner"]))
    # One PostgreSQL for the whole run, with a database for each test; NATS starts in a blink, a server for each module.
    command = [str(BIN / "python"), "-m", "embedded", "run", "--", sys.executable, __file__, "--inner", *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
