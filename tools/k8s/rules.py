"""What our manifests must be, one function a rule. Each yields its problems; none is passed over."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache

import kubernetes_validate
from jsonschema import Draft202012Validator

from tools.k8s.manifests import (
    KubernetesObject,
    name_of,
    of_kind,
    offered_keys,
    offered_ports,
    pods,
    references,
    selects,
    strings,
    workloads,
)
from tools.k8s.rendering import MANIFESTS

__all__ = ["KUBERNETES_VERSIONS", "RULES", "Rule", "own_schemas", "problems_of"]

KUBERNETES_VERSIONS = ("1.34", "1.37")
"""The oldest version that we say we run on, and the newest that we know."""

Rule = Callable[[list[KubernetesObject]], Iterator[str]]


@cache
def own_schemas() -> dict[tuple[str, str], Draft202012Validator]:
    found = {}
    for file in sorted((MANIFESTS / "schemas").glob("*.json")):
        schema = json.loads(file.read_text())
        Draft202012Validator.check_schema(schema)
        properties = schema["properties"]
        found[properties["apiVersion"]["const"], properties["kind"]["const"]] = Draft202012Validator(schema)
    return found


def schemas_hold(objects: list[KubernetesObject]) -> Iterator[str]:
    """Strictly: an unknown field is a problem, and so is a kind without a schema."""
    for thing in objects:
        own = own_schemas().get((thing["apiVersion"], thing["kind"]))
        if own is not None:
            for error in own.iter_errors(thing):
                yield f"{name_of(thing)}: {error.json_path} {error.message}"
            continue
        for version in KUBERNETES_VERSIONS:
            try:
                kubernetes_validate.validate(thing, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                path = ".".join(map(str, error.path))
                yield f"{name_of(thing)}: {path} {error.message} (Kubernetes {version})"
            except kubernetes_validate.SchemaNotFoundError:
                yield f"{name_of(thing)}: no schema for {thing['apiVersion']} {thing['kind']} (Kubernetes {version})"


def images_are_pinned(objects: list[KubernetesObject]) -> Iterator[str]:
    images = [(load.name, container["image"]) for load in workloads(objects) for container in load.containers]
    images += [(name_of(thing), thing["spec"]["imageName"]) for thing in of_kind(objects, "Cluster")]
    for name, image in images:
        _, _, tag = image.rpartition("/")[2].partition("@")[0].partition(":")
        if "@sha256:" not in image and tag in {"", "latest"}:
            yield f"{name}: image {image} has no fixed tag"


def _is_secret_name(name: str) -> bool:
    return re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL|MIGRATION_URL|CREDENTIALS|SEED", name.upper()) is not None


def no_secret_is_written(objects: list[KubernetesObject]) -> Iterator[str]:
    """Secrets come by name from the store; a manifest holds none."""
    for thing in objects:
        if thing["kind"] == "Secret":
            yield f"{name_of(thing)}: a Secret is written out; refer to one by name"
        for path, text in strings(thing):
            if re.search(r"://[^/\s:@]+:(?!\{\{)[^/\s@]+@", text) or "PRIVATE KEY" in text:
                yield f"{name_of(thing)}: {path} holds a credential"


def secrets_come_from_the_store(objects: list[KubernetesObject]) -> Iterator[str]:
    for thing in of_kind(objects, "ExternalSecret"):
        for key, text in thing["spec"]["target"]["template"]["data"].items():
            if key != "username" and "{{" not in text:
                yield f"{name_of(thing)}: {key} is written out, not taken from the store"
    for thing in of_kind(objects, "ConfigMap"):
        yield from (
            f"{name_of(thing)}: {key} does not belong in a ConfigMap" for key in thing["data"] if _is_secret_name(key)
        )
    for load in workloads(objects):
        for container in load.containers:
            for variable in container.get("env", []):
                if "value" in variable and _is_secret_name(variable["name"]):
                    yield f"{load.name}: {variable['name']} is written out; refer to a Secret"


def pods_are_restricted(objects: list[KubernetesObject]) -> Iterator[str]:
    """The restricted Pod Security Standard, and a read-only root on top of it."""
    for load in workloads(objects):
        context = load.spec.get("securityContext", {})
        wanted = {
            "runAsNonRoot": context.get("runAsNonRoot") is True,
            "a numeric runAsUser other than 0": context.get("runAsUser", 0) > 0,
            "seccompProfile RuntimeDefault": context.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "automountServiceAccountToken false": load.spec.get("automountServiceAccountToken") is False,
            "a serviceAccountName of its own": load.spec.get("serviceAccountName", "default") != "default",
            "enableServiceLinks false": load.spec.get("enableServiceLinks") is False,
            "nothing of the host": not {"hostNetwork", "hostPID", "hostIPC"} & load.spec.keys(),
        }
        for volume in load.spec.get("volumes", []):
            wanted[f"no hostPath in {volume['name']}"] = "hostPath" not in volume
            wanted[f"a sizeLimit on {volume['name']}"] = "sizeLimit" in volume.get("emptyDir", {"sizeLimit": ""})
        for container in load.containers:
            inner = container.get("securityContext", {})
            at = f"in container {container['name']}"
            wanted |= {
                f"allowPrivilegeEscalation false {at}": inner.get("allowPrivilegeEscalation") is False,
                f"readOnlyRootFilesystem {at}": inner.get("readOnlyRootFilesystem") is True,
                f"capabilities drop ALL and no more {at}": inner.get("capabilities") == {"drop": ["ALL"]},
                f"no override of the user {at}": not {"runAsUser", "runAsNonRoot", "privileged"} & inner.keys(),
            }
        yield from (f"{load.name}: wants {what}" for what, held in wanted.items() if not held)


def containers_are_bounded(objects: list[KubernetesObject]) -> Iterator[str]:
    for load in workloads(objects):
        for container in load.containers:
            requests, limits = (container.get("resources", {}).get(part, {}) for part in ("requests", "limits"))
            missing = {"cpu", "memory", "ephemeral-storage"} - (requests.keys() & limits.keys())
            if missing:
                yield f"{load.name}: container {container['name']} has no request or no limit of {sorted(missing)}"
            elif requests["memory"] != limits["memory"]:
                yield f"{load.name}: container {container['name']} asks for less memory than its limit"
    for thing in of_kind(objects, "Cluster", "Keycloak", "KeycloakRealmImport"):
        resources = thing["spec"].get("resources", {})
        if not all("memory" in resources.get(part, {}) for part in ("requests", "limits")):
            yield f"{name_of(thing)}: has no request or no limit of memory"


def containers_are_probed(objects: list[KubernetesObject]) -> Iterator[str]:
    for load in filter(lambda load: load.lasts, workloads(objects)):
        for container in load.spec["containers"]:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if probe not in container:
                    yield f"{load.name}: container {container['name']} has no {probe}"
            before_stop = container.get("lifecycle", {}).get("preStop")
            if before_stop is None:
                yield f"{load.name}: container {container['name']} has no preStop, so requests meet a closed door"
                continue
            # What is under way may take 25 s after the sleep.
            needed_s = before_stop.get("sleep", {}).get("seconds", 0) + 25
            if load.spec.get("terminationGracePeriodSeconds", 30) <= needed_s:
                yield f"{load.name}: terminationGracePeriodSeconds must be more than {needed_s}"


def pods_outlive_a_machine(objects: list[KubernetesObject]) -> Iterator[str]:
    budgets = [thing["spec"]["selector"] for thing in of_kind(objects, "PodDisruptionBudget")]
    for load in filter(lambda load: load.lasts, workloads(objects)):
        if not any(selects(budget, load.labels) for budget in budgets):
            yield f"{load.name}: has no PodDisruptionBudget"
        spreads = {spread["topologyKey"]: spread for spread in load.spec.get("topologySpreadConstraints", [])}
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname"):
            if key not in spreads or not selects(spreads[key]["labelSelector"], load.labels):
                yield f"{load.name}: is not spread over {key}"


def networks_refuse_by_default(objects: list[KubernetesObject]) -> Iterator[str]:
    """Nothing passes, both ways, unless a policy of the pod's own says so."""
    policies = [policy["spec"] for policy in of_kind(objects, "NetworkPolicy")]
    both = {"Ingress", "Egress"}
    if not any(
        policy.keys() == {"podSelector", "policyTypes"}
        and not policy["podSelector"]
        and set(policy["policyTypes"]) == both
        for policy in policies
    ):
        yield "NetworkPolicy: nothing refuses by default, both ways"
    for name, labels in pods(objects).items():
        own = [policy for policy in policies if policy["podSelector"] and selects(policy["podSelector"], labels)]
        if not any(set(policy["policyTypes"]) == both for policy in own):
            yield f"{name}: no NetworkPolicy of its own"


