"""Where tests keep what is gone after them."""

import os
import shutil
from pathlib import Path

import pytest

from embedded import scratch

NOWHERE = Path("/nowhere/at/all")


def test_it_is_in_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "ROOM_BYTES", 1)
    assert scratch.scratch_parent() == str(tmp_path)


@pytest.mark.parametrize("wrong", ["no such directory", "little room"])
def test_it_is_the_usual_place_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", NOWHERE if wrong == "no such directory" else tmp_path)
    monkeypatch.setattr(scratch, "ROOM_BYTES", shutil.disk_usage(tmp_path).total + 1 if wrong == "little room" else 1)
    assert scratch.scratch_parent() == ("/tmp" if os.geteuid() == 0 else None)  # noqa: S108 - as it says itself
