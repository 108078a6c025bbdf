"""What rendered manifests are made of: workloads, pods, label selectors, references by name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = [
    "KubernetesObject",
    "Workload",
    "name_of",
    "of_kind",
    "offered_keys",
    "offered_ports",
    "pods",
    "references",
    "selects",
    "strings",
    "workloads",
]

KubernetesObject = dict[str, Any]
Reference = tuple[str, str, str | None]
"""Kind, name and, where one is asked for, key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Something whose pods we write ourselves."""

    name: str
    kind: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def lasts(self) -> bool:
        return self.kind != "Job"


def name_of(thing: KubernetesObject) -> str:
    return f"{thing['kind']}/{thing['metadata']['name']}"


def of_kind(objects: Iterable[KubernetesObject], *kinds: str) -> list[KubernetesObject]:
    return [thing for thing in objects if thing["kind"] in kinds]


def workloads(objects: Iterable[KubernetesObject]) -> list[Workload]:
    return [
        Workload(
            name=name_of(thing),
            kind=thing["kind"],
            labels=thing["spec"]["template"]["metadata"].get("labels", {}),
            spec=thing["spec"]["template"]["spec"],
        )
        for thing in of_kind(objects, "Deployment", "StatefulSet", "DaemonSet", "Job")
    ]


def pods(objects: Iterable[KubernetesObject]) -> dict[str, dict[str, str]]:
    """Labels of every pod that will run, those that operators make included."""
    found = {workload.name: workload.labels for workload in workloads(objects)}
    for thing in of_kind(objects, "Cluster"):
        found[name_of(thing)] = {"cnpg.io/cluster": thing["metadata"]["name"]}
    for thing in of_kind(objects, "Keycloak", "KeycloakRealmImport"):
        found[name_of(thing)] = {"app": "keycloak", "app.kubernetes.io/managed-by": "keycloak-operator"}
    return found


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector with matchLabels and `In` expressions selects these labels."""
    for expression in selector.get("matchExpressions", []):
        if expression["operator"] != "In":
            message = f"operator {expression['operator']} is not understood here"
            raise NotImplementedError(message)
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a manifest with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from strings(inner, f"{path}[{index}]")


def offered_keys(objects: list[KubernetesObject]) -> dict[tuple[str, str], set[str]]:
    """Keys of every ConfigMap and Secret that will be there, those that operators make included."""
    offered: dict[tuple[str, str], set[str]] = {}
    for thing in objects:
        name = thing["metadata"]["name"]
        if thing["kind"] == "ConfigMap":
            offered["ConfigMap", name] = set(thing.get("data", {}))
        elif thing["kind"] == "ExternalSecret":
            target = thing["spec"]["target"]
            offered["Secret", target["name"]] = set(target["template"]["data"])
        elif thing["kind"] == "Cluster":
            offered["Secret", f"{name}-ca"] = {"ca.crt", "ca.key"}
    return offered


def offered_ports(objects: list[KubernetesObject]) -> dict[str, set[int]]:
    """Ports of every Service that will be there, those that operators make included."""
    offered = {
        thing["metadata"]["name"]: {p["port"] for p in thing["spec"]["ports"]} for thing in of_kind(objects, "Service")
    }
    offered |= {f"{thing['metadata']['name']}-rw": {5432} for thing in of_kind(objects, "Cluster")}
    offered |= {f"{thing['metadata']['name']}-service": {8080} for thing in of_kind(objects, "Keycloak")}
    return offered


def references(value: Any) -> Iterator[Reference]:
    """Every ConfigMap, Secret and ServiceAccount that a manifest refers to, found by the name of the field."""
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)
    if not isinstance(value, dict):
        return
    for field, inner in value.items():
        if field in {"configMapKeyRef", "configMapRef"}:
            yield "ConfigMap", inner["name"], inner.get("key")
        elif field in {"secretKeyRef", "secretRef", "passwordSecret", "usernameSecret"}:
            yield "Secret", inner["name"], inner.get("key")
        elif field in {"configMap", "secret"}:
            yield from _volume(inner, "ConfigMap" if field == "configMap" else "Secret")
        elif field == "serviceAccountName":
            yield "ServiceAccount", inner, None
        yield from references(inner)


def _volume(source: Any, kind: str) -> Iterator[Reference]:
    name = source.get("name") or source.get("secretName") if isinstance(source, dict) else None
    if name is not None:
        yield kind, name, source.get("key")
        for item in source.get("items", []):
            yield kind, name, item["key"]