def networks_open_only_what_they_name(objects: list[KubernetesObject]) -> Iterator[str]:
    running = pods(objects).values()
    for policy in of_kind(objects, "NetworkPolicy"):
        incoming, outgoing = (policy["spec"].get(way, []) for way in ("ingress", "egress"))
        if any(not rule.get("from") or not rule.get("ports") for rule in incoming):
            yield f"{name_of(policy)}: an ingress rule without `from` or `ports` opens everything"
        if any(not rule.get("ports") for rule in outgoing):
            yield f"{name_of(policy)}: an egress rule without `ports` opens everything"
        peers = [peer for rule in incoming for peer in rule.get("from", [])]
        peers += [peer for rule in outgoing for peer in rule.get("to", [])]
        chosen = [policy["spec"]["podSelector"]]
        chosen += [peer["podSelector"] for peer in peers if peer.keys() == {"podSelector"}]
        for selector in chosen:
            if not any(selects(selector, labels) for labels in running):
                yield f"{name_of(policy)}: selector {selector} selects no pod"


def selectors_match(objects: list[KubernetesObject]) -> Iterator[str]:
    loads = workloads(objects)
    for thing in of_kind(objects, "Deployment", "StatefulSet"):
        if not selects(thing["spec"]["selector"], thing["spec"]["template"]["metadata"].get("labels", {})):
            yield f"{name_of(thing)}: its selector does not select its own pods"
    for thing in of_kind(objects, "Deployment", "StatefulSet", "PodDisruptionBudget"):
        chosen = [load.name for load in loads if selects(thing["spec"]["selector"], load.labels)]
        if len(chosen) != 1:
            yield f"{name_of(thing)}: selects {chosen or 'no pods'} where it should select one workload's"
    for thing in of_kind(objects, "Service"):
        chosen_loads = [
            load for load in loads if selects({"matchLabels": thing["spec"].get("selector", {})}, load.labels)
        ]
        if len(chosen_loads) != 1:
            found = [load.name for load in chosen_loads] or "no pods"
            yield f"{name_of(thing)}: selects {found} where it should select one workload's"
            continue
        offered = {port["name"] for container in chosen_loads[0].containers for port in container.get("ports", [])}
        for port in thing["spec"]["ports"]:
            if port["targetPort"] not in offered:
                yield f"{name_of(thing)}: port {port['targetPort']} is not one of {sorted(offered)}"


