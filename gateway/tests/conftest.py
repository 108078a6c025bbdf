"""The subgraphs, the issuer and the gateway that the suite runs against.

Another engine can be put in the gateway's place: `--gateway-url` names one that is already running in front of the
subgraphs on `--subgraph-port` and `--subgraph-port` + 1 and trusts the issuer on `--subgraph-port` + 2. Tests marked
`ours` check what only the Node gateway has and are left out then.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from embedded.processes import Child

sys.path.insert(0, str(Path(__file__).parent))

import gateway_subgraphs
from gateway_harness import AUDIENCE, FOLDER, NODE, START_TIMEOUT_S, Gateway, Issuer, node, served, until


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--gateway-url", help="an engine that is already running, instead of the Node gateway")
    parser.addoption("--subgraph-port", type=int, default=0, help="first of the three ports that it expects")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ours: what only the Node gateway has")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--gateway-url"):
        for item in items:
            if item.get_closest_marker("ours"):
                item.add_marker(pytest.mark.skip(reason="another engine is under test"))


@pytest.fixture(scope="session")
def first_port(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--subgraph-port")


@pytest.fixture(scope="session")
def subgraphs(first_port: int) -> Iterator[dict[str, str]]:
    """The addresses of the running subgraphs, by name."""
    second_port = first_port and first_port + 1
    with (
        served(gateway_subgraphs.application(gateway_subgraphs.inventory), first_port) as inventory,
        served(gateway_subgraphs.application(gateway_subgraphs.offsets), second_port) as offsets,
    ):
        yield {
            "inventory": f"http://127.0.0.1:{inventory}/graphql",
            "offsets": f"http://127.0.0.1:{offsets}/graphql",
        }


@pytest.fixture(scope="session")
def issuer(first_port: int) -> Iterator[Issuer]:
    key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    asked: list[str] = []

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", first_port and first_port + 2), Keys)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Issuer(url=f"http://127.0.0.1:{server.server_port}/realms/lichen-local", key=key, asked=asked)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    (folder / "inventory.graphql").write_text(gateway_subgraphs.inventory.as_str())
    (folder / "offsets.graphql").write_text(gateway_subgraphs.offsets.as_str())
    return folder


@pytest.fixture(scope="session")
def supergraph(schemas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    composed = tmp_path_factory.mktemp("composed") / "supergraph.graphql"
    assert node("compose.mjs", "--from", schemas, "--to", composed).returncode == 0
    return composed


@pytest.fixture(scope="session")
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


Start = Callable[..., Gateway]


@pytest.fixture(scope="session")
def environment(subgraphs: dict[str, str], issuer: Issuer, supergraph: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LICHEN_", "OTEL_", "NODE_"))}
    addresses = {f"LICHEN_SUBGRAPH_{name.upper()}_URL": url for name, url in subgraphs.items()}
    return (
        kept
        | addresses
        | {
            "LICHEN_ENV": "local",
            "LICHEN_GATEWAY_PORT": "0",
            "LICHEN_ISSUER": issuer.url,
            "LICHEN_AUDIENCE": AUDIENCE,
            "LICHEN_GATEWAY_SUPERGRAPH": str(supergraph),
        }
    )


@contextmanager
def starter(environment: dict[str, str], folder: Path) -> Iterator[Start]:
    """Starts Node gateways that live until it is left; `Start` takes LICHEN_… and other variables, and settings."""
    running: list[Child] = []

    def started(*, settings: dict[str, Any] | None = None, **variables: str) -> Gateway:
        log = folder / f"{len(running)}.log"
        if settings is not None:
            path = folder / f"{len(running)}.json"
            path.write_text(json.dumps(settings))
            variables["LICHEN_GATEWAY_SETTINGS"] = str(path)
        command = [str(NODE), str(FOLDER / "server.mjs")]
        child = Child.start("the gateway", command, log=log, environment=environment | variables)
        running.append(child)

        def address() -> str | None:
            lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
            child.require_running()
            return next((line["address"] for line in lines if line["event"] == "ready"), None)

        return Gateway(url=until(address).removesuffix("/graphql"), process=child.process, log=log)

    try:
        yield started
    finally:
        for child in running:
            child.stop(by=signal.SIGTERM, deadline_s=START_TIMEOUT_S)


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """For the test's own gateways, which end with it."""
    with starter(environment, tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def start_for_module(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    with starter(environment, tmp_path_factory.mktemp("gateways")) as start:
        yield start


ROOMY = {"anonymous": {"per_second": 10_000, "burst": 10_000}, "signed_in": {"per_second": 10_000, "burst": 10_000}}


@pytest.fixture(scope="session")
def gateway(
    request: pytest.FixtureRequest,
    subgraphs: dict[str, str],
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gateway]:
    """The one that most tests ask."""
    del subgraphs, issuer  # they must run whichever engine it is
    if url := request.config.getoption("--gateway-url"):
        yield Gateway(url=url)
        return
    with starter(request.getfixturevalue("environment"), tmp_path_factory.mktemp("gateway")) as start:
        yield start(settings={"rates": ROOMY})


@pytest.fixture(scope="module")
def gateway_without_offsets(start_for_module: Start, closed_port: int) -> Gateway:
    away = f"http://127.0.0.1:{closed_port}/graphql"
    return start_for_module(settings={"rates": ROOMY}, LICHEN_SUBGRAPH_OFFSETS_URL=away)


@pytest.fixture(scope="module")
def gateway_without_inventory(start_for_module: Start, closed_port: int) -> Gateway:
    away = f"http://127.0.0.1:{closed_port}/graphql"
    return start_for_module(settings={"rates": ROOMY}, LICHEN_SUBGRAPH_INVENTORY_URL=away)


@pytest.fixture(scope="module")
def production(start_for_module: Start) -> Gateway:
    return start_for_module(
        settings={"rates": ROOMY},
        LICHEN_ENV="production",
        LICHEN_ISSUER="https://identity.example.org/realms/lichen",
        LICHEN_AUDIENCE="lichen-api",
    )
