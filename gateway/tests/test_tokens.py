"""Who is let through, and what of the caller reaches the services."""

import hmac
import json
import time
from base64 import urlsafe_b64encode

import pytest

CALLER = "{ caller { authorization traceparent tracestate userId } }"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_without_a_token_the_caller_is_anonymous(gateway):
    answer = gateway.ask(CALLER)

    assert answer["data"]["caller"]["authorization"] is None


def test_a_good_token_reaches_the_service(gateway, issuer):
    headers = issuer.bearer()

    assert gateway.ask(CALLER, headers=headers)["data"]["caller"]["authorization"] == headers["authorization"]


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        (lambda now: {"exp": now - 60, "iat": now - 300}, "expired beyond the leeway"),
        ({"aud": "another-api"}, "for another audience"),
        ({"aud": None}, "for no audience"),
        ({"aud": ["lichen-api-local", "account"]}, "for another audience as well"),
        ({"iss": "http://127.0.0.1:1/realms/other"}, "from another issuer"),
        ({"typ": "ID"}, "an ID token"),
        ({"typ": "Refresh"}, "a refresh token"),
        ({"typ": None}, "of no type"),
        ({"sub": None}, "of nobody"),
        (lambda now: {"exp": now + 86_400}, "living a day"),
        ({"exp": 253_402_300_799}, "living for ever"),
        (lambda now: {"exp": str(now + 300)}, "with a text as time"),
        (lambda now: {"nbf": now + 120}, "not valid yet"),
        (lambda now: {"iat": now + 120, "exp": now + 300}, "issued in the future"),
    ],
)
def test_a_token_is_refused_that_is(gateway, issuer, claims, why):
    # Times count from now: cases are collected long before their turn.
    values = claims(int(time.time())) if callable(claims) else claims

    response = gateway.post(CALLER, headers=issuer.bearer(**values))

    assert response.status_code == 401, why
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_TOKEN"
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert "data" not in response.json()


def encoded(header: dict[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


def test_tokens_with_forged_signatures_are_refused(gateway, issuer):
    other_key = type(issuer.key).generate_key(2048, auto_kid=True)
    good = issuer.token()
    header, payload, _ = good.split(".")
    public_key_as_secret = f"{encoded({'alg': 'HS256', 'kid': issuer.key.kid})}.{payload}"
    mac = hmac.digest(issuer.key.as_pem(private=False), public_key_as_secret.encode(), "sha256")
    forged = {
        "none": f"{encoded({'alg': 'none'})}.{payload}.",
        "signature left out": f"{header}.{payload}.",
        "public key as secret": f"{public_key_as_secret}.{urlsafe_b64encode(mac).decode().rstrip('=')}",
        "another algorithm": issuer.token(header={"alg": "RS512"}),
        "another key": issuer.token(key=other_key),
        "another key that it brings along": issuer.token(
            key=other_key, header={"jwk": other_key.as_dict(private=False)}
        ),
        "unknown kid": issuer.token(key=other_key, header={"kid": "../../dev/null"}),
        "changed": good[:-8] + ("A" * 8 if not good.endswith("A" * 8) else "B" * 8),
        "not a token": "abc",
    }

    answers = {
        name: gateway.post(CALLER, headers={"authorization": f"Bearer {token}"}) for name, token in forged.items()
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(forged, 401)
    messages = {answer.json()["errors"][0]["message"] for answer in answers.values()}
    assert len(messages) == 1


def test_a_scheme_other_than_bearer_is_refused(gateway):
    assert gateway.post(CALLER, headers={"authorization": "Basic dXNlcjpwYXNz"}).status_code == 401


@pytest.mark.ours
def test_unknown_keys_do_not_make_the_gateway_ask_the_issuer_again_and_again(start, issuer):
    fresh = start()
    fresh.ask(CALLER, headers=issuer.bearer())
    asked = len(issuer.asked)
    other_key = type(issuer.key).generate_key(2048, auto_kid=True)

    for number in range(20):
        fresh.post(
            CALLER, headers={"authorization": f"Bearer {issuer.token(key=other_key, header={'kid': str(number)})}"}
        )

    assert len(issuer.asked) == asked


@pytest.mark.ours
def test_without_the_issuer_a_token_is_not_called_invalid(start, closed_port, issuer):
    alone = start(LICHEN_ISSUER=f"http://127.0.0.1:{closed_port}/realms/lichen-local")

    response = alone.post(CALLER, headers=issuer.bearer())

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "IDENTITY_UNAVAILABLE"
    assert alone.post(CALLER).status_code == 200


def test_an_incoming_trace_is_carried_on(gateway):
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "vendor=1"}

    caller = gateway.ask(CALLER, headers=headers)["data"]["caller"]

    version, trace, span, flags = caller["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span != "00f067aa0ba902b7"
    assert caller["tracestate"] == "vendor=1"


@pytest.mark.parametrize("sent", [{}, {"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"}, {"traceparent": "x"}])
@pytest.mark.ours
def test_without_a_valid_trace_one_begins(gateway, sent):
    traceparent = gateway.ask(CALLER, headers=sent)["data"]["caller"]["traceparent"]

    assert traceparent.split("-")[1] not in {"0" * 32, ""}
    assert len(traceparent) == 55


@pytest.mark.ours
def test_an_error_carries_the_trace(gateway):
    answer = gateway.ask("{ nothing }", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})

    assert answer["errors"][0]["extensions"]["traceId"] == TRACE


def test_headers_that_claim_to_know_the_user_do_not_pass(gateway):
    assert gateway.ask(CALLER, headers={"x-user-id": "coordinator"})["data"]["caller"]["userId"] is None