def references_exist(objects: list[KubernetesObject]) -> Iterator[str]:
    keys = offered_keys(objects)
    names = {(thing["kind"], thing["metadata"]["name"]) for thing in objects}
    for thing in objects:
        if thing["kind"] == "ExternalSecret":
            continue
        for kind, name, key in references(thing.get("spec", {})):
            if (kind, name) not in names and (kind, name) not in keys:
                yield f"{name_of(thing)}: there is no {kind} {name}"
            elif key is not None and key not in keys[kind, name]:
                yield f"{name_of(thing)}: {kind} {name} has no key {key}"
    for thing in objects:
        for kind, name in _named_parts(thing):
            if (kind, name) not in names:
                yield f"{name_of(thing)}: there is no {kind} {name}"


def _named_parts(thing: KubernetesObject) -> Iterator[tuple[str, str]]:
    """Other objects that an object stands on, by kind and name."""
    spec = thing.get("spec", {})
    if thing["kind"] == "HorizontalPodAutoscaler":
        yield spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]
    elif thing["kind"] == "StatefulSet":
        yield "Service", spec["serviceName"]
    elif thing["kind"] == "Database":
        yield "Cluster", spec["cluster"]["name"]
    elif thing["kind"] == "KeycloakRealmImport":
        yield "Keycloak", spec["keycloakCRName"]


def addresses_exist(objects: list[KubernetesObject]) -> Iterator[str]:
    """Every address inside the cluster: routes, the identity provider's database, settings such as nats://nats:4222."""
    ports = offered_ports(objects)
    wanted = [
        (name_of(thing), backend["name"], backend["port"])
        for thing in of_kind(objects, "HTTPRoute")
        for rule in thing["spec"]["rules"]
        for backend in rule["backendRefs"]
    ]
    wanted += [
        (name_of(thing), thing["spec"]["db"]["host"], thing["spec"]["db"]["port"])
        for thing in of_kind(objects, "Keycloak")
    ]
    wanted += [
        (name_of(thing), host, int(port))
        for thing in of_kind(objects, "ConfigMap", "ExternalSecret")
        for _, text in strings(thing)
        for host, port in re.findall(r"(?://|@)([a-z0-9-]+):(\d+)", text)
    ]
    for name, host, port in wanted:
        if port not in ports.get(host, set()):
            yield f"{name}: no Service {host} with port {port}"


