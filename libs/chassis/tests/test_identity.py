import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from chassis.access import ANONYMOUS
from chassis.identity import Identity, InvalidToken
from chassis.settings import ServiceSettings

OURS = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one"})


def signed_with_the_public_key(token: str, public: bytes) -> str:
    """The classic confusion: HS256 with the RSA public key as the secret, made by hand as libraries refuse to."""
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    signed = header + b"." + token.split(".")[1].encode()
    signature = urlsafe_b64encode(hmac.new(public, signed, "sha256").digest()).rstrip(b"=")
    return (signed + b"." + signature).decode()


class Issuer:
    """Publishes a key set, and counts how often it is fetched."""

    def __init__(self) -> None:
        self.keys = [OURS]
        self.fetches = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                body = orjson.dumps(KeySet(issuer.keys).as_dict(private=False))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/lichen-local"

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = int(time.time())
        good = {
            "iss": self.url, "aud": "lichen-api-local", "typ": "Bearer", "sub": "7", "preferred_username": "ana",
            "iat": now, "exp": now + 300, "groups": ["/locations/secretariat/unon/technical-team"],
        }  # fmt: skip
        body = {name: value for name, value in (good | claims).items() if value is not None}
        return jwt.encode(header or {"alg": "RS256", "kid": "one"}, body, key or self.keys[0])


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


@pytest.fixture
def identity(issuer: Issuer) -> Identity:
    return Identity(
        ServiceSettings(
            env="local",
            database_url="postgresql://x/y",
            nats_url="nats://x",
            issuer=issuer.url,
            audience="lichen-api-local",
        )
    )


async def test_a_good_token_names_its_holder_and_grants(identity, issuer):
    principal = await identity.principal(f"Bearer {issuer.token()}")

    assert principal.name == "ana"
    assert [(grant.role, grant.location_id) for grant in principal.grants] == [("technical-team", "unon")]


async def test_no_token_is_anonymous(identity):
    assert await identity.principal(None) is ANONYMOUS


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1/realms/other"},
        {"aud": "account"},
        {"aud": ["lichen-api-local", "account"]},
        {"aud": None},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": None},
        {"sub": None},
        {"exp": NOW - 31, "iat": NOW - 100},
        {"exp": NOW + 3600},
        {"exp": str(NOW + 60)},
        {"exp": 253402300799},
        {"iat": NOW + 6000, "exp": NOW + 6060},
        {"nbf": NOW + 6000},
        {"groups": [f"/locations/secretariat/l{n}/technical-team" for n in range(41)]},
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(identity, issuer, claims):
    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {issuer.token(**claims)}")


async def test_a_token_of_the_last_30_seconds_still_passes(identity, issuer):
    token = issuer.token(exp=int(time.time()) - 20, iat=int(time.time()) - 100)

    assert (await identity.principal(f"Bearer {token}")).name == "ana"


async def test_forged_tokens_are_refused(identity, issuer):
    public = issuer.keys[0].as_pem(private=False)
    none = issuer.token().rsplit(".", 1)[0] + "."
    forged = [
        issuer.token(key=STRANGER),
        issuer.token(key=STRANGER, header={"alg": "RS256", "kid": "../../dev/null"}),
        none,
        "eyJhbGciOiJub25lIn0." + issuer.token().split(".")[1] + ".",
        "not-a-token",
        "a" * 20_000,
    ]
    forged.append(signed_with_the_public_key(issuer.token(), public))

    for token in forged:
        with pytest.raises(InvalidToken):
            await identity.principal(f"Bearer {token}")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi"])
async def test_another_scheme_is_refused(identity, header):
    with pytest.raises(InvalidToken):
        await identity.principal(header)


async def test_a_flood_of_unknown_keys_does_not_reach_the_issuer(identity, issuer):
    await identity.principal(f"Bearer {issuer.token()}")
    for number in range(20):
        with pytest.raises(InvalidToken):
            await identity.principal(
                f"Bearer {issuer.token(key=STRANGER, header={'alg': 'RS256', 'kid': f'unknown {number}'})}"
            )

    assert issuer.fetches == 1


async def test_the_issuer_being_down_refuses_tokens_and_not_the_anonymous(identity, issuer):
    token = issuer.token()
    issuer.server.shutdown()
    issuer.server.server_close()

    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {token}")
    assert await identity.principal(None) is ANONYMOUS
