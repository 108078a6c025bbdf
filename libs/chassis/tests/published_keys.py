"""An issuer that publishes keys, and tokens of every sort."""

import hmac
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

# It says no `alg`: which one is ours must be the verifier's own knowledge.
OURS = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one"})


def signed_with_the_public_key(token: str, public: bytes) -> str:
    """The classic confusion: HS256 with the RSA public key as the secret, made by hand as libraries refuse to."""
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    signed = header + b"." + token.split(".")[1].encode()
    signature = urlsafe_b64encode(hmac.new(public, signed, "sha256").digest()).rstrip(b"=")
    return (signed + b"." + signature).decode()


def signed_by(key: RSAKey, token: str, **header: Any) -> str:
    """The token's claims under another header, signed by hand, as libraries refuse to."""
    head = urlsafe_b64encode(orjson.dumps({"alg": "RS256", "kid": "one"} | header)).rstrip(b"=")
    content = head + b"." + token.split(".")[1].encode()
    digest = hashes.SHA384() if header.get("alg") == "RS384" else hashes.SHA256()
    scheme = padding.PSS(padding.MGF1(digest), 32) if header.get("alg") == "PS256" else padding.PKCS1v15()
    signature = urlsafe_b64encode(key.private_key.sign(content, scheme, digest)).rstrip(b"=")
    return (content + b"." + signature).decode()


class Issuer:
    """Publishes a key set, and counts how often it is fetched."""

    def __init__(self) -> None:
        self.keys = [OURS]
        self.fetches = 0
        self.broken = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                if issuer.broken:
                    self.send_error(503)
                    return
                body = orjson.dumps(KeySet(issuer.keys).as_dict(private=False))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/lichen-local"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = int(time.time())
        good = {
            "iss": self.url, "aud": "lichen-api-local", "typ": "Bearer", "sub": "7", "preferred_username": "ana",
            "iat": now, "exp": now + 300, "groups": ["/locations/secretariat/unon/technical-team"],
        }  # fmt: skip
        body = {name: value for name, value in (good | claims).items() if value is not None}
        return jwt.encode(header or {"alg": "RS256", "kid": "one"}, body, key or self.keys[0])
