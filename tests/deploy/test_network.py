"""Who may speak to whom, worked out from the policies as a cluster would."""

from typing import Any

import pytest

from contracts.catalogue import SERVICES
from tools.k8s.manifests import KubernetesObject, pods, selects

OUTSIDE = {
    "edge": ({"kubernetes.io/metadata.name": "edge"}, {}),
    "dns": ({"kubernetes.io/metadata.name": "kube-system"}, {"k8s-app": "kube-dns"}),
    "stranger": ({"kubernetes.io/metadata.name": "default"}, {"app": "anything"}),
    "collector": ({"kubernetes.io/metadata.name": "observability"}, {}),
    "cnpg-operator": ({"kubernetes.io/metadata.name": "cnpg-system"}, {"app.kubernetes.io/name": "cloudnative-pg"}),
    "internet": ({}, {}),
}
NAMESPACE = {"kubernetes.io/metadata.name": "lichen"}


def admits(peer: dict[str, Any], namespace: dict[str, str], labels: dict[str, str]) -> bool:
    if "namespaceSelector" in peer:
        return selects(peer["namespaceSelector"], namespace) and selects(peer.get("podSelector", {}), labels)
    return namespace == NAMESPACE and selects(peer["podSelector"], labels)


def passes(objects: list[KubernetesObject], source: str, destination: str, port: int) -> bool:
    """Whether TCP from one to the other on this port gets out of the first and into the second."""
    parties = OUTSIDE | {name: (NAMESPACE, labels) for name, labels in pods(objects).items()}
    policies = [thing["spec"] for thing in objects if thing["kind"] == "NetworkPolicy"]

    def way(party: str, other: str, kind: str, rules: str, peers: str) -> bool:
        if parties[party][0] != NAMESPACE:
            return True
        own = [p for p in policies if selects(p["podSelector"], parties[party][1]) and kind in p["policyTypes"]]
        return not own or any(
            any(entry["protocol"] == "TCP" and entry.get("port", port) == port for entry in rule["ports"])
            and (peers not in rule or any(admits(peer, *parties[other]) for peer in rule[peers]))
            for policy in own
            for rule in policy.get(rules, [])
        )

    return way(source, destination, "Egress", "egress", "to") and way(destination, source, "Ingress", "ingress", "from")


NEEDED = [
    ("edge", "Deployment/gateway", 4000),
    ("edge", "Keycloak/identity", 8080),
    # What is under /files.
    ("edge", "Deployment/inventory-api", 8000),
    ("Deployment/gateway", "edge", 443),
    ("Deployment/gateway", "collector", 4318),
    *(("Deployment/gateway", f"Deployment/{name}-api", 8000) for name in SERVICES),
    *((f"Deployment/{name}-api", "Cluster/postgres", 5432) for name in SERVICES),
    *((f"Deployment/{name}-api", "StatefulSet/nats", port) for name in SERVICES for port in (4222, 8222)),
    *((f"Deployment/{name}-api", "edge", 443) for name in SERVICES),
    *((f"Job/{name}-migrate", "Cluster/postgres", 5432) for name in SERVICES),
    *((f"Deployment/{name}-api", "dns", 53) for name in SERVICES),
    ("Deployment/access-api", "Keycloak/identity", 8080),
    ("StatefulSet/nats", "StatefulSet/nats", 6222),
    ("Keycloak/identity", "Keycloak/identity", 7800),
    ("Keycloak/identity", "Cluster/postgres", 5432),
    ("Cluster/postgres", "Cluster/postgres", 5432),
    ("Cluster/postgres", "Cluster/postgres", 8000),
    ("Cluster/postgres", "internet", 6443),
    ("cnpg-operator", "Cluster/postgres", 8000),
]
REFUSED = [
    ("stranger", "Deployment/gateway", 4000),
    ("stranger", "Deployment/inventory-api", 8000),
    ("stranger", "Cluster/postgres", 5432),
    ("stranger", "StatefulSet/nats", 4222),
    ("stranger", "Keycloak/identity", 8080),
    ("edge", "Deployment/targets-api", 8000),
    ("edge", "Cluster/postgres", 5432),
    ("edge", "Keycloak/identity", 9000),
    ("Deployment/inventory-api", "Deployment/offsets-api", 8000),
    *((f"Deployment/{name}-api", "Keycloak/identity", 8080) for name in SERVICES if name != "access"),
    ("Job/access-migrate", "Keycloak/identity", 8080),
    ("Deployment/access-api", "Keycloak/identity", 9000),
    ("Deployment/inventory-api", "internet", 443),
    ("Deployment/inventory-api", "StatefulSet/nats", 6222),
    ("Deployment/gateway", "Cluster/postgres", 5432),
    ("Deployment/gateway", "StatefulSet/nats", 4222),
    ("Deployment/gateway", "internet", 443),
    ("Job/targets-migrate", "StatefulSet/nats", 4222),
    ("Job/targets-migrate", "edge", 443),
    ("StatefulSet/nats", "internet", 443),
    ("Keycloak/identity", "internet", 443),
]


@pytest.mark.parametrize("flow", NEEDED, ids=str)
def test_what_the_platform_needs_passes(base: list[KubernetesObject], flow: tuple[str, str, int]) -> None:
    assert passes(base, *flow)


@pytest.mark.parametrize("flow", REFUSED, ids=str)
def test_what_nobody_needs_is_refused(base: list[KubernetesObject], flow: tuple[str, str, int]) -> None:
    assert not passes(base, *flow)
