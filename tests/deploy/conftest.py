import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tools.k8s.manifests import KubernetesObject
from tools.k8s.rendering import MANIFESTS, render


@pytest.fixture(scope="session")
def rendered() -> dict[str, list[KubernetesObject]]:
    """Each target as it would be applied, by its folder's name."""
    return {path.name: render(path) for path in (MANIFESTS / "base", MANIFESTS / "overlays" / "small-cluster")}


@pytest.fixture
def base(rendered: dict[str, list[KubernetesObject]]) -> list[KubernetesObject]:
    return copy.deepcopy(rendered["base"])