def databases_have_their_roles(objects: list[KubernetesObject]) -> Iterator[str]:
    """Owner and serving role apart, neither above row security, each let in to its own database alone."""
    for cluster in of_kind(objects, "Cluster"):
        roles = {role["name"]: role for role in cluster["spec"]["managed"]["roles"]}
        admitted = cluster["spec"]["postgresql"].get("pg_hba", [])
        for name, role in roles.items():
            rights = ("superuser", "bypassrls", "createrole", "createdb", "replication")
            if above := [right for right in rights if role.get(right) is not False]:
                yield f"{name_of(cluster)}: role {name} does not say {above} false"
        for database in of_kind(objects, "Database"):
            name = database["spec"]["name"]
            if database["spec"]["owner"] != f"{name}_owner" or not {f"{name}_owner", f"{name}_serving"} <= roles.keys():
                yield f"{name_of(database)}: wants roles {name}_owner, which owns it, and {name}_serving"
            if f"hostssl {name} {name}_owner,{name}_serving all scram-sha-256" not in admitted:
                yield f"{name_of(database)}: pg_hba does not let in its two roles, by TLS"
        if not admitted or admitted[-1] != "host all all all reject":
            yield f"{name_of(cluster)}: pg_hba does not end by refusing everyone else"


def owners_only_migrate(objects: list[KubernetesObject]) -> Iterator[str]:
    """The role that owns a database is for its migration; each service has one, of the same image."""
    images = {}
    for load in workloads(objects):
        component = load.labels.get("app.kubernetes.io/component")
        secrets = [name for kind, name, _ in references(load.spec) if kind == "Secret"]
        if component != "migration" and any(name.endswith("-owner") for name in secrets):
            yield f"{load.name}: sees the Secret of a database's owner"
        images[load.labels.get("app.kubernetes.io/name"), component] = load.containers[0]["image"]
    for (service, component), image in images.items():
        if component == "service" and images.get((service, "migration")) != image:
            yield f"{service}: no migration Job of the image {image}"


def seeds_are_held_by_their_owner(objects: list[KubernetesObject]) -> Iterator[str]:
    """A seed of NATS is the secret of one service; the servers and the migrations have none."""
    for load in workloads(objects):
        owner = load.labels.get("app.kubernetes.io/name")
        serves = load.labels.get("app.kubernetes.io/component") == "service"
        allowed = {f"nats-{owner}"} if serves else set()
        if serves and owner == "access":
            allowed |= {"nats-callout", "nats-callout-issuer"}
        found = {name for kind, name, _ in references(load.spec) if kind == "Secret" and name.startswith("nats-")}
        if found != allowed:
            yield f"{load.name}: has the seeds {sorted(found)}, should have {sorted(allowed)}"


def nothing_is_for_development(objects: list[KubernetesObject]) -> Iterator[str]:
    for thing in objects:
        for path, text in strings(thing):
            if re.search(r"start-dev|\bdev-file\b|lichen-local|lichen-api-local|\bembedded\b|python -m issuer", text):
                yield f"{name_of(thing)}: {path} is for development: {text}"
        if thing["kind"] == "ConfigMap" and thing.get("data", {}).get("LICHEN_ENV", "production") != "production":
            yield f"{name_of(thing)}: LICHEN_ENV is not production"


def namespace_is_restricted(objects: list[KubernetesObject]) -> Iterator[str]:
    namespaces = {thing["metadata"]["name"]: thing for thing in of_kind(objects, "Namespace")}
    for thing in objects:
        if thing["kind"] != "Namespace" and thing["metadata"].get("namespace") not in namespaces:
            yield f"{name_of(thing)}: is in no namespace of ours"
    for name, thing in namespaces.items():
        for mode in ("enforce", "audit", "warn"):
            if thing["metadata"].get("labels", {}).get(f"pod-security.kubernetes.io/{mode}") != "restricted":
                yield f"Namespace/{name}: does not {mode} the restricted Pod Security Standard"


def acknowledged_is_durable(objects: list[KubernetesObject]) -> Iterator[str]:
    for thing in of_kind(objects, "ConfigMap"):
        settings = thing.get("data", {}).get("nats.conf")
        if settings is not None and not re.search(r"^\s*sync_interval: always$", settings, re.MULTILINE):
            yield f"{name_of(thing)}: JetStream does not sync always"
    for thing in of_kind(objects, "Cluster"):
        synchronous = thing["spec"]["postgresql"].get("synchronous", {})
        if thing["spec"]["instances"] > 1 and synchronous.get("dataDurability") != "required":
            yield f"{name_of(thing)}: a commit on one machine alone is acknowledged"


RULES: tuple[Rule, ...] = (
    schemas_hold,
    images_are_pinned,
    no_secret_is_written,
    secrets_come_from_the_store,
    pods_are_restricted,
    containers_are_bounded,
    containers_are_probed,
    pods_outlive_a_machine,
    networks_refuse_by_default,
    networks_open_only_what_they_name,
    selectors_match,
    references_exist,
    addresses_exist,
    databases_have_their_roles,
    owners_only_migrate,
    seeds_are_held_by_their_owner,
    nothing_is_for_development,
    namespace_is_restricted,
    acknowledged_is_durable,
)


def problems_of(objects: list[KubernetesObject]) -> list[str]:
    return [problem for rule in RULES for problem in rule(objects)]
