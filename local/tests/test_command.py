"""The command before anything runs, and while the platform is still starting."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from embedded.ports import free_port
from lichen.home import Home
from lichen.personas import personas


@pytest.fixture
def home():
    """A folder that the unprivileged PostgreSQL can enter too."""
    made = Path(tempfile.mkdtemp(prefix="lichen-command-", dir="/tmp" if os.geteuid() == 0 else None))  # noqa: S108
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def lichen(home, *arguments):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
    return subprocess.Popen(
        [sys.executable, "-m", "lichen.command", *arguments],
        env=kept | {"LICHEN_HOME": str(home), "LICHEN_GATEWAY_PORT": str(free_port())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def eventually(look):
    deadline = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def started_parts(process):
    """Its processes, once PostgreSQL is among them."""
    try:
        found = psutil.Process(process.pid).children(recursive=True)
        return found if any(child.name() == "postgres" for child in found) else []
    except psutil.NoSuchProcess:  # one ended while we looked, as initdb's do
        return []


def has_ended(part):
    try:
        return part.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_stop_while_starting_stops_at_once_and_leaves_nothing(home, how):
    process = lichen(home, "up")
    parts = eventually(lambda: started_parts(process))

    process.send_signal(how)
    printed, _ = process.communicate(timeout=60)

    assert process.returncode == 0, printed
    assert printed.endswith("\nStopping in order.\nStopped.\n")
    assert "The gateway answered" not in printed
    assert not (home / "pg" / "data" / "postmaster.pid").exists(), "PostgreSQL was killed, not stopped"
    eventually(lambda: all(has_ended(part) for part in parts))


def test_a_second_start_is_refused_while_the_first_is_still_starting(home):
    first = lichen(home, "up")
    eventually(lambda: (home / "lock").exists() and (home / "lock").read_text() == str(first.pid))

    second = lichen(home, "up")
    printed, _ = second.communicate(timeout=60)

    assert second.returncode == 1
    assert f"Lichen stops: this home runs already, as process {first.pid}" in printed
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=60) == 0


def test_the_command_says_when_nothing_runs(home):
    for arguments in (["status"], ["token", "unon-technical"]):
        process = lichen(home, *arguments)
        assert "Nothing runs" in process.communicate(timeout=60)[0]


def test_who_asks_for_the_token_of_nobody_is_told_whose_there_are(home):
    process = lichen(home, "token", "nobody")
    printed, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "Traceback" not in printed
    assert printed.startswith("There is no persona nobody. There are ")
    assert all(name in printed for name, _, _ in personas())


def test_a_secret_is_made_once_and_is_its_owners_alone(home):
    secret = Home(path=home).secret("introspection")

    assert Home(path=home).secret("introspection") == secret
    assert len(secret) >= 32
    assert stat.S_IMODE((home / "secrets" / "introspection").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700


def test_asking_for_help_imports_nothing_heavy():
    heavy = "{'asyncpg', 'httpx', 'keycloak', 'lichen.platform', 'nats', 'psutil', 'strawberry'}"
    script = f"import sys, lichen.command; print({heavy} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
