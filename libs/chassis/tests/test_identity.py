import asyncio
import time

import pytest
from forged_tokens import STRANGER, signed_by, signed_with_the_public_key
from joserfc.jwk import RSAKey

from chassis import identity as module
from chassis.access import ANONYMOUS
from chassis.identity import Identity, InvalidToken
from chassis.testing import settings_for
from embedded.issuer import TestIssuer


@pytest.fixture
def identity(issuer: TestIssuer) -> Identity:
    return Identity(settings_for(issuer=issuer.url))


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
        {"iss": None},
        {"iss": ["ours"]},
        {"aud": "account"},
        {"aud": "lichen-api"},
        {"aud": "LICHEN-API-LOCAL"},
        {"aud": "lichen-api-local account"},
        {"aud": ["lichen-api-local", "account"]},
        {"aud": ["account", "lichen-api-local"]},
        {"aud": ["lichen-api-local", "lichen-api-local"]},
        {"aud": []},
        {"aud": {"lichen-api-local": True}},
        {"aud": None},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": "bearer"},
        {"typ": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": NOW - 31, "iat": NOW - 100},
        {"exp": NOW + 3600},
        {"exp": str(NOW + 60)},
        {"exp": NOW + 60.5},
        {"exp": True},
        {"exp": None},
        {"exp": 253402300799},
        {"exp": NOW + 901, "iat": NOW},
        {"iat": None},
        {"iat": str(NOW)},
        {"iat": NOW + 6000, "exp": NOW + 6060},
        {"nbf": NOW + 6000},
        {"nbf": str(NOW)},
        {"groups": [f"/locations/secretariat/l{n}/technical-team" for n in range(41)]},
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(identity, issuer, claims):
    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {issuer.token(**claims)}")


@pytest.mark.parametrize("change", [lambda url: url + "/", lambda url: url + "-other", lambda url: url.upper()])
async def test_an_issuer_that_is_nearly_ours_is_refused(identity, issuer, change):
    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {issuer.token(iss=change(issuer.url))}")


@pytest.mark.parametrize(
    ("claims", "passes"),
    [
        ({"exp": -30, "iat": -100}, True),
        ({"exp": -31, "iat": -100}, False),
        ({"iat": 30}, True),
        ({"iat": 31}, False),
        ({"nbf": 30}, True),
        ({"nbf": 31}, False),
        ({"exp": 900, "iat": 0}, True),
        ({"exp": 901, "iat": 0}, False),
        ({"exp": 0, "iat": 0}, False),
    ],
)
async def test_times_are_judged_to_the_second(identity, issuer, monkeypatch, claims, passes):
    monkeypatch.setattr(module.time, "time", lambda: float(NOW))
    times = {"iat": NOW, "exp": NOW + 300} | {name: NOW + seconds for name, seconds in claims.items()}
    token = issuer.token(**times)

    if passes:
        assert (await identity.principal(f"Bearer {token}")).name == "ana"
    else:
        with pytest.raises(InvalidToken):
            await identity.principal(f"Bearer {token}")


async def test_a_token_that_was_verified_once_ends_all_the_same(identity, issuer, monkeypatch):
    token = issuer.token(iat=NOW, exp=NOW + 300)
    now = float(NOW)
    monkeypatch.setattr(module.time, "time", lambda: now)
    await identity.principal(f"Bearer {token}")

    now += 331
    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {token}")


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
        "..",
        # A key of the sender's own, or the way to it, in the header.
        signed_by(STRANGER, issuer.token(), jwk=STRANGER.as_dict(private=False)),
        signed_by(STRANGER, issuer.token(), jku="http://127.0.0.1:1/keys"),
        signed_by(STRANGER, issuer.token(), x5u="http://127.0.0.1:1/chain"),
        signed_by(STRANGER, issuer.token(), x5c=["MIIB"]),
        signed_by(STRANGER, issuer.token(), kid="' OR 1=1 --"),
        signed_by(STRANGER, issuer.token(), kid="../../../etc/passwd"),
        signed_by(STRANGER, issuer.token(), kid=["one"]),
        # Our key, but not our algorithm.
        signed_by(issuer.keys[0], issuer.token(), alg="RS384"),
        signed_by(issuer.keys[0], issuer.token(), alg="PS256"),
        # Extensions that must be understood, and are not.
        signed_by(issuer.keys[0], issuer.token(), crit=["exp"]),
        signed_by(issuer.keys[0], issuer.token(), b64=False, crit=["b64"]),
    ]
    forged.append(signed_with_the_public_key(issuer.token(), public))

    for token in forged:
        with pytest.raises(InvalidToken):
            await identity.principal(f"Bearer {token}")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi"])
