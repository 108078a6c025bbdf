"""Contract with any identity provider: systems of other UN entities, their proofs and their scopes."""

import hmac
import json
import time
import uuid
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from identity_provider import IdentityProvider, claims_of, good, refused
from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OURS = {"lichen.read", "lichen.enter"}


async def scopes_of(idp: IdentityProvider, answer: httpx.Response) -> set[str]:
    """Those of ours, as the access token says."""
    claims = await claims_of(idp, good(answer)["access_token"])
    return set(str(claims["scope"]).split()) & OURS


async def unep(idp: IdentityProvider, **form: str) -> httpx.Response:
    return await idp.token(client_id="ext-unep", client_secret=idp.unep_secret, grant_type="client_credentials", **form)


def assertion(idp: IdentityProvider, key: ECKey, *, header: dict[str, str] | None = None, **changes: Any) -> str:
    """A good one, with changes; a change to None leaves the claim out."""
    now = int(time.time())
    claims = {
        "iss": "ext-undp",
        "sub": "ext-undp",
        "aud": idp.url,
        "iat": now,
        "exp": now + 30,
        "jti": str(uuid.uuid4()),
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(header or {"alg": "ES256", "kid": str(key.kid)}, kept, key, algorithms=["ES256"])


async def undp(idp: IdentityProvider, signed: str, **form: str) -> httpx.Response:
    return await idp.token(
        grant_type="client_credentials", client_assertion_type=ASSERTION_TYPE, client_assertion=signed, **form
    )


async def test_a_machine_reads_by_default_and_enters_when_it_asks(idp: IdentityProvider) -> None:
    assert await scopes_of(idp, await unep(idp)) == {"lichen.read"}
    assert await scopes_of(idp, await unep(idp, scope="lichen.enter")) == OURS


async def test_a_scope_that_a_machine_was_not_allowed_is_refused(idp: IdentityProvider, undp_key: ECKey) -> None:
    refused(await unep(idp, scope="lichen.everything"), "invalid_scope")
    refused(await undp(idp, assertion(idp, undp_key), scope="lichen.enter"), "invalid_scope")


async def test_a_person_gets_no_scope_of_machines(idp: IdentityProvider) -> None:
    answer = await idp.token(
        client_id="lichen-cli", grant_type="password", username="auditor", password="auditor", scope="lichen.read"
    )

    refused(answer, "invalid_scope")


async def test_a_signed_assertion_gets_a_machine_its_token(idp: IdentityProvider, undp_key: ECKey) -> None:
    answer = await undp(idp, assertion(idp, undp_key))

    claims = await claims_of(idp, good(answer)["access_token"])
    assert claims["azp"] == "ext-undp"
    assert claims["preferred_username"] == "service-account-ext-undp"
    assert claims["aud"] in (idp.audience, [idp.audience])
    assert claims["groups"] == ["/locations/secretariat/escwa/external-system"]
    assert await scopes_of(idp, answer) == {"lichen.read"}
    assert "refresh_token" not in answer.json()


async def test_the_token_endpoint_is_an_audience_too(idp: IdentityProvider, undp_key: ECKey) -> None:
    assert good(await undp(idp, assertion(idp, undp_key, aud=idp.at("token"))))


async def test_an_assertion_works_once(idp: IdentityProvider, undp_key: ECKey) -> None:
    signed = assertion(idp, undp_key)

    first, second = await undp(idp, signed), await undp(idp, signed)

    assert good(first)
    refused(second, "invalid_client")


NOW = int(time.time())


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://example.org"},
        {"aud": None},
        {"aud": ["https://example.org"]},
        {"iss": "ext-unep"},
        {"sub": "ext-unep"},
        {"sub": None},
        {"exp": NOW - 120, "iat": NOW - 150},
        {"exp": None},
        # A long life alone is no reason for Keycloak to refuse; it goes by the age as well, so the effect is the same.
        {"exp": NOW + 86_400, "iat": NOW - 300},
        {"exp": NOW + 86_400, "iat": None},
        {"iat": NOW + 3600, "exp": NOW + 3630},
        {"iat": NOW + 3600},
        {"jti": None},
    ],
)
async def test_an_assertion_with_a_wrong_claim_is_refused(
    idp: IdentityProvider, undp_key: ECKey, changes: dict[str, Any]
) -> None:
    refused(await undp(idp, assertion(idp, undp_key, **changes)), "invalid_client", 400, 401)
    refused(await undp(idp, assertion(idp, undp_key, **changes), client_id="ext-undp"), "invalid_client", 400, 401)


async def test_an_assertion_signed_by_another_key_is_refused(idp: IdentityProvider, undp_key: ECKey) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": undp_key.kid})
    forged = {
        "another key of that id": assertion(idp, stranger),
        "another key of another id": assertion(idp, stranger, header={"alg": "ES256", "kid": "other"}),
        "the public key as a secret": signed_with_the_public_key(assertion(idp, undp_key), undp_key),
        "no token": "x.y.z",
    }

    for how, signed in forged.items():
        answer = await undp(idp, signed, client_id="ext-undp")
        assert answer.json().get("error") == "invalid_client", how


def signed_with_the_public_key(signed: str, key: ECKey) -> str:
    """By hand, as libraries refuse to."""
    header = urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": key.kid}).encode()).rstrip(b"=")
    content = header + b"." + signed.split(".")[1].encode()
    signature = urlsafe_b64encode(hmac.new(key.as_pem(private=False), content, "sha256").digest()).rstrip(b"=")
    return (content + b"." + signature).decode()


async def test_a_client_with_keys_has_no_secret(idp: IdentityProvider) -> None:
    for secret in ("", "ext-undp", "**********"):
        answer = await idp.token(client_id="ext-undp", client_secret=secret, grant_type="client_credentials")
        assert answer.json()["error"] in {"invalid_client", "unauthorized_client"}, secret
    refused(await idp.token(client_id="ext-undp", grant_type="client_credentials"), "invalid_client")


async def test_an_assertion_of_one_client_does_not_serve_another(idp: IdentityProvider, undp_key: ECKey) -> None:
    for client in ("ext-unep", "lichen-cli"):
        answer = await undp(idp, assertion(idp, undp_key), client_id=client)
        assert answer.json()["error"] in {"invalid_client", "unauthorized_client"}, client
