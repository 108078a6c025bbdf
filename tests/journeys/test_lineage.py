"""`lichen lineage` on the whole platform: a total down to its documents, through the gateway and its limits."""

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from lichen.mainjob import operations

YEAR = 2024


def lineage(platform, *words):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
    return subprocess.run(
        [sys.executable, "-m", "lichen.command", "lineage", *words],
        env=kept | {"LICHEN_HOME": str(platform.home)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("location", ["unon", "unhq"])
def test_an_auditor_takes_a_total_apart(platform, location):
    # More lines than the gateway has root fields in one query.
    done = lineage(platform, location, str(YEAR), "--persona", "auditor", "--records", "12", "--output", "json")

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    body = platform.ask(operations.WHOLE_LOCATION, persona="auditor", location=location, year=YEAR)
    total = Decimal(body["data"]["location"]["inventory"]["total"]["value"])
    parts = [part for category in told["categories"] if not category["optional"]
             for part in (category["shownCo2e"], category["notShownCo2e"])]  # fmt: skip
    assert told["addsUp"] is True
    assert sum(Decimal(part["value"]) for part in parts) == Decimal(told["total"]["value"]) == total
    lines = [line for category in told["categories"] for line in category["shown"]]
    assert max(len(category["shown"]) for category in told["categories"]) == 12
    for line in lines:
        assert len(line["lineage"]["source"]["contentHash"]) == 64
        assert line["lineage"]["recomputed"]["equalsStored"] is True


def test_nobody_takes_apart_what_is_not_theirs(platform):
    done = lineage(platform, "unon", str(YEAR), "--persona", "newcomer")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("NOT_FOUND: ")
    done = lineage(platform, "unon", str(YEAR), "--persona", "somebody")
    assert (done.returncode, "There is no persona somebody" in done.stderr) == (1, True)
