"""`lichen quantify`: the command of inventory under the platform's own, with nothing of a server in it."""

import json
import subprocess
import sys

LINES = b"category,item,year,amount,unit\nvehicle_fuel,diesel,2024,10,litre\n"
WITHOUT_A_SERVER = """
import sys
from lichen.command import main
sys.argv[1:] = ["quantify", "-", "--format", "json"]
try:
    main()
except SystemExit as ended:
    assert ended.code == 0, ended.code
loaded = {"sqlalchemy", "asyncpg", "nats", "httpx", "fastapi", "strawberry"} & sys.modules.keys()
assert not loaded, loaded
"""


def run(*arguments: str, lines: bytes = LINES) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "lichen.command", "quantify", *arguments]
    # An empty environment: no settings, no address of anything.
    return subprocess.run(command, input=lines, capture_output=True, env={}, check=False)


def test_it_quantifies_without_settings() -> None:
    done = run("-", "--format", "json")

    assert (done.returncode, done.stderr) == (0, b"")
    # UN factor of 2023: 0.0026265 tCO2e per litre.
    assert json.loads(done.stdout)["totals"]["co2e"] == {"value": "26.265", "unit": "kgCO2e"}


def test_nothing_that_speaks_to_a_database_or_a_network_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_SERVER], input=LINES, capture_output=True, env={}, check=False
    )

    assert done.returncode == 0, done.stderr.decode()


def test_exit_codes_and_help_are_the_commands_own() -> None:
    assert run("-", lines=b"category\ncars\n").returncode == 1
    assert run().returncode == 2
    assert run("--help").returncode == 0
    assert b"--factors" in run("--help").stdout
