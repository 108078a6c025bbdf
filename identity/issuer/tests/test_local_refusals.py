"""What only the development issuer promises: never in production, this machine only, no strange input."""

import json
from pathlib import Path

import httpx
import pytest
from identity_provider import IdentityProvider, refused

from issuer.app import application
from issuer.directory import personas_from
from issuer.guard import reason_to_refuse
from issuer.settings import RefusesToStart, Settings
from issuer.state import Issuer

CERTS = "http://127.0.0.1:4999/realms/lichen-local/protocol/openid-connect/certs"


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "LICHEN_ENV"),
        ({"LICHEN_ENV": ""}, "LICHEN_ENV"),
        ({"LICHEN_ENV": "production"}, "LICHEN_ENV"),
        ({"LICHEN_ENV": "Local"}, "LICHEN_ENV"),
        ({"LICHEN_ENV": "local", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "Kubernetes"),
        ({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "postgresql://u:p@db.example.org/x"}, "LICHEN_DATABASE_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_MIGRATION_URL": "postgresql://db/x"}, "LICHEN_MIGRATION_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "postgresql://127.0.0.1,db:5432/x"}, "LICHEN_DATABASE_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "postgresql://127.0.0.1/x?host=db"}, "LICHEN_DATABASE_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "postgresql:///x?service=live"}, "LICHEN_DATABASE_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "host=db dbname=x"}, "LICHEN_DATABASE_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": "postgresql://localhost@db/x"}, "LICHEN_DATABASE_URL"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_REDIRECT_URIS": "https://example.org/callback"}, "Redirect"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_REDIRECT_URIS": "http://127.0.0.1:4000/*"}, "Redirect"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_REDIRECT_URIS": "javascript://127.0.0.1/"}, "Redirect"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_KEY_ROTATION_S": "5"}, "LICHEN_ISSUER_KEY_ROTATION_S"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_PORT": "70000"}, "LICHEN_ISSUER_PORT"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_UNDP_JWKS": "no json"}, "LICHEN_ISSUER_UNDP_JWKS"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_UNDP_JWKS": '{"keys": []}'}, "LICHEN_ISSUER_UNDP_JWKS"),
        ({"LICHEN_ENV": "local", "LICHEN_ISSUER_UNDP_JWKS": '{"keys": [{"kty": "oct", "k": "c2Vj"}]}'}, "public keys"),
    ],
)
def test_issuer_refuses_to_start(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(RefusesToStart, match=reason) as refusal:
        Settings.from_environment(environment)

    assert ":p@" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1:5432/inventory",
        "postgresql://u:p@localhost/inventory",
        "postgresql://u@[::1]:5432/inventory",
        "postgresql+asyncpg://u@127.0.0.1/inventory",
        "postgresql:///inventory?host=/tmp/socket",
    ],
)
def test_database_on_this_machine_is_no_reason_to_refuse(url: str) -> None:
    assert Settings.from_environment({"LICHEN_ENV": "local", "LICHEN_DATABASE_URL": url}, port=1).port == 1


