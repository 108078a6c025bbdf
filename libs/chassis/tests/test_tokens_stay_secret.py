"""No token, nor a part of one, in what a service says; and one answer to every bad one."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forged_tokens import STRANGER, signed_by, signed_with_the_public_key
from joserfc.jwk import RSAKey

from embedded.issuer import TestIssuer

SPEAKS = Path(__file__).with_name("speaks.py")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """What was sent, what came back, and what the service said meanwhile."""
    issuer = TestIssuer()
    issuer.away = True
    now = int(time.time())
    stranger = issuer.token(key=STRANGER)
    good = [issuer.token(jti="good"), issuer.token(groups=[f"/locations/l{n}/technical-team" for n in range(40)])]
    bad = [
        stranger,
        "not-a-token-but-long-enough-to-be-found",
        f"{good[0]}{'A' * 20_000}",
        f"{good[0].rsplit('.', 1)[0]}.",
        signed_with_the_public_key(good[0], issuer.keys[0].as_pem(private=False)),
        signed_by(STRANGER, good[0], jwk=STRANGER.as_dict(private=False)),
        signed_by(issuer.keys[0], good[0], alg="RS384"),
        issuer.token(key=RSAKey.generate_key(2048), header={"alg": "RS256", "kid": "unknown"}),
        issuer.token(iss="https://other.example.org/realms/lichen"),
        issuer.token(aud=["lichen-api-local", "account"]),
        issuer.token(aud=None),
        issuer.token(typ="ID"),
        issuer.token(sub=None),
        issuer.token(exp=now - 60, iat=now - 100),
        issuer.token(exp=now + 86_400),
        issuer.token(nbf=now + 600),
        issuer.token(exp=str(now)),
        issuer.token(groups=[f"/locations/l{n}/technical-team" for n in range(41)]),
    ]
    headers = [{"authorization": f"Bearer {token}"} for token in [*good, *bad]]
    headers += [{"authorization": text} for text in (f"Basic {good[0]}", f"bearer  {good[0]}", "Bearer", "")]
    answers = tmp_path_factory.mktemp("spoken") / "answers.json"
    done = subprocess.run(
        [sys.executable, str(SPEAKS), str(answers)],
        input="\n".join(map(json.dumps, headers)),
        env=os.environ
        | {
            "LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "postgresql://x/y", "LICHEN_NATS_URL": "nats://x",
            "LICHEN_ISSUER": issuer.url, "LICHEN_AUDIENCE": "lichen-api-local",
            "LICHEN_INTROSPECTION_SECRET": "the-secret-of-introspection",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )  # fmt: skip
    issuer.stop()
    found = json.loads(answers.read_text())
    return [*good, *bad], found[: len(good)], found[len(good) :], done.stdout + done.stderr


def test_neither_logs_nor_traces_have_a_token_or_a_part_of_one(spoken):
    tokens, _, _, said = spoken

    assert said.count('"event":"token refused"') > 10
    assert said.count('"event":"bug"') == said.count('"event":"introspection failed: refused"') == 2
    assert '"name": "graphql operation"' in said  # spans
    assert "DEBUG:" in said  # the libraries' own
    parts = {part for token in tokens for part in token.split(".") if len(part) > 15}
    assert len(parts) > 30
    assert [part for part in parts if part in said] == []
    assert re.findall(r"eyJ[A-Za-z0-9_-]{8,}", said) == []
    assert "the-secret-of-introspection" not in said


def test_a_bug_tells_the_caller_nothing_of_the_token(spoken):
    tokens, accepted, _, _ = spoken

    assert [answer["status"] for answer in accepted] == [200, 200]
    assert not [part for token in tokens for part in token.split(".") if len(part) > 15 and part in str(accepted)]


def test_every_bad_token_gets_one_and_the_same_answer(spoken):
    _, _, refused, _ = spoken

    assert len(refused) > 20
    assert {answer["status"] for answer in refused} == {401}
    first = refused[0]
    assert first["body"]["errors"][0]["extensions"]["code"] == "INVALID_TOKEN"
    assert [answer for answer in refused if answer != first] == []
