"""Directories that PostgreSQL's user can enter when we are root, and waiting for what other processes do."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def directory() -> Iterator[Path]:
    yield from make_directory()


@pytest.fixture(scope="module")
def module_directory() -> Iterator[Path]:
    yield from make_directory()


def make_directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lichen-embedded-", dir="/tmp" if os.geteuid() == 0 else None))  # noqa: S108
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait


@pytest.fixture
def has_ended() -> Callable[[int], bool]:
    def look(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    return look
