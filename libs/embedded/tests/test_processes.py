"""Children end when we do, however we end; a lock outlives whoever took it as long as a server lives."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.locks import AlreadyRunning, DirectoryLock
from embedded.ports import free_port, is_free
from embedded.processes import Child, ChildFailed
from embedded.server_user import UserRefused, require_reachable

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise, Linux alone")

STARTS_A_CHILD = """
import sys, time
from pathlib import Path
from embedded.processes import Child
child = Child.start("sleep", ["sleep", "600"], log=Path(sys.argv[1]), environment={"PATH": "/usr/bin:/bin"})
print(child.process.pid, flush=True)
time.sleep(600)
"""

TAKES_THE_LOCK = """
import subprocess, sys, time
from pathlib import Path
from embedded.locks import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]), "A server")
server = subprocess.Popen(["sleep", "600"], pass_fds=[lock.take()])
lock.hand_on(server.pid)
print(server.pid, flush=True)
time.sleep(600)
"""


def shell(script: str, log: Path) -> Child:
    return Child.start("a shell", ["/bin/sh", "-c", script], log=log, environment={"PATH": os.defpath})


@linux
def test_a_child_ends_when_its_starter_is_killed(directory, eventually, has_ended):
    starter = subprocess.Popen([sys.executable, "-c", STARTS_A_CHILD, directory / "log"], stdout=subprocess.PIPE)
    child = int(starter.stdout.readline())
    assert not has_ended(child)

    starter.kill()
    starter.wait()
    starter.stdout.close()

    eventually(lambda: has_ended(child))


def test_stopping_ends_a_child_that_does_not_listen_and_what_it_started(directory, eventually, has_ended):
    child = shell("trap '' TERM; sleep 600 & echo $!; while :; do wait; done", directory / "log")
    eventually(lambda: child.log_end() != "")
    grandchild = int(child.log_end())

    child.stop(by=signal.SIGTERM, deadline_s=0.1)

    assert child.process.returncode == -signal.SIGKILL
    eventually(lambda: has_ended(grandchild))


def test_a_child_that_ended_is_told_with_its_exit_code_and_its_own_last_lines(directory, eventually):
    (directory / "log").write_text("of an earlier run\n")
    child = shell("echo one; echo two; exit 3", directory / "log")
    eventually(lambda: not child.running)

    with pytest.raises(ChildFailed, match=r"a shell ended with exit code 3:\none\ntwo$"):
        child.require_running()
    assert child.log_end(1) == "two"


def test_a_program_that_is_not_there_is_named(directory):
    with pytest.raises(ChildFailed, match="X can't be started as /nowhere/x"):
        Child.start("X", ["/nowhere/x"], log=directory / "log", environment={})


def test_a_lock_lives_as_long_as_the_server_and_not_as_its_starter(directory, eventually, has_ended):
    starter = subprocess.Popen([sys.executable, "-c", TAKES_THE_LOCK, directory], stdout=subprocess.PIPE)
    server = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    starter.stdout.close()

    with pytest.raises(AlreadyRunning, match=rf"A server runs in .* already \(process {server}\); stop it first"):
        DirectoryLock(directory, "A server").take()

    os.kill(server, signal.SIGKILL)
    eventually(lambda: has_ended(server))
    again = DirectoryLock(directory, "A server")
    again.take()
    again.release()


def test_a_port_is_free_until_somebody_listens():
    port = free_port()
    assert is_free(port)

    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)


def test_a_directory_that_the_servers_user_cannot_enter_is_named(directory):
    place = directory / "closed" / "open" / "pg"
    place.mkdir(parents=True)
    require_reachable(place, "nobody")

    (directory / "closed").chmod(0o700)

    with pytest.raises(UserRefused, match=f"{directory}/closed can't be entered"):
        require_reachable(place, "nobody")
