"""Starts `python -m issuer` for real."""

import subprocess
import sys
from pathlib import Path


def start_issuer(folder: Path, *, environment: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """A process of its own and the URL that its banner names; it answers from then on."""
    process = subprocess.Popen(
        [sys.executable, "-m", "issuer"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "http://" in line:
            return process, line.strip()
    raise AssertionError(f"no banner, exit code {process.wait()}")
