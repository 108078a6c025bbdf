"""What the manifests give a process is what the process reads."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.settings import ServiceSettings
from contracts.catalogue import SERVICES
from tools.k8s.manifests import KubernetesObject, Workload, workloads

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = ("base", "small-cluster")
PASSWORD = "a-password-of-some-length"
LIBRARY_VARIABLES = {"PGSSLMODE", "PGSSLROOTCERT"}
"""Read by asyncpg itself (PostgreSQL's own names)."""


def environment(objects: list[KubernetesObject], load: Workload) -> dict[str, str]:
    """A container's variables; a Secret's value is its ExternalSecret's template."""
    maps = {thing["metadata"]["name"]: thing["data"] for thing in objects if thing["kind"] == "ConfigMap"}
    secrets: dict[str, dict[str, str]] = {
        thing["spec"]["target"]["name"]: thing["spec"]["target"]["template"]["data"]
        for thing in objects
        if thing["kind"] == "ExternalSecret"
    }
    container = load.containers[0]
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = (
            secrets[reference["name"]][reference["key"]].replace("{{ .password }}", PASSWORD)
            if reference
            else variable.get("value", "")
        )
    return found


def load_of(objects: list[KubernetesObject], name: str) -> Workload:
    return next(load for load in workloads(objects) if load.name == name)


@pytest.fixture(params=[(target, service) for target in TARGETS for service in SERVICES], ids="-".join)
def service(request: pytest.FixtureRequest, rendered: dict[str, list[KubernetesObject]]) -> Any:
    target, name = request.param
    return rendered[target], name


def test_every_variable_of_a_service_is_one_of_its_settings(service: Any) -> None:
    objects, name = service
    own = import_module(f"{name}.main").SERVICE.settings

    for load, settings in ((f"Deployment/{name}-api", own), (f"Job/{name}-migrate", ServiceSettings)):
        known = {f"LICHEN_{field.upper()}" for field in settings.model_fields} | LIBRARY_VARIABLES
        assert environment(objects, load_of(objects, load)).keys() <= known


def test_a_service_accepts_its_settings_in_production(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    objects, name = service
    for variable, value in environment(objects, load_of(objects, f"Deployment/{name}-api")).items():
        monkeypatch.setenv(variable, value)

    settings = import_module(f"{name}.main").SERVICE.settings()

    assert settings.env == "production"
    assert settings.migration_url is None
    assert settings.introspection_secret is not None
    assert settings.nats_monitor_url is not None
    assert settings.nats_seed is not None
    assert settings.database_url.get_secret_value() == f"postgresql://{name}_serving:{PASSWORD}@postgres-rw:5432/{name}"


def test_a_migration_has_the_owner_of_its_own_database(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    objects, name = service
    for variable, value in environment(objects, load_of(objects, f"Job/{name}-migrate")).items():
        monkeypatch.setenv(variable, value)

    settings = ServiceSettings()

    assert settings.migration_url is not None
    assert settings.migration_url.get_secret_value() == f"postgresql://{name}_owner:{PASSWORD}@postgres-rw:5432/{name}"


@pytest.mark.parametrize("target", TARGETS)
def test_one_service_alone_has_the_account_that_administers_the_identity_provider(
    rendered: dict[str, list[KubernetesObject]], target: str
) -> None:
    objects = rendered[target]
    having = [load.name for load in workloads(objects) if "LICHEN_ACCESS_SECRET" in environment(objects, load)]

    assert having == ["Deployment/access-api"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_stream_has_as_many_replicas_as_there_are_servers(
    rendered: dict[str, list[KubernetesObject]], target: str
) -> None:
    objects = rendered[target]
    servers = next(thing for thing in objects if thing["kind"] == "StatefulSet")["spec"]["replicas"]

    for name in SERVICES:
        found = environment(objects, load_of(objects, f"Deployment/{name}-api"))
        assert int(found["LICHEN_NATS_REPLICAS"]) == servers


@pytest.mark.parametrize("target", TARGETS)
def test_the_database_admits_every_connection_that_the_pods_may_open(
    rendered: dict[str, list[KubernetesObject]], target: str
) -> None:
    objects = rendered[target]
    one = {thing["kind"]: thing["spec"] for thing in objects if "spec" in thing}
    pools = 0
    for name in SERVICES:
        found = environment(objects, load_of(objects, f"Deployment/{name}-api"))
        scaler = next(
            o for o in objects if o["kind"] == "HorizontalPodAutoscaler" and o["metadata"]["name"] == f"{name}-api"
        )
        # One pod more while a release rolls out; each has its pool, and a connection that listens for outbox rows.
        pools += (scaler["spec"]["maxReplicas"] + 1) * (int(found["LICHEN_DATABASE_POOL_SIZE"]) + 1)
    keycloak = one["Keycloak"]["instances"] * one["Keycloak"]["db"]["poolMaxSize"]

    migrations_and_operator = len(SERVICES) + 10
    assert pools + keycloak + migrations_and_operator <= int(
        one["Cluster"]["postgresql"]["parameters"]["max_connections"]
    )


@pytest.mark.parametrize("target", TARGETS)
def test_the_router_finds_every_variable_that_its_configuration_names(
    rendered: dict[str, list[KubernetesObject]], target: str
) -> None:
    configuration = (ROOT / "gateway" / "router.yaml").read_text()
    named = set(re.findall(r"from_env: (\w+)", configuration))

    given = environment(rendered[target], load_of(rendered[target], "Deployment/gateway"))

    assert given.keys() == named
    assert yaml.safe_load(configuration)["http"]["port"] == 4000


@pytest.mark.parametrize("target", TARGETS)
def test_everyone_names_the_same_issuer(rendered: dict[str, list[KubernetesObject]], target: str) -> None:
    objects = rendered[target]
    keycloak = next(thing for thing in objects if thing["kind"] == "Keycloak")
    realm = next(thing for thing in objects if thing["kind"] == "KeycloakRealmImport")["spec"]["realm"]["realm"]
    route = next(o for o in objects if o["kind"] == "HTTPRoute" and o["metadata"]["name"] == "identity")
    issuer = f"{keycloak['spec']['hostname']['hostname']}/realms/{realm}"

    for name in (*(f"Deployment/{service}-api" for service in SERVICES), "Deployment/gateway"):
        assert environment(objects, load_of(objects, name))["LICHEN_ISSUER"] == issuer
    assert keycloak["spec"]["hostname"]["hostname"] == f"https://{route['spec']['hostnames'][0]}"
    assert environment(objects, load_of(objects, "Deployment/gateway"))["LICHEN_KEYS_URL"].startswith(f"{issuer}/")


def test_the_small_cluster_overlay_replaces_every_example_name(rendered: dict[str, list[KubernetesObject]]) -> None:
    written = yaml.safe_dump_all(rendered["small-cluster"])

    assert not re.findall(r"(?<!small\.)example\.org", written)


def test_a_site_has_keys_of_its_own_for_everybody_who_speaks_at_nats(
    rendered: dict[str, list[KubernetesObject]],
) -> None:
    keys = {}
    for target in TARGETS:
        maps = [o for o in rendered[target] if o["kind"] == "ConfigMap"]
        keys[target] = next(o["data"] for o in maps if o["metadata"]["name"].startswith("nats-keys"))
    named = set(re.findall(r"\$(NATS_\w+)", (ROOT / "deploy/k8s/base/nats/accounts.conf").read_text()))

    assert named == keys["base"].keys() == keys["small-cluster"].keys()
    assert not set(keys["base"].values()) & set(keys["small-cluster"].values())
    assert len(set(keys["small-cluster"].values())) == len(named)
