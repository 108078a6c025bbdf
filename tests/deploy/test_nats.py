"""The NATS configuration of each target, read by the real server."""

import asyncio
import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest

from contracts.hearing import HEARERS
from tools.k8s.manifests import KubernetesObject

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE_S = 20


def config_map(objects: list[KubernetesObject], name: str) -> dict[str, str]:
    found: dict[str, str] = next(
        o["data"] for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"].startswith(name)
    )
    return found


def environment(objects: list[KubernetesObject]) -> dict[str, str]:
    """As the pod has it."""
    return os.environ | {"POD_NAME": "nats-0"} | config_map(objects, "nats-keys")


def unpack(objects: list[KubernetesObject], folder: Path) -> Path:
    """The ConfigMap as the pod sees it, with the pod's folders moved below `folder`."""
    for name, content in config_map(objects, "nats-settings").items():
        moved = content.replace('"/data"', f'"{folder}/data"').replace("/var/run/nats", str(folder))
        (folder / name).write_text(moved)
    return folder / "nats.conf"


def server() -> str:
    return str(ROOT / ".venv" / "bin" / "nats-server")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize("target", ["base", "small-cluster"])
def test_the_server_accepts_its_configuration(
    rendered: dict[str, list[KubernetesObject]], target: str, tmp_path: Path
) -> None:
    configuration = unpack(rendered[target], tmp_path)

    checked = subprocess.run(
        [server(), "-t", "-c", str(configuration)],
        env=environment(rendered[target]),
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
    assert ("nats-2.nats-peers" in (tmp_path / "cluster.conf").read_text()) == (target == "base")


def test_a_lone_server_of_the_small_cluster_is_ready_syncs_always_and_is_closed(
    rendered: dict[str, list[KubernetesObject]], tmp_path: Path
) -> None:
    configuration = unpack(rendered["small-cluster"], tmp_path)
    monitor = free_port()
    port = free_port()
    address = ["--addr", "127.0.0.1", "--port", str(port), "--http_port", str(monitor)]

    process = subprocess.Popen(
        [server(), "-c", str(configuration), *address],
        env=environment(rendered["small-cluster"]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert ask(monitor, "/healthz?js-server-only=true") == {"status": "ok"}
        assert ask(monitor, "/healthz?js-enabled-only=true") == {"status": "ok"}
        # Every part, the quorum of JetStream's own group included.
        assert ask(monitor, "/healthz") == {"status": "ok"}
        # What the services look at before they publish.
        assert ask(monitor, "/jsz")["config"]["sync_always"] is True
        # Every service has an account with a stream to come; nobody comes in without a key.
        assert ask(monitor, "/jsz")["accounts"] == len(HEARERS)
        with pytest.raises(nats.errors.Error, match="Authorization Violation"):
            asyncio.run(nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False, connect_timeout=5))
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def ask(port: int, path: str) -> Any:
    """The server's answer as soon as it gives one."""
    until = time.monotonic() + DEADLINE_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