async def test_another_scheme_is_refused(identity, header):
    with pytest.raises(InvalidToken):
        await identity.principal(header)


def unknown(issuer: TestIssuer, number: int) -> str:
    return issuer.token(key=STRANGER, header={"alg": "RS256", "kid": f"unknown {number}"})


async def refused(identity: Identity, token: str) -> bool:
    try:
        await identity.principal(f"Bearer {token}")
    except InvalidToken:
        return True
    return False


@pytest.fixture
def later(monkeypatch):
    """Puts the verifier's monotonic clock forward."""
    ahead = 0.0
    true = time.monotonic

    def put_forward(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(module.time, "monotonic", lambda: true() + ahead)
    return put_forward


async def test_a_flood_of_unknown_keys_is_one_look_in_30_seconds(identity, issuer, later):
    await identity.principal(f"Bearer {issuer.token()}")
    forged = [unknown(issuer, number) for number in range(20)]
    assert all([await refused(identity, token) for token in forged])
    assert issuer.fetches == 1

    later(29)
    assert all(await asyncio.gather(*(refused(identity, token) for token in forged)))
    assert issuer.fetches == 1
    later(2)
    assert all(await asyncio.gather(*(refused(identity, token) for token in forged)))
    assert issuer.fetches == 2


async def test_the_first_requests_fetch_the_keys_once(identity, issuer):
    tokens = [issuer.token(jti=str(number)) for number in range(20)]

    await asyncio.gather(*(identity.principal(f"Bearer {token}") for token in tokens))

    assert issuer.fetches == 1


async def test_a_flood_while_the_issuer_is_down_asks_it_no_oftener(identity, issuer, later):
    good = issuer.token()
    await identity.principal(f"Bearer {good}")
    issuer.keys_away = True
    later(31)

    forged = [unknown(issuer, number) for number in range(20)]
    assert all(await asyncio.gather(*(refused(identity, token) for token in forged)))

    assert issuer.fetches == 2
    assert (await identity.principal(f"Bearer {issuer.token(jti='another')}")).name == "ana"


async def test_a_staged_key_takes_over_in_the_middle_of_a_flood_and_no_request_fails(identity, issuer, later):
    new = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
    await identity.principal(f"Bearer {issuer.token()}")
    issuer.keys.append(new)  # published, and not used yet
    for second in range(0, 40, 10):
        later(10)
        assert await refused(identity, unknown(issuer, second))

    # The last look is less than 30 s ago: the key must be known from it.
    after = issuer.token(key=new, header={"alg": "RS256", "kid": "two"})
    assert await refused(identity, unknown(issuer, 99))

    assert (await identity.principal(f"Bearer {after}")).name == "ana"
    assert (await identity.principal(f"Bearer {issuer.token(jti='old')}")).name == "ana"


async def test_a_key_that_the_issuer_withdrew_is_forgotten_within_five_minutes(identity, issuer, later):
    token = issuer.token()
    await identity.principal(f"Bearer {token}")
    issuer.keys[:] = [RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})]

    later(299)
    assert not await refused(identity, token)
    later(2)
    assert await refused(identity, token)


async def test_an_oversized_token_is_refused_before_any_work(identity, issuer, monkeypatch):
    monkeypatch.setattr(module, "sha256", None)

    assert await refused(identity, "a" * 1_000_000)
    assert issuer.fetches == 0


async def test_the_issuer_being_down_refuses_tokens_and_not_the_anonymous(identity, issuer):
    token = issuer.token()
    issuer.stop()

    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {token}")
    assert await identity.principal(None) is ANONYMOUS
