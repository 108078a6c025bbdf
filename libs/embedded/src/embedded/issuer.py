"""An issuer for tests of what services do with tokens: keys, and introspection whose answers the test decides."""

import json
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

__all__ = ["AUDIENCE", "TestIssuer"]

AUDIENCE = "lichen-api-local"
# It says no `alg`: which one is ours must be the verifier's own knowledge.
OURS = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


class TestIssuer:
    """Signs tokens, publishes its key set, counts how often it is asked."""

    __test__ = False

    def __init__(self) -> None:
        self.keys = [OURS]
        self.fetches = 0
        self.introspections = 0
        self.away = False
        """Whether introspection answers with 503."""
        self.keys_away = False
        """Whether the key set does."""
        self.secret: str | None = None
        """What introspection wants of who asks, where a test says."""
        self._claims: dict[str, dict[str, Any]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                if issuer.keys_away:
                    self._answer(503, {})
                else:
                    self._answer(200, KeySet(list(issuer.keys)).as_dict(private=False))

            def do_POST(self) -> None:
                issuer.introspections += 1
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                if issuer.away:
                    self._answer(503, {})
                elif issuer.secret not in (None, *form.get("client_secret", ())):
                    self._answer(401, {})
                else:
                    self._answer(200, issuer._claims.get(form["token"][0], {"active": False}))

            def _answer(self, status: int, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/lichen-local"

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good token, but for the claims that are given; None leaves one out. Introspection says the same of it."""
        now = int(time.time())
        good = {
            "iss": self.url, "aud": AUDIENCE, "typ": "Bearer", "sub": "7", "preferred_username": "ana",
            "iat": now, "exp": now + 300, "groups": ["/locations/secretariat/unon/technical-team"],
        }  # fmt: skip
        body = {name: value for name, value in (good | claims).items() if value is not None}
        token: str = jwt.encode(header or {"alg": "RS256", "kid": "one"}, body, key or self.keys[0])
        self._claims[token] = {"active": True} | body
        return token

    def revoke(self, token: str) -> None:
        """As after log-out, or for a user who is disabled."""
        del self._claims[token]

    def regroup(self, token: str, groups: Sequence[str]) -> None:
        """Give its holder other rights."""
        self._claims[token] |= {"groups": list(groups)}

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