def test_settings_do_not_show_their_secrets() -> None:
    settings = Settings.from_environment({"LICHEN_ENV": "local", "LICHEN_INTROSPECTION_SECRET": "hush"}, port=1)

    assert settings.api_secret == "hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("personas", "reason"),
    [
        ([{"username": "a-b", "name": "A"}], "groups"),
        ([{"username": "A B", "name": "A", "groups": []}], "username"),
        ([{"username": "a-b", "name": " ", "groups": []}], "name"),
        ([{"username": "a-b", "name": "A", "groups": ["/locations/unon"]}], "/locations/unon"),
        ([{"username": "a-b", "name": "A", "groups": ["/admin/all"]}], "/admin/all"),
        ([{"username": "a-b", "name": "A", "groups": ["/functions/approver"] * 41}], "40"),
        ([{"username": "a-b", "name": "A", "groups": [], "password": "x"}], "password"),
        ([{"username": "a-b", "name": "A", "groups": [], "enabled": "no"}], "enabled"),
        ([{"username": "a-b", "name": "A", "groups": []}] * 2, "twice"),
        (["a-b"], "needed"),
    ],
)
def test_personas_file_is_refused_with_the_reason(personas: list[object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        personas_from(json.dumps({"version": 1, "personas": personas}))


@pytest.mark.parametrize("content", [None, "", "[]", '{"version": 2, "personas": []}'])
def test_missing_or_strange_personas_file_stops_the_start(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "personas.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(RefusesToStart, match=r"personas\.json"):
        Issuer(Settings.from_environment({"LICHEN_ENV": "local", "LICHEN_ISSUER_PERSONAS": str(file)}, port=1))


def test_every_default_persona_holds_roles_that_services_know(issuer: Issuer) -> None:
    access = pytest.importorskip("contracts.access")

    personas = personas_from(issuer.settings.personas.read_text())
    for persona in personas.values():
        # Somebody waits to be given a role.
        assert len(persona.groups) == (0 if persona.username == "newcomer" else 1)
        assert all(access.Role(group.rpartition("/")[2]) for group in persona.groups)
    assert len(personas) == 19


@pytest.mark.parametrize("peer", [("10.1.2.3", 5), ("8.8.8.8", 5), ("::ffff:10.1.2.3", 5), None])
async def test_other_machines_are_refused(issuer: Issuer, peer: tuple[str, int] | None) -> None:
    transport = httpx.ASGITransport(app=application(issuer), client=peer)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await http.get(CERTS)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        {"Forwarded": "for=127.0.0.1"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Anything": ""},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "lichen.example.org"},
        {"Host": "127.0.0.1.example.org:4999"},
        {"Host": "10.0.0.1:4999"},
    ],
)
async def test_proxies_and_foreign_names_are_refused(local: IdentityProvider, header: dict[str, str]) -> None:
    answer = await local.http.get(CERTS, headers=header)

    assert answer.status_code == 403
    assert (await local.http.get(CERTS)).status_code == 200


@pytest.mark.parametrize("hosts", [[], [b"127.0.0.1:1", b"127.0.0.1:1"]])
def test_request_names_one_host(hosts: list[bytes]) -> None:
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": [(b"host", host) for host in hosts]}

    assert reason_to_refuse(scope) is not None


async def test_repeated_parameter_is_refused(local: IdentityProvider) -> None:
    answer = await local.http.post(
        local.at("token"),
        content="client_id=lichen-cli&client_id=lichen-api&grant_type=password",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    refused(answer, "invalid_request", 400)


async def test_parameter_without_a_value_counts_as_absent(local: IdentityProvider) -> None:
    refused(await local.token(client_id="lichen-cli", grant_type=""), "invalid_request", 400)


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{}", "application/json", 400),
        (b"client_id=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"client_id=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % number for number in range(100)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 40_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_strange_bodies_are_refused(
    local: IdentityProvider, content: bytes, media_type: str, status: int
) -> None:
    answer = await local.http.post(local.at("token"), content=content, headers={"Content-Type": media_type})

    refused(answer, "invalid_request", status)


async def test_client_credentials_in_two_places_are_refused(local: IdentityProvider) -> None:
    answer = await local.http.post(
        local.at("token"),
        data={"grant_type": "client_credentials", "client_secret": "ext-unep"},
        auth=("ext-unep", "ext-unep"),
    )

    refused(answer, "invalid_request", 400)


@pytest.mark.parametrize("authorization", ["Basic", "Basic ", "Basic !!!", "Basic /////w==", "Basic ZXh0LXVuZXA="])
async def test_broken_basic_header_is_an_invalid_client(local: IdentityProvider, authorization: str) -> None:
    answer = await local.http.post(
        local.at("token"), data={"grant_type": "client_credentials"}, headers={"Authorization": authorization}
    )

    refused(answer, "invalid_client", 401)
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_machine_client_may_not_introspect(local: IdentityProvider) -> None:
    answer = await local.post("token/introspect", client_id="ext-unep", client_secret="ext-unep", token="x")

    refused(answer, "access_denied", 403)


async def test_only_the_consoles_origin_may_read_answers(local: IdentityProvider) -> None:
    allowed = await local.http.get(CERTS, headers={"Origin": "http://127.0.0.1:4000"})
    other = await local.http.get(CERTS, headers={"Origin": "http://127.0.0.1:5000"})

    assert allowed.headers["access-control-allow-origin"] == "http://127.0.0.1:4000"
    assert "access-control-allow-origin" not in other.headers


async def test_pages_repeat_nothing_as_html(local: IdentityProvider) -> None:
    page = await local.http.get(f"{local.url}/device", params={"user_code": "<script>alert(1)</script>"})

    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
