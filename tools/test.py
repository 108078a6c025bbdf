"""Run the tests: everything on embedded PostgreSQL and NATS, each service in an environment that has only itself.

`tools/test.py` runs all; `tools/test.py inventory` one service; `tools/test.py tests/journeys` a folder.
The environment of a service shows an import that its pyproject does not declare.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
SERVICES = ("inventory", "targets", "offsets", "reporting", "access")
LIBRARIES = ("contracts", "libs/quantities", "libs/chassis", "libs/embedded")


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


def run(name: str, python: Path, *paths: str) -> tuple[str, int, int, float]:
    """One pytest run; returns its name, exit code, tests passed, and seconds."""
    started = time.monotonic()
    process = subprocess.Popen(
        [str(python), "-m", "pytest", *paths], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    passed = 0
    if process.stdout is not None:
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := re.search(r"(\d+) passed", line):
                passed = int(found[1])
    return name, process.wait(), passed, time.monotonic() - started


def plan(wanted: list[str]) -> list[tuple[str, Path, list[str]]]:
    root_python = BIN / "python"
    if wanted:
        return [
            (item, service_environment(item), [f"services/{item}/tests"])
            if item in SERVICES
            else (item, root_python, [item])
            for item in wanted
        ]
    services = [(service, service_environment(service), [f"services/{service}/tests"]) for service in SERVICES]
    libraries = ["libs", "contracts", "identity", "local", "gateway", "tests"]
    return [*services, ("platform", root_python, [path for path in libraries if any((ROOT / path).rglob("test_*.py"))])]


def inner(wanted: list[str]) -> int:
    results = [run(name, python, *paths) for name, python, paths in plan(wanted)]
    print()
    for name, code, passed, seconds in results:
        print(f"  {name:<12} {passed:>5} passed {seconds:>7.1f} s" + ("" if code == 0 else f"   FAILED (exit {code})"))
    failed = sum(code != 0 for _, code, _, _ in results)
    print(f"{sum(passed for _, _, passed, _ in results)} passed, {failed} failed")
    return 1 if failed else 0


def main() -> None:
    if "--inner" in sys.argv:
        sys.exit(inner([argument for argument in sys.argv[1:] if argument != "--inner"]))
    # One PostgreSQL for the whole run, with a database for each test; NATS starts in a blink, a server for each module.
    command = [str(BIN / "python"), "-m", "embedded", "run", "--", sys.executable, __file__, "--inner", *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
