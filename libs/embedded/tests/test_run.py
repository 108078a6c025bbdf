"""`python -m embedded run -- command`: the command sees the server; afterwards there is none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

RUN = [sys.executable, "-m", "embedded", "run", "--"]
SERVER = (
    "import os, pathlib; place, port = os.environ['LICHEN_TEST_POSTGRES'].rsplit(':', 1); place = pathlib.Path(place)\n"
)
TELLS_THE_SERVER = SERVER + "print(place, (place / 'data' / 'postmaster.pid').read_text().split()[0], flush=True)\n"

TWO_TESTS = """
import asyncio
import asyncpg
import os
import pytest

async def names(url):
    connection = await asyncpg.connect(url)
    found = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'test_%' AND oid <> "
        "(SELECT oid FROM pg_database WHERE datname = current_database())")
    await connection.close()
    return found

@pytest.mark.parametrize("which", ["first", "second"])
async def test_a_database_is_migrated_empty_and_its_own(which, database_for, postgres_server):
    assert str(postgres_server.port) == os.environ["LICHEN_TEST_POSTGRES"].rsplit(":", 1)[1]
    urls = database_for("targets")
    assert await names(urls.owner) == []
    connection = await asyncpg.connect(urls.owner)
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.execute("CREATE TABLE mine (id int)")
    await connection.close()
"""


def test_the_commands_exit_code_is_ours_and_the_server_ends_with_it(has_ended):
    done = subprocess.run(
        [*RUN, sys.executable, "-c", f"{TELLS_THE_SERVER}exit(7)"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 7, done.stderr
    place, pid = done.stdout.split()
    assert has_ended(int(pid))
    assert not Path(place).parent.exists()


def test_being_told_to_end_ends_the_command_first_and_then_the_server(has_ended):
    command = f"{TELLS_THE_SERVER}import time; time.sleep(600)"
    runner = subprocess.Popen([*RUN, sys.executable, "-c", command], stdout=subprocess.PIPE, text=True)
    place, pid = runner.stdout.readline().split()

    runner.send_signal(signal.SIGTERM)

    assert runner.wait(timeout=30) == 128 + signal.SIGTERM
    assert has_ended(int(pid))
    assert not Path(place).parent.exists()


def test_a_command_that_is_not_there_is_named():
    done = subprocess.run([*RUN, "/nowhere/x"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "/nowhere/x: No such file or directory\n"


def test_each_test_has_a_migrated_database_of_its_own_that_is_dropped(tmp_path):
    (tmp_path / "test_two.py").write_text(TWO_TESTS)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_TEST_")}

    done = subprocess.run(
        [*RUN, sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", tmp_path],
        env=plain,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "2 passed" in done.stdout, done.stdout + done.stderr
