"""The administration of groups and clients: for one client alone, and shaped as Keycloak's."""

import httpx
import pytest
from identity_provider import IdentityProvider, good

from issuer.directory import subject_of
from issuer.state import Issuer

NOBODY = "00000000-0000-0000-0000-000000000000"


def at(local: IdentityProvider, path: str) -> str:
    return f"{local.url.replace('/realms/', '/admin/realms/')}{path}"


async def token_of(local: IdentityProvider, client_id: str, secret: str) -> str:
    return good(await local.token(client_id=client_id, client_secret=secret, grant_type="client_credentials"))[
        "access_token"
    ]


async def ask(local: IdentityProvider, method: str, path: str, json: object = None) -> httpx.Response:
    token = await token_of(local, "lichen-access", "lichen-access")
    headers = {"Authorization": f"Bearer {token}"}
    return await local.http.request(method, at(local, path), json=json, headers=headers)


async def group(local: IdentityProvider, path: str) -> dict[str, str]:
    return good(await ask(local, "GET", f"/group-by-path{path}"))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_the_clients_token_nothing_is_said(local: IdentityProvider, method: str) -> None:
    person = (await local.log_in("coordinator"))["access_token"]
    machine = await token_of(local, "ext-unep", "ext-unep")

    answers = [
        await local.http.request(method, at(local, "/groups"), headers=headers, json={"name": "forged"})
        for headers in (
            {},
            {"Authorization": "Bearer forged"},
            {"Authorization": f"Bearer {person}"},
            {"Authorization": f"Bearer {machine}"},
        )
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 403, 403]
    assert (await ask(local, "GET", "/group-by-path/forged")).status_code == 404


async def test_a_group_that_moves_keeps_its_id_its_members_and_what_is_below_it(
    local: IdentityProvider, issuer: Issuer
) -> None:
    unifil, secretariat = (
        await group(local, "/locations/secretariat/field-missions/unifil"),
        await group(local, "/locations/secretariat"),
    )

    moved = await ask(
        local, "POST", f"/groups/{secretariat['id']}/children", {"id": unifil["id"], "name": unifil["name"]}
    )

    assert moved.status_code == 204
    assert (await group(local, "/locations/secretariat/unifil"))["id"] == unifil["id"]
    persona = issuer.directory.find("unifil-chair")
    assert persona is not None
    assert persona.groups == ("/locations/secretariat/unifil/local-chair",)


async def test_a_sibling_of_the_same_name_is_refused(local: IdentityProvider) -> None:
    unon = await group(local, "/locations/secretariat/unon")

    assert (await ask(local, "POST", f"/groups/{unon['id']}/children", {"name": "auditor"})).status_code == 201
    assert (await ask(local, "POST", f"/groups/{unon['id']}/children", {"name": "auditor"})).status_code == 409
    assert (await ask(local, "POST", f"/groups/{unon['id']}/children", {"name": "../x"})).status_code == 400


async def test_a_deleted_group_takes_its_rights_along(local: IdentityProvider) -> None:
    log_in = await local.log_in("unon-chair")
    unon = await group(local, "/locations/secretariat/unon")

    assert (await ask(local, "DELETE", f"/groups/{unon['id']}")).status_code == 204
    assert (await local.introspect(log_in["access_token"]))["groups"] == []
    assert (await ask(local, "GET", f"/groups/{unon['id']}")).status_code == 404


async def test_a_right_given_and_taken_is_in_the_next_token(local: IdentityProvider) -> None:
    newcomer, team = subject_of("newcomer"), await group(local, "/locations/secretariat/unon/technical-team")
    place = f"/users/{newcomer}/groups/{team['id']}"

    for _ in range(2):
        assert (await ask(local, "PUT", place)).status_code == 204
    log_in = await local.log_in("newcomer")
    assert (await local.introspect(log_in["access_token"]))["groups"] == [team["path"]]
    assert (await ask(local, "DELETE", place)).status_code == 204
    assert (await local.introspect(log_in["access_token"]))["groups"] == []
    assert (await ask(local, "PUT", f"/users/{newcomer}/groups/{NOBODY}")).status_code == 404
    assert (await ask(local, "PUT", f"/users/{NOBODY}/groups/{team['id']}")).status_code == 404


async def test_a_client_that_is_disabled_or_has_another_secret_gets_no_token(local: IdentityProvider) -> None:
    secret = (await ask(local, "POST", "/clients/ext-unep/client-secret")).json()["value"]
    form = {"client_id": "ext-unep", "grant_type": "client_credentials"}

    assert (await local.token(**form, client_secret="ext-unep")).status_code == 401
    assert (await local.token(**form, client_secret=secret)).status_code == 200
    assert (await ask(local, "PUT", "/clients/ext-unep", {"enabled": False})).status_code == 204
    assert (await local.token(**form, client_secret=secret)).status_code == 401


async def test_only_json_objects_of_an_acceptable_size_are_read(local: IdentityProvider) -> None:
    token = await token_of(local, "lichen-access", "lichen-access")
    statuses = [
        (
            await local.http.post(at(local, "/groups"), content=body, headers={"Authorization": f"Bearer {token}"})
        ).status_code
        for body in (b"", b"[]", b"{", b"x" * 40_000)
    ]

    assert statuses == [400, 400, 400, 413]
