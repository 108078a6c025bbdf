"""The issuer as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from issuer_process import start_issuer

LOCAL = {"LICHEN_ENV": "local", "LICHEN_ISSUER_PORT": "0"}
DEADLINE_S = 20


def test_process_listens_on_loopback_alone_writes_nothing_and_stops_cleanly(tmp_path: Path) -> None:
    process, url = start_issuer(tmp_path, environment=LOCAL | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)})
    try:
        answer = httpx.get(f"{url}/.well-known/openid-configuration", timeout=DEADLINE_S)
        listening = psutil.Process(process.pid).net_connections(kind="all")
        through_proxy = httpx.get(f"{url}/protocol/openid-connect/certs", headers={"X-Forwarded-For": "127.0.0.1"})
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(DEADLINE_S)

    assert answer.json()["issuer"] == url
    assert "server" not in answer.headers
    assert {each.laddr.ip for each in listening if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert through_proxy.status_code == 403
    assert list(tmp_path.iterdir()) == []
    assert code == 0


@pytest.mark.parametrize(
    "environment",
    [
        {},
        LOCAL | {"LICHEN_ENV": "production"},
        LOCAL | {"LICHEN_DATABASE_URL": "postgresql://u:hush@db.example.org/inventory"},
        LOCAL | {"LICHEN_ISSUER_PERSONAS": "/nowhere/personas.json"},
    ],
)
def test_process_refuses_to_start_and_says_why(tmp_path: Path, environment: dict[str, str]) -> None:
    ended = run_issuer(tmp_path, environment)

    assert ended.returncode == 78
    assert ended.stderr.startswith("The development issuer does not start:")
    assert "hush" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_process_says_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_issuer(tmp_path, LOCAL | {"LICHEN_ISSUER_PORT": str(port)})

    assert ended.returncode == 78
    assert f"Port {port}" in ended.stderr


def test_process_keeps_the_port_that_it_was_given(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    process, url = start_issuer(tmp_path, environment=LOCAL | {"LICHEN_ISSUER_PORT": str(port)})
    process.terminate()

    assert process.wait(DEADLINE_S) == 0
    assert urlsplit(url).port == port


def run_issuer(folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "issuer"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
