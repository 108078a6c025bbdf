"""Every rule refuses what it is there to refuse: one good set of manifests, one thing broken at a time."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.k8s import rules
from tools.k8s.manifests import KubernetesObject
from tools.k8s.rendering import MANIFESTS, remote_sources
from tools.k8s.rules import RULES, Rule, own_schemas, problems_of

Objects = list[KubernetesObject]
Breakage = Callable[[Objects], object]


def pick(objects: Objects, kind: str, name: str) -> KubernetesObject:
    return next(o for o in objects if o["kind"] == kind and o["metadata"]["name"].startswith(name))


def spec(objects: Objects, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = pick(objects, kind, name)["spec"]
    return found


def pod(objects: Objects, kind: str = "Deployment", name: str = "inventory-api") -> dict[str, Any]:
    found: dict[str, Any] = spec(objects, kind, name)["template"]["spec"]
    return found


def container(objects: Objects, kind: str = "Deployment", name: str = "inventory-api") -> dict[str, Any]:
    found: dict[str, Any] = pod(objects, kind, name)["containers"][0]
    return found


def data(objects: Objects, name: str) -> dict[str, str]:
    found: dict[str, str] = pick(objects, "ConfigMap", name)["data"]
    return found


def drop(objects: Objects, kind: str, name: str) -> None:
    objects.remove(pick(objects, kind, name))


def secret(name: str) -> KubernetesObject:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "lichen"}, "data": {"a": "b"}}


def unknown() -> KubernetesObject:
    return {
        "apiVersion": "example.org/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "lichen"},
        "spec": {},
    }


def from_secret(name: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def literal(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


# rule, what is broken, words of the problem that must follow
BROKEN: list[tuple[Rule, Breakage, str]] = [
    (rules.schemas_hold, lambda o: container(o).update(imagePullPolice="Always"), "imagePullPolice"),
    (rules.schemas_hold, lambda o: container(o).update(image=7), "7 is not of type"),
    (rules.schemas_hold, lambda o: o.append(unknown()), "no schema for example.org/v1 Widget"),
    (rules.schemas_hold, lambda o: spec(o, "Cluster", "postgres").update(instancez=3), "instancez"),
    (rules.schemas_hold, lambda o: spec(o, "Cluster", "postgres")["storage"].update(size="much"), "much"),
    (rules.schemas_hold, lambda o: spec(o, "Database", "targets").update(name="postgres"), "postgres"),
    (rules.schemas_hold, lambda o: spec(o, "Keycloak", "identity")["db"].update(pool=3), "pool"),
    (rules.schemas_hold, lambda o: spec(o, "Keycloak", "identity")["hostname"].pop("admin"), "admin"),
    (rules.schemas_hold, lambda o: spec(o, "KeycloakRealmImport", "lichen")["realm"].update(sslRequired="none"), "all"),
    (rules.schemas_hold, lambda o: spec(o, "HTTPRoute", "gateway").update(hostname="x"), "hostname"),
    (rules.schemas_hold, lambda o: spec(o, "ExternalSecret", "targets-owner").pop("secretStoreRef"), "secretStoreRef"),
    (rules.images_are_pinned, lambda o: container(o).update(image="lichen/inventory:latest"), "no fixed tag"),
    (rules.images_are_pinned, lambda o: container(o).update(image="registry:5000/lichen/inventory"), "no fixed tag"),
    (rules.images_are_pinned, lambda o: spec(o, "Cluster", "postgres").update(imageName="postgresql"), "no fixed tag"),
    (rules.no_secret_is_written, lambda o: o.append(secret("s")), "Secret is written out"),
    (rules.no_secret_is_written, lambda o: data(o, "inventory-").update(A="nats://me:word@nats:4222"), "credential"),
    (rules.no_secret_is_written, lambda o: data(o, "inventory-").update(A="-----BEGIN PRIVATE KEY-----"), "credential"),
    (
        rules.secrets_come_from_the_store,
        lambda o: spec(o, "ExternalSecret", "targets-owner")["target"]["template"]["data"].update(password="word"),
        "written out",
    ),
    (rules.secrets_come_from_the_store, lambda o: data(o, "inventory-").update(LICHEN_DATABASE_URL="x"), "ConfigMap"),
    (rules.secrets_come_from_the_store, lambda o: data(o, "nats-keys").update(NATS_SEED_OFFSETS="SU"), "ConfigMap"),
    (
        rules.seeds_are_held_by_their_owner,
        lambda o: container(o)["env"].append(from_secret("A", "nats-offsets", "seed")),
        "should have ['nats-inventory']",
    ),
    (
        rules.seeds_are_held_by_their_owner,
        lambda o: container(o)["env"].append(from_secret("A", "nats-callout-issuer", "seed")),
        "should have ['nats-inventory']",
    ),
    (
        rules.seeds_are_held_by_their_owner,
        lambda o: container(o, "StatefulSet", "nats")["env"].append(from_secret("A", "nats-offsets", "seed")),
        "should have []",
    ),
    (
        rules.seeds_are_held_by_their_owner,
        lambda o: container(o, "Job", "inventory-migrate")["env"].append(from_secret("A", "nats-inventory", "seed")),
        "should have []",
    ),
    (
        rules.secrets_come_from_the_store,
        lambda o: container(o)["env"].append(literal("LICHEN_INTROSPECTION_SECRET", "word")),
        "refer to a Secret",
    ),
    (rules.pods_are_restricted, lambda o: pod(o)["securityContext"].update(runAsNonRoot=False), "runAsNonRoot"),
    (rules.pods_are_restricted, lambda o: pod(o)["securityContext"].update(runAsUser=0), "runAsUser"),
    (rules.pods_are_restricted, lambda o: pod(o)["securityContext"].pop("seccompProfile"), "seccompProfile"),
    (rules.pods_are_restricted, lambda o: pod(o).update(automountServiceAccountToken=True), "automount"),
    (rules.pods_are_restricted, lambda o: pod(o).pop("serviceAccountName"), "serviceAccountName"),
    (rules.pods_are_restricted, lambda o: pod(o).pop("enableServiceLinks"), "enableServiceLinks"),
    (rules.pods_are_restricted, lambda o: pod(o).update(hostNetwork=True), "nothing of the host"),
    (rules.pods_are_restricted, lambda o: pod(o)["volumes"][0]["emptyDir"].pop("sizeLimit"), "sizeLimit"),
    (rules.pods_are_restricted, lambda o: pod(o)["volumes"][0].update(hostPath={"path": "/"}), "hostPath"),
    (
        rules.pods_are_restricted,
        lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
        "readOnlyRootFilesystem",
    ),
    (
        rules.pods_are_restricted,
        lambda o: container(o)["securityContext"].pop("allowPrivilegeEscalation"),
        "allowPrivilegeEscalation",
    ),
    (
        rules.pods_are_restricted,
        lambda o: container(o)["securityContext"]["capabilities"].update(add=["NET_ADMIN"]),
        "capabilities",
    ),
    (rules.pods_are_restricted, lambda o: container(o)["securityContext"].update(runAsUser=0), "override"),
    (
        rules.pods_are_restricted,
        lambda o: pod(o).update(initContainers=[{"name": "early", "image": "a:1"}]),
        "container early",
    ),
    (rules.pods_are_restricted, lambda o: pod(o, "Job", "targets-").pop("securityContext"), "Job/targets-migrate"),
    (rules.containers_are_bounded, lambda o: container(o)["resources"]["limits"].pop("memory"), "memory"),
    (rules.containers_are_bounded, lambda o: container(o)["resources"]["limits"].pop("cpu"), "cpu"),
    (rules.containers_are_bounded, lambda o: container(o)["resources"]["requests"].update(memory="1Mi"), "less memory"),
    (rules.containers_are_bounded, lambda o: container(o, "Job", "targets-").pop("resources"), "Job/targets-migrate"),
    (rules.containers_are_bounded, lambda o: spec(o, "Cluster", "postgres").pop("resources"), "Cluster/postgres"),
    (rules.containers_are_probed, lambda o: container(o).pop("startupProbe"), "startupProbe"),
    (rules.containers_are_probed, lambda o: container(o).pop("livenessProbe"), "livenessProbe"),
    (
        rules.containers_are_probed,
        lambda o: container(o, "StatefulSet", "nats").pop("readinessProbe"),
        "readinessProbe",
    ),
    (rules.containers_are_probed, lambda o: container(o).pop("lifecycle"), "preStop"),
    (rules.containers_are_probed, lambda o: pod(o).update(terminationGracePeriodSeconds=35), "more than 35"),
    (rules.pods_outlive_a_machine, lambda o: drop(o, "PodDisruptionBudget", "gateway"), "PodDisruptionBudget"),
    (rules.pods_outlive_a_machine, lambda o: pod(o)["topologySpreadConstraints"].pop(0), "zone"),
    (
        rules.pods_outlive_a_machine,
        lambda o: pod(o)["topologySpreadConstraints"][1]["labelSelector"]["matchLabels"].update(a="b"),
        "hostname",
    ),
    (rules.networks_refuse_by_default, lambda o: drop(o, "NetworkPolicy", "refuse"), "refuses by default"),
    (
        rules.networks_refuse_by_default,
        lambda o: spec(o, "NetworkPolicy", "refuse").update(policyTypes=["Ingress"]),
        "refuses by default",
    ),
    (
        rules.networks_refuse_by_default,
        lambda o: spec(o, "NetworkPolicy", "refuse").update(ingress=[{}]),
        "refuses by default",
    ),
    (rules.networks_refuse_by_default, lambda o: drop(o, "NetworkPolicy", "service"), "Deployment/inventory-api"),
    (rules.networks_refuse_by_default, lambda o: drop(o, "NetworkPolicy", "postgres"), "Cluster/postgres"),
    (rules.networks_refuse_by_default, lambda o: drop(o, "NetworkPolicy", "keycloak"), "Keycloak/identity"),
    (
        rules.networks_open_only_what_they_name,
        lambda o: spec(o, "NetworkPolicy", "service")["ingress"][0].pop("from"),
        "opens everything",
    ),
    (
        rules.networks_open_only_what_they_name,
        lambda o: spec(o, "NetworkPolicy", "service")["egress"][0].pop("ports"),
        "opens everything",
    ),
    (
        rules.networks_open_only_what_they_name,
        lambda o: spec(o, "NetworkPolicy", "migration")["podSelector"]["matchLabels"].update(a="b"),
        "selects no pod",
    ),
    (
        rules.networks_open_only_what_they_name,
        lambda o: spec(o, "NetworkPolicy", "nats")["ingress"][0]["from"][0]["podSelector"]["matchLabels"].update(a="b"),
        "selects no pod",
    ),
    (rules.selectors_match, lambda o: spec(o, "Deployment", "gateway")["selector"]["matchLabels"].update(a="b"), "own"),
    (
        rules.selectors_match,
        lambda o: spec(o, "Service", "inventory-api")["selector"].pop("app.kubernetes.io/component"),
        "Job/inventory-migrate",
    ),
    (rules.selectors_match, lambda o: spec(o, "Service", "nats")["selector"].update(a="b"), "no pods"),
    (rules.selectors_match, lambda o: spec(o, "Service", "gateway")["ports"][0].update(targetPort="web"), "port web"),
    (
        rules.selectors_match,
        lambda o: spec(o, "PodDisruptionBudget", "gateway")["selector"]["matchLabels"].update(a="b"),
        "no pods",
    ),
    (rules.references_exist, lambda o: drop(o, "ConfigMap", "targets-settings"), "no ConfigMap targets-settings"),
    (rules.references_exist, lambda o: drop(o, "ExternalSecret", "targets-serving"), "no Secret targets-serving"),
    (rules.references_exist, lambda o: drop(o, "ExternalSecret", "keycloak-database"), "no Secret keycloak-database"),
    (rules.references_exist, lambda o: drop(o, "ServiceAccount", "nats"), "no ServiceAccount nats"),
    (rules.references_exist, lambda o: drop(o, "Cluster", "postgres"), "no Secret postgres-ca"),
    (rules.references_exist, lambda o: drop(o, "Cluster", "postgres"), "no Cluster postgres"),
    (rules.references_exist, lambda o: drop(o, "Deployment", "gateway"), "no Deployment gateway"),
    (rules.references_exist, lambda o: drop(o, "Service", "nats-peers"), "no Service nats-peers"),
    (rules.references_exist, lambda o: drop(o, "Keycloak", "identity"), "no Keycloak identity"),
    (
        rules.references_exist,
        lambda o: container(o)["env"][0]["valueFrom"]["secretKeyRef"].update(key="address"),
        "no key address",
    ),
    (
        rules.references_exist,
        lambda o: pod(o)["volumes"][1]["secret"]["items"][0].update(key="root.crt"),
        "no key root.crt",
    ),
    (rules.addresses_exist, lambda o: drop(o, "Service", "gateway"), "HTTPRoute/gateway: no Service gateway"),
    (rules.addresses_exist, lambda o: drop(o, "Service", "offsets-api"), "no Service offsets-api with port 8000"),
    (rules.addresses_exist, lambda o: spec(o, "Service", "nats")["ports"].pop(1), "no Service nats with port 8222"),
    (rules.addresses_exist, lambda o: spec(o, "Keycloak", "identity")["db"].update(host="db"), "no Service db"),
    (rules.addresses_exist, lambda o: drop(o, "Cluster", "postgres"), "ExternalSecret/inventory-owner"),
    (
        rules.databases_have_their_roles,
        lambda o: spec(o, "Cluster", "postgres")["managed"]["roles"][1].update(bypassrls=True),
        "bypassrls",
    ),
    (rules.databases_have_their_roles, lambda o: spec(o, "Cluster", "postgres")["managed"]["roles"].pop(1), "_serving"),
    (
        rules.databases_have_their_roles,
        lambda o: spec(o, "Database", "targets").update(owner="targets_serving"),
        "targets_owner",
    ),
    (
        rules.databases_have_their_roles,
        lambda o: spec(o, "Cluster", "postgres")["postgresql"]["pg_hba"].pop(0),
        "pg_hba does not let in",
    ),
    (
        rules.databases_have_their_roles,
        lambda o: spec(o, "Cluster", "postgres")["postgresql"]["pg_hba"].pop(),
        "refusing everyone else",
    ),
    (
        rules.owners_only_migrate,
        lambda o: container(o)["env"][0]["valueFrom"]["secretKeyRef"].update(name="inventory-owner"),
        "owner",
    ),
    (rules.owners_only_migrate, lambda o: drop(o, "Job", "offsets-migrate"), "offsets: no migration Job"),
    (
        rules.owners_only_migrate,
        lambda o: container(o, "Job", "offsets-migrate").update(image="lichen/offsets:0.0.9"),
        "no migration Job of the image",
    ),
    (rules.nothing_is_for_development, lambda o: container(o).update(args=["start-dev"]), "start-dev"),
    (rules.nothing_is_for_development, lambda o: data(o, "targets-").update(LICHEN_ENV="local"), "LICHEN_ENV"),
    (
        rules.nothing_is_for_development,
        lambda o: data(o, "targets-").update(LICHEN_AUDIENCE="lichen-api-local"),
        "development",
    ),
    (rules.namespace_is_restricted, lambda o: drop(o, "Namespace", "lichen"), "in no namespace of ours"),
    (
        rules.namespace_is_restricted,
        lambda o: pick(o, "Namespace", "lichen")["metadata"]["labels"].update(
            {"pod-security.kubernetes.io/enforce": "baseline"}
        ),
        "does not enforce",
    ),
    (
        rules.acknowledged_is_durable,
        lambda o: data(o, "nats-").update({"nats.conf": "jetstream {}"}),
        "does not sync always",
    ),
    (
        rules.acknowledged_is_durable,
        lambda o: spec(o, "Cluster", "postgres")["postgresql"].pop("synchronous"),
        "on one machine alone",
    ),
]


@pytest.mark.parametrize(("rule", "broken", "words"), BROKEN, ids=[f"{r.__name__}-{w}" for r, _, w in BROKEN])
def test_a_rule_names_what_was_broken(
    rendered: dict[str, Objects], base: Objects, rule: Rule, broken: Breakage, words: str
) -> None:
    broken(base)
    # The schemas look at one object at a time, and take their time.
    looked_at = [thing for thing in base if thing not in rendered["base"]] if rule is rules.schemas_hold else base

    assert any(words in problem for problem in rule(looked_at))


def test_every_rule_has_been_seen_refusing() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


@pytest.mark.parametrize("target", ["base", "small-cluster"])
def test_what_we_ship_has_no_problem(rendered: dict[str, Objects], target: str) -> None:
    assert problems_of(rendered[target]) == []


def test_our_own_schemas_leave_no_object_open() -> None:
    def open_objects(schema: Any, path: str) -> list[str]:
        if isinstance(schema, list):
            return [found for index, inner in enumerate(schema) for found in open_objects(inner, f"{path}[{index}]")]
        if not isinstance(schema, dict):
            return []
        found = [path] if schema.get("type") == "object" and "additionalProperties" not in schema else []
        return found + [more for key, inner in schema.items() for more in open_objects(inner, f"{path}.{key}")]

    files = sorted((MANIFESTS / "schemas").glob("*.json"))

    assert len(files) == len(own_schemas())
    assert [found for file in files for found in open_objects(json.loads(file.read_text()), file.name)] == []


def test_a_schema_of_ours_is_used_by_something(base: Objects) -> None:
    used = {(thing["apiVersion"], thing["kind"]) for thing in copy.deepcopy(base)}

    assert own_schemas().keys() <= used


@pytest.mark.parametrize(
    "source", ["https://example.org/base?ref=v1", "github.com/example/base", "missing.yaml", "oci://example.org/chart"]
)
def test_a_source_from_elsewhere_is_named_before_anything_is_rendered(tmp_path: Path, source: str) -> None:
    (tmp_path / "here.yaml").touch()
    (tmp_path / "kustomization.yaml").write_text(f"resources: [here.yaml, '{source}']")

    found = list(remote_sources(tmp_path))

    assert len(found) == 1
    assert source in found[0]


def test_our_manifests_come_from_nowhere_else() -> None:
    assert list(remote_sources(MANIFESTS)) == []
